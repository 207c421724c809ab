package dynamodb

import (
	"context"
	"errors"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// GetItem returns the item with a key, or what a projection leaves of it. Every
// read here is strongly consistent; ConsistentRead changes only what it costs.
func (s *Service) GetItem(ctx context.Context, in *api.GetItemInput) (*api.GetItemOutput, error) {
	projection, err := checkGet(in)
	if err != nil {
		return nil, err
	}
	t, err := s.table(ctx, in.TableName.Value)
	if err != nil {
		return nil, err
	}
	key, refusal := t.KeyOf(in.Key.Item)
	if refusal != nil {
		return nil, refused(refusal)
	}
	if err := checkPaths(t, projection.Paths()); err != nil {
		return nil, err
	}
	found, err := s.read(ctx, t, key)
	if err != nil {
		return nil, err
	}
	out := &api.GetItemOutput{
		Item:             found.Item,
		ConsumedCapacity: readCapacity(in.ReturnConsumedCapacity, in.TableName.Value, found.Size, in.ConsistentRead.Value),
	}
	if projection != nil && found.Item != nil {
		out.Item = projection.Apply(found.Item)
	}
	return out, nil
}

// checkGet makes the checks that need no table and returns the projection,
// which is nil when the whole item is asked for.
func checkGet(in *api.GetItemInput) (*expr.Projection, error) {
	expressions := []parameter{{"ProjectionExpression", in.ProjectionExpression.Set}}
	err := checkMixing(plain, []parameter{{"AttributesToGet", in.AttributesToGet != nil}}, expressions)
	if err != nil {
		return nil, err
	}
	if err := plain.value(in.Key.Err); err != nil {
		return nil, err
	}
	if in.AttributesToGet != nil {
		p, refusal := expr.AttributesToGet(in.AttributesToGet)
		if refusal != nil {
			return nil, plain.expression(refusal)
		}
		if in.ExpressionAttributeNames == nil {
			return p, nil
		}
	}
	scope, err := substitutions(plain, in.ExpressionAttributeNames, item.Attributes{}, nil, expressions)
	if err != nil {
		return nil, err
	}
	return parseProjection(in.ProjectionExpression, scope)
}

func parseProjection(text wire.Opt[string], scope *expr.Scope) (*expr.Projection, error) {
	if !text.Set {
		return nil, nil
	}
	p, refusal := expr.ParseProjection(text.Value, scope)
	if refusal != nil {
		return nil, plain.expression(refusal)
	}
	return p, unused(plain, scope)
}

// read returns the item at a key, at the cost of one engine read.
func (s *Service) read(ctx context.Context, t *schema.Table, key schema.Key) (schema.Image, error) {
	var room [keyRoomBytes]byte
	stored, err := s.store.Get(ctx, layout.AppendItemKey(room[:0], t.ID, key.Partition, key.Sort), nil)
	if errors.Is(err, kv.ErrNotFound) {
		return schema.Image{}, nil
	}
	if err != nil {
		return schema.Image{}, err
	}
	it, size, err := layout.ParseRecord(stored)
	return schema.Image{Item: it, Size: size}, err
}
