package expr

import "github.com/gramme-db/gramme/internal/item"

// ParseCondition parses a condition or filter and checks what can be checked
// without an item:
//
//	condition = and { "OR" and }
//	and       = not { "AND" not }
//	not       = "NOT" not | predicate
//	predicate = operand comparator operand
//	          | operand "BETWEEN" operand "AND" operand
//	          | operand "IN" "(" operand { "," operand } ")"
//	          | function
//	          | "(" condition ")"
//	operand   = function | value | path | "(" operand ")"
//	function  = identifier "(" operand { "," operand } ")"
//	path      = ( name | "(" path ")" ) { "." name | "[" number "]" }
//
// Behind "(" may stand a condition or an operand, which only a later token
// tells apart; the parser therefore reads a term, which is either.
func ParseCondition(k Kind, text string, s *Scope) (*Condition, *Error) {
	c := newCondition()
	p := conditionParser{parser: parser{kind: k, scope: s, text: text}, c: c}
	if err := p.begin(); err != nil {
		return nil, err
	}
	p.elements, p.paths = c.room.elements[:0], c.room.paths[:0]
	c.root = p.condition(p.or())
	if err := p.end(); err != nil {
		return nil, err
	}
	c.paths = p.paths
	return c, nil
}

type conditionParser struct {
	parser
	c *Condition

	// What is wrong with the predicate that is being read.
	countFault, distinctFault, typeFault *Error
}

// term is a condition, an operand, or a function, which may become either.
type term struct {
	kind    termKind
	grouped bool  // a pair of parentheses and nothing else
	at      int32 // condition: its node; operand, function: where its operands start

	// Of a function. AWS names it as it is written.
	function op
	name     string
}

type termKind uint8

const (
	termOperand termKind = iota
	termFunction
	termCondition
)

func (p *conditionParser) or() term {
	left := p.and()
	for p.tok.kind == tokenOr {
		a := p.condition(left)
		p.operator()
		b := p.condition(p.and())
		left = p.node(opOr, a, b)
	}
	return left
}

func (p *conditionParser) and() term {
	left := p.not()
	for p.tok.kind == tokenAnd {
		a := p.condition(left)
		p.operator()
		b := p.condition(p.not())
		left = p.node(opAnd, a, b)
	}
	return left
}

func (p *conditionParser) not() term {
	if p.tok.kind != tokenNot {
		return p.predicate()
	}
	p.operator()
	a := p.condition(p.not())
	return p.node(opNot, a, a)
}

func (p *conditionParser) predicate() term {
	left := p.primary()
	switch p.tok.kind {
	case tokenEqual:
		return p.comparison(opEqual, left)
	case tokenNotEqual:
		return p.comparison(opNotEqual, left)
	case tokenLess:
		return p.comparison(opLess, left)
	case tokenLessEqual:
		return p.comparison(opLessEqual, left)
	case tokenGreater:
		return p.comparison(opGreater, left)
	case tokenGreaterEqual:
		return p.comparison(opGreaterEqual, left)
	case tokenBetween:
		return p.between(left)
	case tokenIn:
		return p.in(left)
	}
	return left
}

func (p *conditionParser) comparison(o op, left term) term {
	at := p.operandOf(left)
	p.operator()
	p.operand()
	return p.finish(o, o.String(), at)
}

func (p *conditionParser) between(left term) term {
	at := p.operandOf(left)
	p.operator()
	p.operand()
	p.expect(tokenAnd)
	p.operand()
	return p.finish(opBetween, opBetween.String(), at)
}

func (p *conditionParser) in(left term) term {
	at := p.operandOf(left)
	p.operator()
	p.expect(tokenOpen)
	if n := p.operands(); n > inOperandsMax {
		p.countFault = errTooManyInOperands(p.kind, n)
	}
	return p.finish(opIn, opIn.String(), at)
}

// operands reads a list of operands and the parenthesis that ends it, and
// returns how many they are.
func (p *conditionParser) operands() int {
	p.operand()
	n := 1
	for p.accept(tokenComma) {
		p.operand()
		n++
	}
	p.expect(tokenClose)
	return n
}

// primary reads what a predicate starts with.
func (p *conditionParser) primary() term {
	if p.tok.kind != tokenOpen {
		return p.simple()
	}
	p.advance()
	return p.closeGroup(p.or())
}

