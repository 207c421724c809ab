package dynamodb

import (
	"context"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/partiql"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// parseStatement parses a statement of PartiQL with its parameters, and refuses
// one on a table that is not the caller's.
func parseStatement(ctx context.Context, text string, parameters []item.Input) (partiql.Statement, error) {
	values := make([]item.Value, len(parameters))
	for i, p := range parameters {
		if err := plain.value(p.Err); err != nil {
			return nil, err
		}
		values[i] = p.Value
	}
	st, refusal := partiql.Parse(text, values)
	if refusal != nil {
		return nil, invalid(refusal.Text)
	}
	if _, err := refOf(ctx, st.Target()); err != nil { // again in the name of the statement's own action
		caller := *wire.CallerFrom(ctx)
		caller.Operation = permission(st)
		_, err = refOf(wire.WithCaller(ctx, &caller), st.Target())
		return st, err
	}
	return st, nil
}

// permission is the action of IAM that a statement needs.
func permission(st partiql.Statement) string {
	switch st.(type) { // EXISTS reads
	case *partiql.Insert:
		return "PartiQLInsert"
	case *partiql.Update:
		return "PartiQLUpdate"
	case *partiql.Delete:
		return "PartiQLDelete"
	}
	return "PartiQLSelect"
}

// statementView returns the table or index that a SELECT reads. AWS words its
// refusals otherwise than those of Query and Scan.
func (s *Service) statementView(ctx context.Context, from partiql.Source, consistent bool) (*schema.View, error) {
	t, err := s.table(ctx, from.Table)
	if err != nil {
		return nil, err
	}
	if from.Index == "" {
		return t.View(nil), nil
	}
	x, ok := t.Index(from.Index)
	switch {
	case !ok || x.State == schema.IndexDeleting:
		return nil, invalid("The table does not have the specified index")
	case !x.Readable():
		return nil, invalid("Cannot read from backfilling global secondary index: " + x.Name)
	case consistent && !x.Local:
		return nil, invalid("Strongly consistent read is not supported on Global Secondary Indexes")
	}
	return t.View(x), nil
}

// keyIn takes, out of conditions that hold all, an equality for each attribute
// of a table's key. It returns the attributes of the key and the conditions that
// are left; ok is false where an attribute has no equality.
func keyIn(t *schema.Table, where []*partiql.Condition) (key item.Item, rest []*partiql.Condition, ok bool) {
	wanted := []string{t.Partition.Name}
	if t.Sort != nil {
		wanted = append(wanted, t.Sort.Name)
	}
	b := item.NewBuilder(nil)
	b.BeginMap()
	rest = where
	for _, name := range wanted {
		at, value := equality(rest, name)
		if at < 0 {
			return nil, nil, false
		}
		b.Field(name, value)
		rest = without(rest, at)
	}
	b.EndMap()
	return b.Item(), rest, true
}

// equality returns the place of the first condition that an attribute equals a
// value, and the value; -1 where there is none.
func equality(where []*partiql.Condition, attribute string) (int, item.Value) {
	for i, c := range where {
		if t, ok := c.KeyTerm(); ok && t.Attribute == attribute && t.Operator == expr.KeyEqual {
			return i, t.Value
		}
	}
	return -1, nil
}

// without returns a list without the condition at a place.
func without(where []*partiql.Condition, at int) []*partiql.Condition {
	return append(append([]*partiql.Condition(nil), where[:at]...), where[at+1:]...)
}
