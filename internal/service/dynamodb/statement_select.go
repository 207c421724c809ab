package dynamodb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/partiql"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// selection is the plan of a SELECT: it reads one item by its key; or ranges of
// keys, each with a value of the partition key, as Query does; or, where WHERE
// names none, all there is, as Scan does.
type selection struct {
	one    *schema.Key      // of the one item
	bounds []*schema.Bounds // of the ranges, in the order in which they are read
	pagePlan
}

// selectParts are the parts of a SELECT that are checked before its table is
// looked up.
type selectParts struct {
	where      []*partiql.Condition // they hold all
	filter     *expr.Condition      // of all of where
	projection *expr.Projection
	order      []partiql.Order
}

// checkSelectParts makes the checks that need no table. The texts of ORDER BY are
// those that users report.
func checkSelectParts(q *partiql.Select) (p selectParts, err error) {
	p.where, p.order = q.Where.Conjuncts(), q.Order
	var refusal *partiql.Error
	if p.projection, refusal = q.Projection(); refusal != nil {
		return p, invalid(refusal.Text)
	}
	if p.filter, refusal = partiql.Compile(p.where); refusal != nil {
		return p, invalid(refusal.Text)
	}
	if q.Order != nil && q.Where == nil {
		return p, invalid("Must have WHERE clause in the statement when using ORDER BY clause.")
	}
	return p, nil
}

// planSelect plans a SELECT.
func (s *Service) planSelect(ctx context.Context, q *partiql.Select, consistent bool) (*selection, error) {
	parts, err := checkSelectParts(q)
	if err != nil {
		return nil, err
	}
	view, err := s.statementView(ctx, q.Source, consistent)
	if err != nil {
		return nil, err
	}
	if err := checkProjected(view, "", parts.projection); err != nil {
		return nil, err
	}
	if err := checkPaths(view.Table, parts.projection.Paths()); err != nil {
		return nil, err
	}
	if err := checkPaths(view.Table, parts.filter.Paths()); err != nil {
		return nil, err
	}
	x := &selection{pagePlan: pagePlan{
		view: view, fetch: fetches(view, "", parts.projection), filter: parts.filter, projection: parts.projection, consistent: consistent,
	}}
	if err := x.findKeys(parts.where, parts.order); err != nil {
		return nil, err
	}
	return x, nil
}

// findKeys finds how the conditions of WHERE lead to keys.
func (x *selection) findKeys(where []*partiql.Condition, order []partiql.Order) error {
	if x.view.Index == nil {
		if key, rest, ok := keyIn(x.view.Table, where); ok {
			return x.takeKey(key, rest, order)
		}
	}
	found, rest, err := keyTerms(x.view, where)
	if err != nil {
		return err
	}
	if found == nil {
		if order != nil {
			return invalid("Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.")
		}
		return nil
	}
	if err := x.takeOrder(order, where, found.partitions); err != nil {
		return err
	}
	if err := x.takeRest(rest); err != nil {
		return err
	}
	for _, partition := range found.partitions {
		bounds, refusal := x.view.Bounds(&expr.KeyCondition{Terms: slices.Concat(partition, found.sort)})
		if refusal != nil {
			return refused(refusal)
		}
		x.bounds = append(x.bounds, bounds)
	}
	if len(x.bounds) > 1 {
		x.limit = inPageItemsMax
	}
	return nil
}

// takeKey makes the plan that of one item.
func (x *selection) takeKey(attrs item.Item, rest []*partiql.Condition, order []partiql.Order) error {
	if err := checkOrder(x.view.IsKey, order); err != nil {
		return err
	}
	if err := x.takeRest(rest); err != nil {
		return err
	}
	key, refusal := x.view.Table.KeyOf(attrs)
	x.one = &key
	return refused(refusal)
}

// takeRest makes a filter of the conditions that keys do not serve. AWS refuses
// one that needs what the entries of an index do not have; below an OR it does
// not look.
func (x *selection) takeRest(rest []*partiql.Condition) error {
	var refusal *partiql.Error
	if x.filter, refusal = partiql.Compile(rest); refusal != nil {
		return invalid(refusal.Text)
	}
	if x.view.Index == nil || x.fetch {
		return nil
	}
	demanded := slices.DeleteFunc(slices.Clone(rest), func(c *partiql.Condition) bool { return c.Operator == expr.Or })
	looked, _ := partiql.Compile(demanded) // whose conditions have been compiled before
	var missing []string
	for _, path := range looked.Paths() {
		if name := path.Head(); !x.view.Projects(name) && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return invalid(wereInvalid + "Secondary index " + x.view.Index.Name +
			" does not project one or more filter attributes: [" + strings.Join(missing, ", ") + "]")
	}
	return nil
}

// takeOrder takes ORDER BY. Several values of the partition key can be put in the
// order of these.
func (x *selection) takeOrder(order []partiql.Order, where []*partiql.Condition, partitions [][]expr.KeyTerm) error {
	if err := checkOrder(x.view.IsKey, order); err != nil {
		return err
	}
	for i, o := range order {
		switch {
		case o.Attribute == x.view.Partition[0].Name:
			slices.SortStableFunc(partitions, func(a, b []expr.KeyTerm) int {
				c, _ := item.Compare(a[0].Value, b[0].Value)
				if o.Descending {
					return -c
				}
				return c
			})
		case i == 0 && len(partitions) > 1: // AWS's wording is not known
			return invalid("Several hash key values can only be ordered by the hash key first when using ORDER BY clause.")
		}
	}
	return x.takeSortOrder(order, where)
}

