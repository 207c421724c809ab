package expr

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gramme-db/gramme/internal/item"
)

// Condition is a parsed condition, filter or key condition, or legacy
// conditions compiled to one. A nil Condition holds for every item.
type Condition struct {
	root  int32
	nodes []node

	operands []operand
	paths    []Path

	// Room for what most conditions need, so that they cost one allocation.
	room struct {
		nodes    [3]node
		operands [4]operand
		paths    [3]Path
		elements [4]Element
	}
}

// op is what a node of a condition does.
type op uint8

const (
	opAnd op = iota // of nodes a and b
	opOr            // of nodes a and b
	opNot           // of node a

	// Of operands [a, b).
	opEqual
	opNotEqual
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opBetween
	opIn
	opExists
	opNotExists
	opHasType
	opBeginsWith
	opContains
	opDiffers // PartiQL's <>, which is false where a value is absent
	opSize    // stands in no finished condition: size is a property of an operand
)

// String returns the operator or function as AWS's messages name it.
func (o op) String() string {
	switch o {
	case opAnd:
		return "AND"
	case opOr:
		return "OR"
	case opNot:
		return "NOT"
	case opEqual:
		return "="
	case opNotEqual, opDiffers:
		return "<>"
	case opLess:
		return "<"
	case opLessEqual:
		return "<="
	case opGreater:
		return ">"
	case opGreaterEqual:
		return ">="
	case opBetween:
		return "BETWEEN"
	case opIn:
		return "IN"
	case opExists:
		return "attribute_exists"
	case opNotExists:
		return "attribute_not_exists"
	case opHasType:
		return "attribute_type"
	case opBeginsWith:
		return "begins_with"
	case opContains:
		return "contains"
	}
	return "size"
}

type node struct {
	op   op
	a, b int32
}

// operand is a path or a value, or the size of one.
type operand struct {
	path  Path
	value item.Value
	size  bool
}

// newCondition returns a Condition without nodes.
func newCondition() *Condition {
	c := new(Condition)
	c.nodes, c.operands = c.room.nodes[:0], c.room.operands[:0]
	return c
}

// Paths returns every path the condition uses, in the order of the text.
func (c *Condition) Paths() []Path {
	if c == nil {
		return nil
	}
	return c.paths
}

// Holds reports whether the condition is true for an item. No item counts as
// one without attributes.
func (c *Condition) Holds(it item.Item) bool {
	return c == nil || c.holds(c.root, it)
}

// holds evaluates the node i. It goes down on the left and on along the
// right, so that a long chain of legacy conditions takes no stack.
func (c *Condition) holds(i int32, it item.Item) bool {
	for {
		n := c.nodes[i]
		switch n.op {
		case opAnd:
			if !c.holds(n.a, it) {
				return false
			}
			i = n.b
		case opOr:
			if c.holds(n.a, it) {
				return true
			}
			i = n.b
		case opNot:
			return !c.holds(n.a, it)
		default:
			return n.op.test(c.operands[n.a:n.b], it)
		}
	}
}

// test evaluates a predicate.
func (o op) test(operands []operand, it item.Item) bool {
	first := operands[0].in(it)
	switch o {
	case opExists:
		return len(first) > 0
	case opNotExists:
		return len(first) == 0
	case opIn:
		for i := range operands[1:] {
			if equal(first, operands[1+i].in(it)) {
				return true
			}
		}
		return false
	case opBetween:
		return compares(operands[1].in(it), opLessEqual, first) && compares(first, opLessEqual, operands[2].in(it))
	}
	second := operands[1].in(it)
	switch o {
	case opEqual:
		return equal(first, second)
	case opNotEqual:
		return !equal(first, second)
	case opDiffers:
		return len(first) > 0 && len(second) > 0 && !item.Equal(first, second)
	case opHasType:
		return len(first) > 0 && first.Kind().String() == string(second.Bytes())
	case opBeginsWith:
		return beginsWith(first, second)
	case opContains:
		return contains(first, second)
	}
	return compares(first, o, second)
}

// in returns the operand's value for an item, nil where it has none.
func (o *operand) in(it item.Item) item.Value {
	v := o.value
	if o.path != nil {
		v = o.path.in(it)
	}
	if o.size {
		return size(v)
	}
	return v
}

// equal is false where a value is absent, even if both are.
func equal(a, b item.Value) bool {
	return len(a) > 0 && item.Equal(a, b)
}

// compares evaluates an ordering; it is false for values that have none.
func compares(a item.Value, o op, b item.Value) bool {
	c, ok := item.Compare(a, b)
	if !ok {
		return false
	}
	switch o {
	case opLess:
		return c < 0
	case opLessEqual:
		return c <= 0
	case opGreater:
		return c > 0
	}
	return c >= 0
}

func beginsWith(v, prefix item.Value) bool {
	switch v.Kind() {
	case item.S, item.B:
		return v.Kind() == prefix.Kind() && bytes.HasPrefix(v.Bytes(), prefix.Bytes())
	}
	return false
}

func contains(v, part item.Value) bool {
	switch v.Kind() {
	case item.S, item.B:
		return v.Kind() == part.Kind() && bytes.Contains(v.Bytes(), part.Bytes())
	case item.SS, item.NS, item.BS:
		return part.Kind() == memberKind(v.Kind()) && hasMember(v, part.Bytes())
	case item.L:
		for e := range v.Elements() {
			if equal(e, part) {
				return true
			}
		}
	}
	return false
}

// memberKind returns the kind of a set's members.
func memberKind(set item.Kind) item.Kind {
	switch set {
	case item.SS:
		return item.S
	case item.NS:
		return item.N
	}
	return item.B
}

func hasMember(set item.Value, member []byte) bool {
	for m := range set.Members() {
		if bytes.Equal(m, member) {
			return true
		}
	}
	return false
}

// size returns what the size function does of a value: nil for an absent one
// and for the types that have no size.
func size(v item.Value) item.Value {
	switch v.Kind() {
	case item.S:
		return number(utf16Len(v.Bytes()))
	case item.B:
		return number(len(v.Bytes()))
	case item.SS, item.NS, item.BS, item.L, item.M:
		return number(v.Len())
	}
	return nil
}

func number(n int) item.Value { return item.Number(item.Int(int64(n))) }

// utf16Len returns the length of a text as AWS counts it, in UTF-16: a
// character beyond the basic plane counts as 2.
func utf16Len(text []byte) int {
	n := 0
	for len(text) > 0 {
		r, bytes := utf8.DecodeRune(text)
		text = text[bytes:]
		n += utf16.RuneLen(r)
	}
	return n
}
