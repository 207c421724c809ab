package partiql

import "github.com/gramme-db/gramme/internal/service/dynamodb/expr"

// Compile returns the condition that all of some conditions hold; nil for none,
// which holds always.
func Compile(conditions []*Condition) (*expr.Condition, *Error) {
	if len(conditions) == 0 {
		return nil, nil
	}
	b := expr.NewConditionBuilder()
	root := conditions[0].compile(b)
	for _, c := range conditions[1:] {
		root = b.Join(expr.And, root, c.compile(b))
	}
	compiled, err := b.Finish(root)
	if err != nil {
		return nil, &Error{err.Text}
	}
	return compiled, nil
}

func (c *Condition) compile(b *expr.ConditionBuilder) int32 {
	switch c.Operator {
	case expr.Not:
		n := c.Left.compile(b)
		return b.Join(expr.Not, n, n)
	case expr.And, expr.Or:
		left := c.Left.compile(b)
		return b.Join(c.Operator, left, c.Right.compile(b))
	}
	for _, o := range c.Operands {
		b.Operand(o.Path, o.Value, o.Size)
	}
	return b.Predicate(c.Operator, len(c.Operands))
}

// Projection returns what is selected; nil for whole items.
func (s *Select) Projection() (*expr.Projection, *Error) {
	if s.Columns == nil {
		return nil, nil
	}
	p, err := expr.Columns(s.Columns)
	if err != nil {
		return nil, &Error{err.Text}
	}
	return p, nil
}
