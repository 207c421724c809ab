package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// UpdateItem changes attributes of the item with a key, if the condition holds
// for it. An item that is not there is made.
func (s *Service) UpdateItem(ctx context.Context, in *api.UpdateItemInput) (*api.UpdateItemOutput, error) {
	update, condition, err := checkUpdate(in)
	if err != nil {
		return nil, err
	}
	t, gate, err := s.enter(ctx, in.TableName.Value)
	if err != nil {
		return nil, err
	}
	defer gate.RUnlock()
	key, err := checkUpdateAgainst(t, in.Key.Item, update, condition)
	if err != nil {
		return nil, err
	}
	keyItem := t.KeyItem(key)
	done, err := s.write(ctx, t, key, func(old item.Item) (item.Item, error) {
		if !condition.Holds(old) {
			return nil, conditionFailed(in.ReturnValuesOnConditionCheckFailure, old)
		}
		new, err := update.Apply(old, keyItem)
		if err != nil {
			return nil, newerLayer.expression(err)
		}
		return new, checkUpdated(t, keyItem, new, update)
	})
	if err != nil {
		return nil, err
	}
	return &api.UpdateItemOutput{
		Attributes:            returned(in.ReturnValues.Value, update, keyItem, done),
		ConsumedCapacity:      writeCapacity(in.ReturnConsumedCapacity, in.TableName.Value, done),
		ItemCollectionMetrics: collectionMetrics(in.ReturnItemCollectionMetrics, key, done),
	}, nil
}

// checkUpdate makes the checks that need no table, and returns the update and
// its condition.
func checkUpdate(in *api.UpdateItemInput) (*expr.Update, *expr.Condition, error) {
	expressions := []parameter{
		{"UpdateExpression", in.UpdateExpression.Set},
		{"ConditionExpression", in.ConditionExpression.Set},
	}
	err := checkMixing(newerLayer, []parameter{
		{"AttributeUpdates", in.AttributeUpdates != nil},
		{"Expected", in.Expected != nil},
		{"ConditionalOperator", in.ConditionalOperator.Set},
	}, expressions)
	if err != nil {
		return nil, nil, err
	}
	if err := newerLayer.value(in.Key.Err); err != nil {
		return nil, nil, err
	}
	legacyUpdate, err := attributeUpdates(in)
	if err != nil {
		return nil, nil, err
	}
	legacyCondition, err := expectedCondition(newerLayer, in.Expected, in.ConditionalOperator)
	if err != nil {
		return nil, nil, err
	}
	scope, err := substitutions(newerLayer, in.ExpressionAttributeNames, in.ExpressionAttributeValues, expressions, nil)
	if err != nil {
		return nil, nil, err
	}
	update, condition, err := parseUpdate(in, scope)
	if err != nil {
		return nil, nil, err
	}
	if legacyCondition != nil {
		condition = legacyCondition
	}
	if !in.UpdateExpression.Set {
		update = legacyUpdate
	}
	return update, condition, nil
}

func parseUpdate(in *api.UpdateItemInput, scope *expr.Scope) (update *expr.Update, condition *expr.Condition, err error) {
	if in.UpdateExpression.Set {
		var refusal *expr.Error
		if update, refusal = expr.ParseUpdate(in.UpdateExpression.Value, scope); refusal != nil {
			return nil, nil, newerLayer.expression(refusal)
		}
	}
	if condition, err = parseCondition(newerLayer, in.ConditionExpression, scope); err != nil {
		return nil, nil, err
	}
	return update, condition, unused(newerLayer, scope)
}

// attributeUpdates returns the update of the legacy AttributeUpdates; without
// any it changes nothing.
func attributeUpdates(in *api.UpdateItemInput) (*expr.Update, error) {
	entries := make([]expr.AttributeUpdate, len(in.AttributeUpdates))
	for i, e := range in.AttributeUpdates {
		entries[i] = expr.AttributeUpdate{
			Attribute: e.Key,
			Action:    e.Value.Action.Or("PUT"),
			Value:     e.Value.Value,
		}
	}
	u, err := expr.AttributeUpdates(entries)
	if err != nil {
		return nil, newerLayer.expression(err)
	}
	return u, nil
}

// checkUpdateAgainst makes the checks that need the table but not the item, and
// returns the item's key.
func checkUpdateAgainst(t *schema.Table, attrs item.Item, u *expr.Update, c *expr.Condition) (schema.Key, error) {
	key, refusal := t.KeyOf(attrs)
	if refusal != nil {
		return schema.Key{}, refused(refusal)
	}
	if refusal := checkTargets(t, u); refusal != nil {
		return schema.Key{}, refused(refusal)
	}
	if err := checkPaths(t, u.Paths()); err != nil {
		return schema.Key{}, err
	}
	return key, checkPaths(t, c.Paths())
}

// checkTargets refuses an update of the table's key, and of an index's key to
// a type that it cannot have.
func checkTargets(t *schema.Table, u *expr.Update) *schema.Refusal {
	for _, target := range u.Targets() {
		if t.IsKey(target.Head()) {
			return &schema.Refusal{Text: wereInvalid + "Cannot update attribute " + target.Head() + ". This attribute is part of the key"}
		}
	}
	for attribute, kind := range u.StaticTypes() {
		if refusal := t.CheckIndexKeyKind(attribute, kind); refusal != nil {
			return refusal
		}
	}
	return nil
}

// checkUpdated checks the item that an update made. AWS measures more than the
// item: each action adds to it.
func checkUpdated(t *schema.Table, key, new item.Item, u *expr.Update) error {
	if new == nil {
		return nil
	}
	for _, target := range u.Targets() {
		if refusal := t.CheckUpdatedIndexKey(new, target.Head()); refusal != nil {
			return refused(refusal)
		}
	}
	size := new.Size()
	if max(size, size-key.Size()+u.SizeOverhead()) > itemBytesMax {
		return invalid(textUpdatedTooLarge)
	}
	return nil
}

// returned is what ReturnValues asks for. key is what a new item starts from.
func returned(returnValues string, u *expr.Update, key item.Item, done outcome) item.Item {
	switch returnValues {
	case allOld:
		return done.old.Item
	case allNew:
		return done.new.Item
	case updatedOld:
		return u.Fragment(done.old.Item)
	case updatedNew:
		return u.NewFragment(done.old.Item, key)
	}
	return nil
}