// operand reads an operand and pushes it.
func (p *conditionParser) operand() { p.operandOf(p.operandTerm()) }

func (p *conditionParser) operandTerm() term {
	if p.tok.kind != tokenOpen {
		return p.simple()
	}
	p.advance()
	t := p.operandTerm()
	p.operandOf(t)
	t.kind = termOperand
	return p.closeGroup(t)
}

// closeGroup ends the parentheses around t, and reads on where they hold the
// beginning of a path.
func (p *conditionParser) closeGroup(t term) term {
	p.expect(tokenClose)
	if t.grouped {
		p.fault(rankRedundantParentheses, errRedundantParentheses(p.kind))
	}
	t.grouped = true
	if !p.extended() || t.kind != termOperand {
		return t
	}
	o := &p.c.operands[t.at]
	if o.path == nil || o.size {
		return t
	}
	t.grouped = false
	p.paths = p.paths[:len(p.paths)-1] // it was complete with its parentheses
	o.path = p.pathFrom(len(p.elements) - len(o.path))
	return t
}

// simple reads a path, value or function.
func (p *conditionParser) simple() term {
	at := int32(len(p.c.operands))
	switch p.tok.kind {
	case tokenIdentifier:
		word := p.advance()
		if p.tok.kind == tokenOpen {
			return p.call(word)
		}
		start := len(p.elements)
		p.identifier(word)
		p.push(operand{path: p.pathFrom(start)})
	case tokenName:
		p.push(operand{path: p.path()})
	case tokenValue:
		ref := p.advance()
		v, ok := p.scope.value(ref)
		if !ok { // in a condition names and values rank the same
			p.fault(rankUndefinedName, errUndefinedValue(p.kind, ref))
		}
		p.push(operand{value: v})
	default:
		p.unexpected()
		p.push(operand{})
	}
	return term{kind: termOperand, at: at}
}

// call reads the operands of a function, whose name has been read.
func (p *conditionParser) call(name string) term {
	p.operator() // the parenthesis; the count is for the function
	t := term{kind: termFunction, at: int32(len(p.c.operands)), name: name}
	p.operands()
	switch name {
	case "attribute_exists":
		t.function = opExists
	case "attribute_not_exists":
		t.function = opNotExists
	case "attribute_type":
		t.function = opHasType
	case "begins_with":
		t.function = opBeginsWith
	case "contains":
		t.function = opContains
	case "size":
		t.function = opSize
	default:
		t.function = opSize
		p.fault(rankUnknownFunction, errUnknownFunction(p.kind, name))
	}
	return t
}

// operandOf makes an operand of t and returns its place. Of all functions only
// size may be one.
func (p *conditionParser) operandOf(t term) int32 {
	switch t.kind {
	case termCondition:
		p.unexpected()
		p.push(operand{})
		return int32(len(p.c.operands) - 1)
	case termFunction:
		if t.function != opSize {
			p.fault(rankMisusedFunction, errMisusedFunction(p.kind, t.name))
		}
		p.checkSize(p.c.operands[t.at:])
		p.c.operands = p.c.operands[:t.at+1]
		p.c.operands[t.at].size = true
	}
	return t.at
}

// condition makes a condition of t and returns its node. A lone operand is
// none: what is missing is an operator behind it.
func (p *conditionParser) condition(t term) int32 {
	switch t.kind {
	case termOperand:
		p.unexpected()
		return 0
	case termFunction:
		if t.function == opSize {
			p.fault(rankMisusedFunction, errMisusedFunction(p.kind, t.name))
		}
		return p.finish(t.function, t.name, t.at).at
	}
	return t.at
}

func (p *conditionParser) push(o operand) {
	p.c.operands = append(p.c.operands, o)
}

func (p *conditionParser) node(o op, a, b int32) term {
	p.c.nodes = append(p.c.nodes, node{op: o, a: a, b: b})
	return term{kind: termCondition, at: int32(len(p.c.nodes) - 1)}
}

