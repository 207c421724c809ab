package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/partiql"
	"github.com/gramme-db/gramme/internal/wire"
)

// ExecuteStatement executes one statement of PartiQL: a SELECT, of which it
// returns a page, or a write of one item.
func (s *Service) ExecuteStatement(ctx context.Context, in *api.ExecuteStatementInput) (*api.ExecuteStatementOutput, error) {
	st, err := parseStatement(ctx, in.Statement.Value, in.Parameters)
	if err != nil {
		return nil, err
	}
	switch q := st.(type) {
	case *partiql.Select:
		return s.selectPage(ctx, in, q)
	case *partiql.Exists: // AWS's wording is not known
		return nil, invalid("EXISTS can only be used in ExecuteTransaction.")
	}
	w, err := checkStatementWrite(st, in.ReturnValuesOnConditionCheckFailure)
	if err != nil {
		return nil, err
	}
	if in.NextToken.Set { // no write has given it
		return nil, invalidNextToken()
	}
	done, err := s.executeWrite(ctx, w)
	if err != nil {
		return nil, err
	}
	return &api.ExecuteStatementOutput{
		Items:            oneOrNone(w.returned(done)),
		ConsumedCapacity: writeCapacity(in.ReturnConsumedCapacity, w.tableName.Value, done),
	}, nil
}

// oneOrNone is a list of an item that may be none.
func oneOrNone(it item.Item) []item.Item {
	if it == nil {
		return []item.Item{}
	}
	return []item.Item{it}
}

// selectPage returns a page of a SELECT.
func (s *Service) selectPage(ctx context.Context, in *api.ExecuteStatementInput, q *partiql.Select) (*api.ExecuteStatementOutput, error) {
	x, err := s.planSelect(ctx, q, in.ConsistentRead.Value)
	if err != nil {
		return nil, err
	}
	subject := tokenSubject{table: x.view.Table.ID, statement: in.Statement.Value, parameters: in.Parameters}
	var last item.Item
	if in.NextToken.Set {
		if last, err = subject.open(in.NextToken.Value); err != nil {
			return nil, err
		}
	}
	if x.one != nil {
		return s.selectOne(ctx, in, q, x)
	}
	if !x.startAt(last) {
		return nil, invalidNextToken()
	}
	if limit := int(in.Limit.Value); limit > 0 && (x.limit == 0 || limit < x.limit) {
		x.limit = limit
	}
	p, err := s.readPage(ctx, &x.pagePlan)
	if err != nil {
		return nil, err
	}
	out := &api.ExecuteStatementOutput{
		Items:            p.items,
		LastEvaluatedKey: p.next,
		ConsumedCapacity: p.capacity(in.ReturnConsumedCapacity, q.Table),
	}
	if p.next != nil {
		out.NextToken = wire.Some(subject.nextToken(p.next))
	}
	return out, nil
}

// selectOne returns the item of a SELECT that pins a key, like GetItem.
func (s *Service) selectOne(ctx context.Context, in *api.ExecuteStatementInput, q *partiql.Select, x *selection) (*api.ExecuteStatementOutput, error) {
	if in.NextToken.Set { // none has been given for this
		return nil, invalidNextToken()
	}
	found, err := s.read(ctx, x.view.Table, *x.one)
	if err != nil {
		return nil, err
	}
	return &api.ExecuteStatementOutput{
		Items:            oneOrNone(x.selected(found.Item)),
		ConsumedCapacity: readCapacity(in.ReturnConsumedCapacity, q.Table, found.Size, x.consistent),
	}, nil
}

// selected returns what is selected of the one item, nil for nothing.
func (x *selection) selected(it item.Item) item.Item {
	return selectedOf(it, x.filter, x.projection)
}

// selectedOf returns what is selected of an item, nil for nothing.
func selectedOf(it item.Item, filter *expr.Condition, projection *expr.Projection) item.Item {
	if it == nil || !filter.Holds(it) {
		return nil
	}
	return projection.Apply(it)
}
