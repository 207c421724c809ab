package partiql

import (
	"slices"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
)

// What a WHERE clause says of keys. Which attributes are keys, and what a table
// makes of it, is the caller's to know.

// Conjuncts returns the conditions that AND joins to c, from left to right.
func (c *Condition) Conjuncts() []*Condition {
	var list []*Condition
	for ; c != nil && c.Operator == expr.And; c = c.Left {
		// What AND joins stands on the left, other than what is in parentheses.
		right := c.Right.Conjuncts()
		slices.Reverse(right)
		list = append(list, right...)
	}
	if c != nil {
		list = append(list, c)
	}
	slices.Reverse(list)
	return list
}

// KeyTerm returns what c demands of one top-level attribute, if it is something
// that a key can serve.
func (c *Condition) KeyTerm() (t expr.KeyTerm, ok bool) {
	if len(c.Operands) < 2 {
		return t, false
	}
	path, values, mirrored := c.Operands[0], c.Operands[1:], false
	if path.Path == nil && len(values) == 1 && c.Operator != expr.BeginsWith {
		path, values, mirrored = values[0], c.Operands[:1], true
	}
	if len(path.Path) != 1 || path.Size || slices.ContainsFunc(values, func(o Operand) bool { return o.Path != nil }) {
		return t, false
	}
	t = expr.KeyTerm{Attribute: path.Path.Head(), Value: values[0].Value}
	switch c.Operator {
	case expr.Between:
		t.Operator, t.Upper = expr.KeyBetween, values[1].Value
		return t, true
	case expr.BeginsWith:
		t.Operator = expr.KeyBeginsWith
		return t, len(values) == 1
	}
	t.Operator, ok = keyOperator(c.Operator, mirrored)
	return t, ok
}

func keyOperator(o expr.Operator, mirrored bool) (expr.KeyOperator, bool) {
	switch {
	case o == expr.Equal:
		return expr.KeyEqual, true
	case o == expr.Less && !mirrored, o == expr.Greater && mirrored:
		return expr.KeyLess, true
	case o == expr.LessOrEqual && !mirrored, o == expr.GreaterOrEqual && mirrored:
		return expr.KeyLessOrEqual, true
	case o == expr.Greater, o == expr.Less:
		return expr.KeyGreater, true
	case o == expr.GreaterOrEqual, o == expr.LessOrEqual:
		return expr.KeyGreaterOrEqual, true
	}
	return 0, false
}

// Points returns the values that c lets an attribute have, if they are few: c
// is an equality, an IN, or an OR of such on the attribute alone. None comes
// twice.
func (c *Condition) Points(attribute string) ([]item.Value, bool) {
	switch c.Operator {
	case expr.Or:
		left, ok := c.Left.Points(attribute)
		if !ok {
			return nil, false
		}
		right, ok := c.Right.Points(attribute)
		for _, v := range right {
			left = appendDistinct(left, v)
		}
		return left, ok
	case expr.In:
		first := c.Operands[0]
		if len(first.Path) != 1 || first.Size || first.Path.Head() != attribute {
			return nil, false
		}
		var values []item.Value
		for _, o := range c.Operands[1:] {
			if o.Path != nil {
				return nil, false
			}
			values = appendDistinct(values, o.Value)
		}
		return values, true
	}
	t, ok := c.KeyTerm()
	if !ok || t.Operator != expr.KeyEqual || t.Attribute != attribute {
		return nil, false
	}
	return []item.Value{t.Value}, true
}

func appendDistinct(values []item.Value, v item.Value) []item.Value {
	if slices.ContainsFunc(values, func(other item.Value) bool { return item.Equal(v, other) }) {
		return values
	}
	return append(values, v)
}
