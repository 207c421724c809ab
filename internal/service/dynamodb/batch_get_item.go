package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/wire"
)

// BatchGetItem returns up to 100 items of any tables, each as a GetItem would.
// What is more than an answer may hold comes back as unprocessed.
func (s *Service) BatchGetItem(ctx context.Context, in *api.BatchGetItemInput) (*api.BatchGetItemOutput, error) {
	projections, err := checkBatchGet(in.RequestItems)
	if err != nil {
		return nil, err
	}
	b, err := s.batchRead(ctx, in.RequestItems, projections)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if err := b.run(ctx); err != nil {
		return nil, err
	}
	capacity := newBatchCapacity(in.ReturnConsumedCapacity, in.RequestItems)
	out := &api.BatchGetItemOutput{
		Responses:       make(wire.Map[[]item.Item], len(in.RequestItems)),
		UnprocessedKeys: wire.Map[*api.KeysAndAttributes]{}, // present, even if nothing is left
	}
	done := b.gets[:b.fitting()]
	for place, of := range in.RequestItems {
		mine := done[:min(len(done), len(of.Value.Keys))]
		done = done[len(mine):]
		items := make([]item.Item, 0, len(mine)) // present, even if nothing is found
		for i := range mine {
			capacity.addRead(place, mine[i].size, of.Value.ConsistentRead.Value)
			if mine[i].found != nil {
				items = append(items, mine[i].found)
			}
		}
		out.Responses[place] = wire.Entry[[]item.Item]{Key: of.Key, Value: items}
		if len(mine) < len(of.Value.Keys) {
			rest := *of.Value
			rest.Keys = rest.Keys[len(mine):]
			out.UnprocessedKeys = append(out.UnprocessedKeys, wire.Entry[*api.KeysAndAttributes]{Key: of.Key, Value: &rest})
		}
	}
	out.ConsumedCapacity = capacity
	return out, nil
}

// checkBatchGet makes the checks that need no table, table by table, and
// returns the tables' projections.
func checkBatchGet(requests wire.Map[*api.KeysAndAttributes]) ([]*expr.Projection, error) {
	if len(requests) == 0 {
		return nil, batchEmpty("BatchGetItem")
	}
	projections := make([]*expr.Projection, len(requests))
	legacy, expressions, total := false, false, 0
	for i := range requests {
		asked := requests[i].Value
		// AWS knows one way for the whole request, not one for each table.
		legacy, expressions = legacy || asked.AttributesToGet != nil, expressions || asked.ProjectionExpression.Set
		err := checkMixing(plain, []parameter{{"AttributesToGet", legacy}}, []parameter{{"ProjectionExpression", expressions}})
		if err != nil {
			return nil, err
		}
		if projections[i], err = batchProjection(asked); err != nil {
			return nil, err
		}
		if err := checkBatchKeys(asked.Keys); err != nil {
			return nil, err
		}
		if total += len(asked.Keys); total > batchGetsMax {
			return nil, batchTooLong("BatchGetItem")
		}
	}
	return projections, nil
}

// batchProjection returns what is asked for of a table's items; nil is all.
func batchProjection(asked *api.KeysAndAttributes) (*expr.Projection, error) {
	if asked.AttributesToGet != nil {
		p, refusal := expr.AttributesToGet(asked.AttributesToGet)
		if refusal != nil {
			return nil, plain.expression(refusal)
		}
		if asked.ExpressionAttributeNames == nil {
			return p, nil
		}
	}
	expressions := []parameter{{"ProjectionExpression", asked.ProjectionExpression.Set}}
	scope, err := substitutions(plain, asked.ExpressionAttributeNames, item.Attributes{}, nil, expressions)
	if err != nil {
		return nil, err
	}
	return parseProjection(asked.ProjectionExpression, scope)
}

// checkBatchKeys checks the values of a table's keys, and that none is there
// twice, whatever the order of its attributes.
func checkBatchKeys(keys []item.Attributes) error {
	sorted := make([][]byte, len(keys))
	for i := range keys {
		if err := plain.value(keys[i].Err); err != nil {
			return err
		}
		sorted[i] = inOrder(keys[i].Item)
	}
	if !distinct(sorted) {
		return twiceInBatch()
	}
	return nil
}
