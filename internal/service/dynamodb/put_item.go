package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
)

// PutItem stores an item in place of the one that has its key, if the
// condition holds for that one.
func (s *Service) PutItem(ctx context.Context, in *api.PutItemInput) (*api.PutItemOutput, error) {
	condition, err := checkPut(in)
	if err != nil {
		return nil, err
	}
	t, gate, err := s.enter(ctx, in.TableName.Value)
	if err != nil {
		return nil, err
	}
	defer gate.RUnlock()
	key, refusal := t.KeyIn(in.Item.Item)
	if refusal == nil {
		refusal = t.CheckIndexKeys(in.Item.Item)
	}
	if refusal != nil {
		return nil, refused(refusal)
	}
	if err := checkPaths(t, condition.Paths()); err != nil {
		return nil, err
	}
	write := s.write
	if condition == nil && in.ReturnValues.Value != allOld {
		write = s.overwrite
	}
	done, err := write(ctx, t, key, func(old item.Item) (item.Item, error) {
		if !condition.Holds(old) {
			return nil, conditionFailed(in.ReturnValuesOnConditionCheckFailure, old)
		}
		return in.Item.Item, nil
	})
	if err != nil {
		return nil, err
	}
	out := &api.PutItemOutput{
		ConsumedCapacity:      writeCapacity(in.ReturnConsumedCapacity, in.TableName.Value, done),
		ItemCollectionMetrics: collectionMetrics(in.ReturnItemCollectionMetrics, key, done),
	}
	if in.ReturnValues.Value == allOld {
		out.Attributes = done.old.Item
	}
	return out, nil
}

// checkPut makes the checks that need no table and returns the condition.
func checkPut(in *api.PutItemInput) (*expr.Condition, error) {
	err := checkMixing(newerLayer, []parameter{
		{"Expected", in.Expected != nil},
		{"ConditionalOperator", in.ConditionalOperator.Set},
	}, []parameter{{"ConditionExpression", in.ConditionExpression.Set}})
	if err != nil {
		return nil, err
	}
	if err := newerLayer.value(in.Item.Err); err != nil {
		return nil, err
	}
	if v := in.ReturnValues.Or(none); v != none && v != allOld {
		return nil, newerLayer.text(textOldOnly)
	}
	if in.Item.Item.Size() > itemBytesMax {
		return nil, invalid(textItemTooLarge)
	}
	g := guard{
		expected: in.Expected, operator: in.ConditionalOperator, text: in.ConditionExpression,
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
	}
	return g.condition(newerLayer)
}