// finish makes a predicate of the operands from at on. If it is the first
// with an error, the error is kept: an undefined variable before a wrong
// number of operands, before operands that are not distinct, before a wrong
// type.
func (p *conditionParser) finish(o op, name string, at int32) term {
	operands := p.c.operands[at:]
	if p.syntax == nil && p.faults[rankPredicate] == nil {
		p.check(o, name, operands)
		for _, err := range []*Error{p.faults[rankUndefinedName], p.countFault, p.distinctFault, p.typeFault} {
			if err != nil {
				p.fault(rankPredicate, err)
			}
		}
	}
	p.faults[rankUndefinedName] = nil
	p.countFault, p.distinctFault, p.typeFault = nil, nil, nil
	return p.node(o, at, int32(len(p.c.operands)))
}

// check finds what is wrong with the operands of a predicate.
func (p *conditionParser) check(o op, name string, operands []operand) {
	if want := o.operandCount(); want != 0 && len(operands) != want {
		p.countFault = errOperandCount(p.kind, name, len(operands))
		return
	}
	if path := operands[0].path; path != nil && !operands[0].size {
		for i := range operands[1:] {
			if other := &operands[1+i]; !other.size && path.equal(other.path) {
				p.distinctFault = errNotDistinct(p.kind, name, path)
			}
		}
	}
	if p.typeFault == nil {
		p.typeFault = p.checkTypes(o, name, operands)
	}
}

// operandCount returns how many operands a predicate has, 0 where it varies.
func (o op) operandCount() int {
	switch o {
	case opIn:
		return 0
	case opExists, opNotExists, opSize:
		return 1
	case opBetween:
		return 3
	}
	return 2
}

// staticKind returns the type of an operand that has the same one for all
// items, and Absent for others.
func (o *operand) staticKind() item.Kind {
	if o.size {
		return item.N
	}
	return o.value.Kind()
}

func (p *conditionParser) checkTypes(o op, name string, operands []operand) *Error {
	switch o {
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		return p.checkOrdered(name, operands)
	case opBetween:
		if err := p.checkOrdered(name, operands); err != nil {
			return err
		}
		return p.checkBounds(operands[1].value, operands[2].value)
	case opBeginsWith:
		for i := range operands {
			switch k := operands[i].staticKind(); k {
			case item.Absent, item.S, item.B:
			default:
				return errOperandType(p.kind, name, k.String())
			}
		}
	case opExists, opNotExists:
		if operands[0].path == nil || operands[0].size {
			return errPathRequired(p.kind, name)
		}
	case opHasType:
		return p.checkTypeName(name, &operands[1])
	}
	return nil
}

// checkOrdered refuses values that have no order.
func (p *conditionParser) checkOrdered(name string, operands []operand) *Error {
	for i := range operands {
		if k := operands[i].staticKind(); k != item.Absent && !isOrdered(k) {
			return errOperandType(p.kind, name, k.String())
		}
	}
	return nil
}

// checkBounds checks the bounds of BETWEEN where both are values.
func (p *conditionParser) checkBounds(lower, upper item.Value) *Error {
	if len(lower) == 0 || len(upper) == 0 {
		return nil
	}
	c, ok := item.Compare(lower, upper)
	switch {
	case !ok:
		return errBetweenTypes(p.kind, lower, upper)
	case c > 0:
		return errBetweenOrder(p.kind, lower, upper)
	}
	return nil
}

func (p *conditionParser) checkTypeName(name string, o *operand) *Error {
	switch k := o.staticKind(); k {
	case item.S:
	case item.Absent:
		return errOperandType(p.kind, name, anyTypeText)
	default:
		return errOperandType(p.kind, name, k.String())
	}
	switch typeName := string(o.value.Bytes()); typeName {
	case "S", "SS", "N", "NS", "B", "BS", "BOOL", "NULL", "L", "M":
		return nil
	default:
		return errTypeName(p.kind, typeName)
	}
}

// checkSize checks the operands of the size function.
func (p *conditionParser) checkSize(operands []operand) {
	if len(operands) != 1 {
		if p.countFault == nil {
			p.countFault = errOperandCount(p.kind, opSize.String(), len(operands))
		}
		return
	}
	switch k := operands[0].staticKind(); k {
	case item.N, item.BOOL, item.NULL:
		if p.typeFault == nil {
			p.typeFault = errOperandType(p.kind, opSize.String(), k.String())
		}
	}
}
