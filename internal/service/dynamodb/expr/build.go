package expr

import (
	"slices"

	"github.com/gramme-db/gramme/internal/item"
)

// What follows makes the package's types of what another grammar has parsed:
// the statements of PartiQL. Operands, functions and paths are checked like
// those of expressions; what is wrong with them is worded without the name of
// a parameter.

// Operator is what a node of a condition does.
type Operator = op

// The operators that a condition is built of.
const (
	And            = opAnd
	Or             = opOr
	Not            = opNot
	Equal          = opEqual
	Differs        = opDiffers
	Less           = opLess
	LessOrEqual    = opLessEqual
	Greater        = opGreater
	GreaterOrEqual = opGreaterEqual
	Between        = opBetween
	In             = opIn
	Exists         = opExists
	NotExists      = opNotExists
	HasType        = opHasType
	BeginsWith     = opBeginsWith
	Contains       = opContains
)

// ConditionBuilder makes a Condition from the leaves up: the operands of a
// predicate, then the predicate, then what joins it with others.
type ConditionBuilder struct{ p conditionParser }

// NewConditionBuilder returns a ConditionBuilder.
func NewConditionBuilder() *ConditionBuilder {
	return &ConditionBuilder{conditionParser{parser: parser{kind: KindStatement}, c: newCondition()}}
}

// Operand adds an operand of the next predicate: a path or a value, or the size
// of one.
func (b *ConditionBuilder) Operand(path Path, v item.Value, size bool) {
	at := len(b.p.c.operands)
	b.p.push(operand{path: path, value: v})
	if path != nil {
		b.p.paths = append(b.p.paths, path)
	}
	if size {
		b.p.checkSize(b.p.c.operands[at:])
		b.p.c.operands[at].size = true
	}
}

// Predicate makes a predicate of the operands that were added last, and returns
// its node.
func (b *ConditionBuilder) Predicate(o Operator, operands int) int32 {
	if n := operands - 1; o == opIn && n > inOperandsMax {
		b.p.countFault = errTooManyInOperands(b.p.kind, n)
	}
	return b.p.finish(o, o.String(), int32(len(b.p.c.operands)-operands)).at
}

// Join makes a node of two others; Not has one, which is given twice.
func (b *ConditionBuilder) Join(o Operator, left, right int32) int32 {
	return b.p.node(o, left, right).at
}

// Finish returns the condition with a node as its root.
func (b *ConditionBuilder) Finish(root int32) (*Condition, *Error) {
	if err := b.p.end(); err != nil {
		return nil, err
	}
	b.p.c.root, b.p.c.paths = root, b.p.paths
	return b.p.c, nil
}

// UpdateBuilder makes an Update, action by action.
type UpdateBuilder struct{ p updateParser }

// NewUpdateBuilder returns an UpdateBuilder.
func NewUpdateBuilder() *UpdateBuilder {
	return &UpdateBuilder{updateParser{parser: parser{kind: KindStatement}, u: newUpdate()}}
}

// Literal makes an expression of a value.
func (b *UpdateBuilder) Literal(v item.Value) int32 { return b.p.push(value{literal: v}) }

// Path makes an expression of what is at a path.
func (b *UpdateBuilder) Path(p Path) int32 {
	b.p.paths = append(b.p.paths, p)
	return b.p.push(value{kind: valuePath, path: p})
}

// Sum makes an expression of two others: their sum, or their difference.
func (b *UpdateBuilder) Sum(minus bool, left, right int32) int32 {
	name, sum := "+", value{kind: valuePlus, a: left, b: right}
	if minus {
		name, sum.kind = "-", valueMinus
	}
	b.p.checkLiteral(name, left, item.N)
	b.p.checkLiteral(name, right, item.N)
	return b.p.push(sum)
}

// Function makes an expression of a function and its operands.
func (b *UpdateBuilder) Function(name string, operands []int32) int32 {
	var two [2]int32
	copy(two[:], operands)
	return b.p.function(name, two, len(operands))
}

// Set assigns an expression to what is at a path.
func (b *UpdateBuilder) Set(p Path, expression int32) {
	b.action(p, action{section: sectionSet, value: expression})
}

// Remove takes away what is at a path.
func (b *UpdateBuilder) Remove(p Path) { b.action(p, action{section: sectionRemove}) }

func (b *UpdateBuilder) action(p Path, a action) {
	b.p.paths = append(b.p.paths, p)
	b.p.u.written = append(b.p.u.written, p)
	b.p.u.actions = append(b.p.u.actions, a)
}

// Finish returns the update.
func (b *UpdateBuilder) Finish() (*Update, *Error) {
	b.p.checkTargets()
	if err := b.p.end(); err != nil {
		return nil, err
	}
	b.p.u.paths = b.p.paths
	return b.p.u, nil
}

// Column is a part of an item, and the name that it is returned under.
type Column struct {
	Path Path
	Name string
}

// Columns returns the projection that makes flat items of columns.
func Columns(columns []Column) (*Projection, *Error) {
	p := &Projection{names: make([]string, 0, len(columns))}
	for _, c := range columns {
		p.paths = append(p.paths, c.Path)
	}
	_, overlapping, conflicting := newTargets(KindStatement, p.paths, p.room.targets[:0])
	switch {
	case overlapping != nil:
		return nil, overlapping
	case conflicting != nil:
		return nil, conflicting
	}
	for _, c := range columns {
		if slices.Contains(p.names, c.Name) {
			return nil, errColumnRepeated(c.Name)
		}
		p.names = append(p.names, c.Name)
	}
	return p, nil
}

func (p *Projection) buildColumns(b *item.Builder, it item.Item) {
	b.BeginMap()
	for i, path := range p.paths {
		if v := path.in(it); v != nil {
			b.Field(p.names[i], v)
		}
	}
	b.EndMap()
}