// checkOrder refuses an ORDER BY of what is no key.
func checkOrder(isKey func(attribute string) bool, order []partiql.Order) error {
	for _, o := range order {
		if !isKey(o.Attribute) {
			return invalid("Variable reference " + o.Attribute + " in ORDER BY clause must be part of the primary key")
		}
	}
	return nil
}

// takeSortOrder takes what ORDER BY says of the sort key. Entries come in the order
// of all its attributes, or in the reverse; one that WHERE makes equal is in any.
func (x *selection) takeSortOrder(order []partiql.Order, where []*partiql.Condition) error {
	place, unordered := -1, false // of the last attribute that decides; whether one is not asked for
	for _, k := range x.view.Sort {
		at := slices.IndexFunc(order, func(o partiql.Order) bool { return o.Attribute == k.Name })
		pinned, _ := equality(where, k.Name)
		switch {
		case at < 0:
			unordered = unordered || pinned < 0
		case pinned >= 0:
			if place < 0 {
				x.reverse = order[at].Descending
			}
		case unordered, at < place, place >= 0 && order[at].Descending != x.reverse: // AWS's wording is not known
			return invalid("Range keys can only be ordered in the order of the key, all of them ascending or all of them descending, when using ORDER BY clause.")
		default:
			place, x.reverse = at, order[at].Descending
		}
	}
	return nil
}

// terms are conditions that keys serve: for each partition key that may be, and
// on the sort key.
type terms struct {
	partitions [][]expr.KeyTerm
	sort       []expr.KeyTerm
}

// keyTerms takes, out of conditions that hold all, those that the view's keys
// serve. It returns nil where they do not say which partition keys there may be.
func keyTerms(v *schema.View, where []*partiql.Condition) (_ *terms, rest []*partiql.Condition, err error) {
	t := &terms{partitions: make([][]expr.KeyTerm, 1)}
	rest = where
	for _, k := range v.Partition {
		at, values := fewestPoints(rest, k.Name)
		switch {
		case at < 0, len(values) > 1 && len(v.Partition) > 1:
			return nil, where, nil
		case len(values) > inPartitionsMax:
			return nil, nil, invalid(fmt.Sprintf("The IN operator is provided with too many operands; number of operands: %d", len(values)))
		}
		rest = without(rest, at)
		first := t.partitions[0]
		t.partitions = t.partitions[:0]
		for _, value := range values {
			t.partitions = append(t.partitions, append(slices.Clone(first), expr.KeyTerm{Attribute: k.Name, Operator: expr.KeyEqual, Value: value}))
		}
	}
	for _, k := range v.Sort {
		at, term := keyTerm(rest, k.Name)
		if at < 0 {
			break
		}
		rest = without(rest, at)
		t.sort = append(t.sort, term)
		if term.Operator != expr.KeyEqual {
			break
		}
	}
	return t, rest, nil
}

// fewestPoints returns the place of the condition that leaves an attribute the
// fewest values, and these; -1 where there is none.
func fewestPoints(where []*partiql.Condition, attribute string) (at int, values []item.Value) {
	at = -1
	for i, c := range where {
		if points, ok := c.Points(attribute); ok && (at < 0 || len(points) < len(values)) {
			at, values = i, points
		}
	}
	return at, values
}

// keyTerm returns the place of a condition on an attribute that a key serves, by
// equality if there is one; -1 where there is none.
func keyTerm(where []*partiql.Condition, attribute string) (at int, term expr.KeyTerm) {
	at = -1
	for i, c := range where {
		t, ok := c.KeyTerm()
		if ok && t.Attribute == attribute && (at < 0 || t.Operator == expr.KeyEqual && term.Operator != expr.KeyEqual) {
			at, term = i, t
		}
	}
	return at, term
}

// startAt lets the plan begin behind the attributes of an entry; nil is the
// beginning. It reports false for attributes of no entry that the plan comes by.
func (x *selection) startAt(attrs item.Item) bool {
	if x.bounds == nil {
		start, refusal := scanStart(x.view, attrs)
		if refusal != nil {
			return false
		}
		var err error
		x.keys, err = scanRange(x.view, start, layout.Segment{})
		return err == nil
	}
	first := 0
	if attrs != nil {
		position, refusal := x.view.QueryPosition(attrs)
		if refusal != nil || x.view.CheckBase(position) != nil {
			return false
		}
		first = slices.IndexFunc(x.bounds, func(b *schema.Bounds) bool { return b.CheckStart(position) == nil })
		if first < 0 {
			return false
		}
		x.keys = x.view.Rest(x.bounds[first].Range(), position, x.reverse)
	} else {
		x.keys = x.bounds[0].Range()
	}
	for _, b := range x.bounds[first+1:] {
		x.then = append(x.then, b.Range())
	}
	return true
}
