package expr

import (
	"bytes"

	"github.com/gramme-db/gramme/internal/item"
)

// KeyCondition is a parsed key condition, or legacy KeyConditions compiled to
// one: what a query demands of the key attributes, all of it at once.
// Whether these are the attributes and operators that a schema's key takes is
// the caller's to check.
type KeyCondition struct {
	Terms []KeyTerm // in the order of the request, at most one per attribute

	room [2]KeyTerm
}

// KeyTerm is the condition on one attribute.
type KeyTerm struct {
	Attribute string
	Operator  KeyOperator
	Value     item.Value
	Upper     item.Value // of KeyBetween, whose lower bound is Value
}

// KeyOperator is what a KeyTerm demands.
type KeyOperator uint8

// The operators. KeyNotIndexable stands for all those of legacy
// KeyConditions that no key can serve; its terms have no values.
const (
	KeyEqual KeyOperator = iota
	KeyLess
	KeyLessOrEqual
	KeyGreater
	KeyGreaterOrEqual
	KeyBetween
	KeyBeginsWith
	KeyNotIndexable
)

// Term returns the condition on an attribute.
func (k *KeyCondition) Term(attribute string) (KeyTerm, bool) {
	for _, t := range k.Terms {
		if t.Attribute == attribute {
			return t, true
		}
	}
	return KeyTerm{}, false
}

// Holds reports whether a value meets the condition.
func (t KeyTerm) Holds(v item.Value) bool {
	if t.Operator == KeyBeginsWith {
		return v.Kind() == t.Value.Kind() && bytes.HasPrefix(v.Bytes(), t.Value.Bytes())
	}
	order, ok := item.Compare(v, t.Value)
	if !ok {
		return false
	}
	switch t.Operator {
	case KeyEqual:
		return order == 0
	case KeyLess:
		return order < 0
	case KeyLessOrEqual:
		return order <= 0
	case KeyGreater:
		return order > 0
	case KeyGreaterOrEqual:
		return order >= 0
	case KeyBetween:
		above, ok := item.Compare(v, t.Upper)
		return ok && order >= 0 && above <= 0
	}
	return false
}

// ParseKeyCondition parses a key condition: a condition that demands something
// of one or more attributes, joined by AND.
func ParseKeyCondition(text string, s *Scope) (*KeyCondition, *Error) {
	c, err := ParseCondition(KindKeyCondition, text, s)
	if err != nil {
		return nil, err
	}
	return c.KeyCondition()
}

// KeyCondition returns what a condition of KindKeyCondition demands of keys. A
// request that has other expressions parses all of them before: what is wrong
// with one as an expression comes before what is wrong with a condition as one
// on keys.
func (c *Condition) KeyCondition() (*KeyCondition, *Error) {
	k := new(KeyCondition)
	k.Terms = k.room[:0]
	if err := k.collect(c, c.root); err != nil {
		return nil, err
	}
	return k, nil
}

// collect adds the terms at or below a node, from left to right.
func (k *KeyCondition) collect(c *Condition, i int32) *Error {
	n := c.nodes[i]
	switch n.op {
	case opAnd:
		if err := k.collect(c, n.a); err != nil {
			return err
		}
		return k.collect(c, n.b)
	case opOr, opNot, opNotEqual, opIn, opExists, opNotExists, opHasType, opContains:
		return errKeyOperator(n.op.String())
	}
	t, err := n.op.keyTerm(c.operands[n.a:n.b])
	if err != nil {
		return err
	}
	if _, repeated := k.Term(t.Attribute); repeated {
		return errKeyRepeated()
	}
	k.Terms = append(k.Terms, t)
	return nil
}

// keyTerm makes a term of a predicate.
func (o op) keyTerm(operands []operand) (KeyTerm, *Error) {
	var path Path
	paths, at := 0, 0
	for i := range operands {
		if operands[i].size {
			return KeyTerm{}, errKeyNestedOperation()
		}
		if operands[i].path != nil {
			path, at = operands[i].path, i
			paths++
		}
	}
	switch {
	case (o == opBetween || o == opBeginsWith) && operands[0].path == nil:
		return KeyTerm{}, errKeyFirstOperand(o.String())
	case paths > 1:
		return KeyTerm{}, errKeyManyNames()
	case paths == 0:
		return KeyTerm{}, errKeyNoName()
	case path.Nested():
		return KeyTerm{}, errKeyNestedPath()
	}
	t := KeyTerm{Attribute: path.Head(), Operator: o.keyOperator(at == 1), Value: operands[1-at].value}
	if o == opBetween {
		t.Upper = operands[2].value
	}
	return t, nil
}

// keyOperator returns the operator of a predicate; mirrored where the
// attribute stands on the right.
func (o op) keyOperator(mirrored bool) KeyOperator {
	switch o {
	case opBetween:
		return KeyBetween
	case opBeginsWith:
		return KeyBeginsWith
	case opEqual:
		return KeyEqual
	}
	if mirrored {
		o = o.mirror()
	}
	switch o {
	case opLess:
		return KeyLess
	case opLessEqual:
		return KeyLessOrEqual
	case opGreater:
		return KeyGreater
	}
	return KeyGreaterOrEqual
}

// mirror returns the ordering with its operands exchanged.
func (o op) mirror() op {
	switch o {
	case opLess:
		return opGreater
	case opLessEqual:
		return opGreaterEqual
	case opGreater:
		return opLess
	}
	return opLessEqual
}
