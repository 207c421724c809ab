package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// readRequest is what a Query or Scan asks for, as far as that can be told
// without the table. The checks stand in methods of their own, since the two
// operations make them in different orders.
type readRequest struct {
	key        *expr.KeyCondition // of a Query
	filter     *expr.Condition    // nil: none
	filteredBy string             // how refusals name what filter comes from
	projection *expr.Projection   // nil: none
	named      string             // the parameter that projection comes from
	selected   string             // Select, "" where there is none
}

// addLegacyFilter takes QueryFilter or ScanFilter.
func (r *readRequest) addLegacyFilter(filter wire.Map[*api.Condition], operator wire.Opt[string]) error {
	if err := checkConditionalOperator(operator, len(filter)); err != nil {
		return err
	}
	c, refusal := expr.ComparisonCondition(comparisons(filter), operator.Value == "OR")
	r.filter = c
	return plain.expression(refusal)
}

// comparisons returns the entries of a map of legacy conditions.
func comparisons(conditions wire.Map[*api.Condition]) []expr.Comparison {
	entries := make([]expr.Comparison, len(conditions))
	for i, c := range conditions {
		entries[i] = expr.Comparison{Attribute: c.Key, Operator: c.Value.ComparisonOperator.Value, List: c.Value.AttributeValueList}
	}
	return entries
}

// addAttributesToGet takes the legacy list of attributes.
func (r *readRequest) addAttributesToGet(names []string) error {
	if names == nil {
		return nil
	}
	p, refusal := expr.AttributesToGet(names)
	r.projection, r.named = p, "AttributesToGet"
	return plain.expression(refusal)
}

// checkStartValues refuses an ExclusiveStartKey with an attribute that is no
// value. AWS prints what is wrong with sets and numbers bare.
func checkStartValues(start item.Attributes) error {
	if start.Err == nil {
		return nil
	}
	switch start.Err.Class {
	case item.DuplicateInSet, item.EmptyNumberSet, item.BadNumber:
		return invalid(start.Err.Text)
	}
	return invalid("The provided starting key is invalid: " + start.Err.Text)
}

// readExpressions are the expressions of a request and their variables.
type readExpressions struct {
	key, filter, projection wire.Opt[string]

	names  wire.Map[string]
	values item.Attributes
}

// addExpressions parses the expressions, of which those in valued may use values.
// It returns the key condition as the condition that it is: whether keys can serve
// it is asked later.
func (r *readRequest) addExpressions(e readExpressions, valued ...parameter) (key *expr.Condition, err error) {
	scope, err := substitutions(plain, e.names, e.values, valued, []parameter{{"ProjectionExpression", e.projection.Set}})
	if err != nil {
		return nil, err
	}
	var refusal *expr.Error
	if e.key.Set {
		if key, refusal = expr.ParseCondition(expr.KindKeyCondition, e.key.Value, scope); refusal != nil {
			return nil, plain.expression(refusal)
		}
	}
	if e.filter.Set {
		r.filteredBy = "Filter Expression"
		if r.filter, refusal = expr.ParseCondition(expr.KindFilter, e.filter.Value, scope); refusal != nil {
			return nil, plain.expression(refusal)
		}
	}
	if e.projection.Set {
		r.named = "ProjectionExpression"
		if r.projection, refusal = expr.ParseProjection(e.projection.Value, scope); refusal != nil {
			return nil, plain.expression(refusal)
		}
	}
	return key, unused(plain, scope)
}

// addSelect takes Select.
func (r *readRequest) addSelect(d dialect, selected wire.Opt[string], index bool) error {
	r.selected = selected.Value
	return checkSelect(d, selected, r.named, index)
}

// keptIn returns where the items are kept, nil where they are counted alone.
func (r *readRequest) keptIn(items *item.List) *item.List {
	if r.selected == countAlone {
		return nil
	}
	return items
}

// view returns the table or index that a request reads.
func (s *Service) view(ctx context.Context, tableName string, indexName wire.Opt[string], consistent bool) (*schema.View, error) {
	t, err := s.table(ctx, tableName)
	if err != nil {
		return nil, err
	}
	if !indexName.Set {
		return t.View(nil), nil
	}
	x, ok := t.Index(indexName.Value)
	switch {
	case !ok || x.State == schema.IndexDeleting:
		return nil, invalid("The table does not have the specified index: " + indexName.Value)
	case !x.Readable():
		return nil, invalid("Cannot read from backfilling global secondary index: " + x.Name)
	case consistent && !x.Local:
		return nil, invalid("Consistent reads are not supported on global secondary indexes")
	}
	return t.View(x), nil
}
