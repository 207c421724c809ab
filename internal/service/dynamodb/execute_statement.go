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
func (s *Service) ExecuteStatement(ctx context.Context, in *api.ExecuteStatementInput, out *api.ExecuteStatementOutput) error {
	st, err := parseStatement(ctx, in.Statement.Value, in.Parameters)
	if err != nil {
		return err
	}
	switch q := st.(type) {
	case *partiql.Select:
		return s.selectPage(ctx, in, q, out)
	case *partiql.Exists: // AWS's wording is not known
		return invalid("EXISTS can only be used in ExecuteTransaction.")
	}
	w, err := checkStatementWrite(st, in.ReturnValuesOnConditionCheckFailure)
	if err != nil {
		return err
	}
	if in.NextToken.Set { // no write has given it
		return invalidNextToken()
	}
	done, err := s.executeWrite(ctx, w)
	if err != nil {
		return err
	}
	addOneOrNone(&out.Items, w.returned(done))
	out.ConsumedCapacity = writeCapacity(in.ReturnConsumedCapacity, w.tableName.Value, done)
	return nil
}

// addOneOrNone makes the list one of an item that may be none.
func addOneOrNone(items *item.List, it item.Item) {
	items.Open()
	if it != nil {
		items.Add(it)
	}
}

// selectPage answers with a page of a SELECT.
func (s *Service) selectPage(ctx context.Context, in *api.ExecuteStatementInput, q *partiql.Select, out *api.ExecuteStatementOutput) error {
	x, err := s.planSelect(ctx, q, in.ConsistentRead.Value)
	if err != nil {
		return err
	}
	subject := tokenSubject{table: x.view.Table.ID, statement: in.Statement.Value, parameters: in.Parameters}
	var last item.Item
	if in.NextToken.Set {
		if last, err = subject.open(in.NextToken.Value); err != nil {
			return err
		}
	}
	if x.one != nil {
		return s.selectOne(ctx, in, q, x, out)
	}
	if !x.startAt(last) {
		return invalidNextToken()
	}
	if limit := int(in.Limit.Value); limit > 0 && (x.limit == 0 || limit < x.limit) {
		x.limit = limit
	}
	x.items = &out.Items
	p := page{pagePlan: x.pagePlan}
	if err := p.read(ctx, s.store); err != nil {
		return err
	}
	out.LastEvaluatedKey = p.next
	out.ConsumedCapacity = p.capacity(in.ReturnConsumedCapacity, q.Table)
	if p.next != nil {
		out.NextToken = wire.Some(subject.nextToken(p.next))
	}
	return nil
}

// selectOne answers with the item of a SELECT that pins a key, like GetItem.
func (s *Service) selectOne(ctx context.Context, in *api.ExecuteStatementInput, q *partiql.Select, x *selection, out *api.ExecuteStatementOutput) error {
	if in.NextToken.Set { // none has been given for this
		return invalidNextToken()
	}
	found, err := s.read(ctx, x.view.Table, *x.one)
	if err != nil {
		return err
	}
	addOneOrNone(&out.Items, x.selected(found.Item))
	out.ConsumedCapacity = readCapacity(in.ReturnConsumedCapacity, q.Table, found.Size, x.consistent)
	return nil
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
