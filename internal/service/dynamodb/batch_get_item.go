package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/wire"
)

// BatchGetItem answers with up to 100 items of any tables, each as a GetItem
// would. What is more than an answer may hold comes back as unprocessed.
func (s *Service) BatchGetItem(ctx context.Context, in *api.BatchGetItemInput, out *api.BatchGetItemOutput) error {
	projections, err := checkBatchGet(in.RequestItems)
	if err != nil {
		return err
	}
	b, err := s.batchRead(ctx, in.RequestItems, projections)
	if err != nil {
		return err
	}
	defer b.close()
	capacity := newBatchCapacity(in.ReturnConsumedCapacity, in.RequestItems)
	out.ConsumedCapacity = capacity
	out.Responses.Open()
	out.UnprocessedKeys = wire.Map[*api.KeysAndAttributes]{} // present, even if nothing is left
	for place, of := range in.RequestItems {
		out.Responses.Start(of.Key) // present, even if nothing is found
		rest := of.Value.Keys
		for len(rest) > 0 {
			g, err := b.next(ctx)
			if err != nil {
				return err
			}
			if g == nil {
				break
			}
			rest = rest[1:]
			capacity.addRead(place, g.size, of.Value.ConsistentRead.Value)
			if g.found != nil {
				out.Responses.Add(g.found)
			}
		}
		if len(rest) > 0 {
			left := *of.Value
			left.Keys = rest
			out.UnprocessedKeys = append(out.UnprocessedKeys, wire.Entry[*api.KeysAndAttributes]{Key: of.Key, Value: &left})
		}
	}
	return nil
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
