package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
)

// DeleteItem removes the item with a key, if the condition holds for it. There
// may be none.
func (s *Service) DeleteItem(ctx context.Context, in *api.DeleteItemInput) (*api.DeleteItemOutput, error) {
	condition, err := checkDelete(in)
	if err != nil {
		return nil, err
	}
	t, gate, err := s.enter(ctx, in.TableName.Value)
	if err != nil {
		return nil, err
	}
	defer gate.RUnlock()
	key, refusal := t.KeyOf(in.Key.Item)
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
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	out := &api.DeleteItemOutput{
		ConsumedCapacity:      writeCapacity(in.ReturnConsumedCapacity, in.TableName.Value, done),
		ItemCollectionMetrics: collectionMetrics(in.ReturnItemCollectionMetrics, key, done),
	}
	if in.ReturnValues.Value == allOld {
		out.Attributes = done.old.Item
	}
	return out, nil
}

// checkDelete makes the checks that need no table and returns the condition.
func checkDelete(in *api.DeleteItemInput) (*expr.Condition, error) {
	err := checkMixing(plain, []parameter{
		{"Expected", in.Expected != nil},
		{"ConditionalOperator", in.ConditionalOperator.Set},
	}, []parameter{{"ConditionExpression", in.ConditionExpression.Set}})
	if err != nil {
		return nil, err
	}
	if err := plain.value(in.Key.Err); err != nil {
		return nil, err
	}
	if v := in.ReturnValues.Or(none); v != none && v != allOld {
		return nil, invalid(textOldOnly)
	}
	g := guard{
		expected: in.Expected, operator: in.ConditionalOperator, text: in.ConditionExpression,
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
	}
	return g.condition(plain)
}
