package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// Query returns a page of the items of one partition key, in the order of the
// sort key, from a table or an index.
func (s *Service) Query(ctx context.Context, in *api.QueryInput, out *api.QueryOutput) error {
	r, err := checkQuery(in)
	if err != nil {
		return err
	}
	view, err := s.view(ctx, in.TableName.Value, in.IndexName, in.ConsistentRead.Value)
	if err != nil {
		return err
	}
	reverse := !in.ScanIndexForward.Or(true)
	keys, refusal := queryRange(view, r.key, in.ExclusiveStartKey.Item, reverse)
	if refusal != nil {
		return refused(refusal)
	}
	if err := checkQueryPaths(view, &r); err != nil {
		return err
	}
	p := page{pagePlan: pagePlan{
		view: view, keys: keys, reverse: reverse, limit: int(in.Limit.Value),
		fetch: fetches(view, r.selected, r.projection), filter: r.filter, projection: r.projection,
		items: r.keptIn(&out.Items), consistent: in.ConsistentRead.Value,
	}}
	if err := p.read(ctx, s.store); err != nil {
		return err
	}
	out.Count = wire.Some(int64(p.count))
	out.ScannedCount = wire.Some(int64(p.scanned))
	out.LastEvaluatedKey = p.next
	out.ConsumedCapacity = p.capacity(in.ReturnConsumedCapacity, in.TableName.Value)
	return nil
}

// checkQuery makes the checks that need no table.
func checkQuery(in *api.QueryInput) (r readRequest, err error) {
	if err := checkQueryMixing(in); err != nil {
		return r, err
	}
	r.filteredBy = "QueryFilter"
	if err := r.addLegacyFilter(in.QueryFilter, in.ConditionalOperator); err != nil {
		return r, err
	}
	if err := r.addAttributesToGet(in.AttributesToGet); err != nil {
		return r, err
	}
	if err := checkStartValues(in.ExclusiveStartKey); err != nil {
		return r, err
	}
	if in.KeyConditions == nil && !in.KeyConditionExpression.Set {
		return r, invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	key, err := r.addExpressions(readExpressions{
		key: in.KeyConditionExpression, filter: in.FilterExpression, projection: in.ProjectionExpression,
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
	}, parameter{"FilterExpression", in.FilterExpression.Set}, parameter{"KeyConditionExpression", in.KeyConditionExpression.Set})
	if err != nil {
		return r, err
	}
	if r.key, err = keyCondition(key, in.KeyConditions); err != nil {
		return r, err
	}
	if refusal := schema.CheckConditionCount(r.key, in.IndexName.Set); refusal != nil {
		return r, refused(refusal)
	}
	err = r.addSelect(newerLayer, in.Select, in.IndexName.Set)
	return r, err
}

// checkQueryMixing refuses a query that uses expressions and their predecessors
// together. KeyConditions go together with all but KeyConditionExpression.
func checkQueryMixing(in *api.QueryInput) error {
	return checkMixing(plain, []parameter{
		{"AttributesToGet", in.AttributesToGet != nil},
		{"QueryFilter", in.QueryFilter != nil},
		{"ConditionalOperator", in.ConditionalOperator.Set},
		{"KeyConditions", in.KeyConditions != nil && in.KeyConditionExpression.Set},
	}, []parameter{
		{"ProjectionExpression", in.ProjectionExpression.Set},
		{"FilterExpression", in.FilterExpression.Set},
		{"KeyConditionExpression", in.KeyConditionExpression.Set},
	})
}

// keyCondition returns the key condition of an expression, or of the legacy
// KeyConditions where there is none.
func keyCondition(expression *expr.Condition, legacy wire.Map[*api.Condition]) (*expr.KeyCondition, error) {
	var k *expr.KeyCondition
	var refusal *expr.Error
	if expression != nil {
		k, refusal = expression.KeyCondition()
	} else {
		k, refusal = expr.KeyConditions(comparisons(legacy))
	}
	return k, plain.expression(refusal)
}

// queryRange returns the keys that a query goes through from where it starts.
func queryRange(view *schema.View, k *expr.KeyCondition, start item.Item, reverse bool) (layout.Range, *schema.Refusal) {
	var position *schema.Position
	var refusal *schema.Refusal
	if start != nil {
		if position, refusal = view.QueryPosition(start); refusal != nil {
			return layout.Range{}, refusal
		}
	}
	bounds, refusal := view.Bounds(k)
	if refusal != nil {
		return layout.Range{}, refusal
	}
	if position == nil {
		return bounds.Range(), nil
	}
	if refusal := view.CheckBase(position); refusal != nil {
		return layout.Range{}, refusal
	}
	if refusal := bounds.CheckStart(position); refusal != nil {
		return layout.Range{}, refusal
	}
	return view.Rest(bounds.Range(), position, reverse), nil
}

// checkQueryPaths checks the attributes that projection and filter name. A
// filter of a query may not name the key attributes: these are for the key
// condition.
func checkQueryPaths(view *schema.View, r *readRequest) error {
	if err := checkPaths(view.Table, r.projection.Paths()); err != nil {
		return err
	}
	for _, path := range r.filter.Paths() {
		if view.IsKey(path.Head()) {
			return invalid(r.filteredBy + " can only contain non-primary key attributes: Primary key attribute: " + path.Head())
		}
	}
	if err := checkProjected(view, r.selected, r.projection); err != nil {
		return err
	}
	return checkPaths(view.Table, r.filter.Paths())
}
