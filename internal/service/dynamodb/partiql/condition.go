package partiql

import (
	"strings"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
)

// condition reads a condition:
//
//	condition = and { "OR" and }
//	and       = not { "AND" not }
//	not       = "NOT" not | predicate
//	predicate = operand ( "=" | "<>" | "!=" | "<" | "<=" | ">" | ">=" ) operand
//	          | operand "BETWEEN" operand "AND" operand
//	          | operand [ "NOT" ] "IN" ( "[" operand { "," operand } "]" | "(" operand { "," operand } ")" )
//	          | path "IS" [ "NOT" ] ( "MISSING" | "NULL" | type )
//	          | function "(" operand { "," operand } ")"
//	          | "(" condition ")"
//	operand   = path | value | "SIZE" "(" path ")"
func (p *parser) condition() *Condition {
	left := p.and()
	for p.acceptWord("OR") {
		left = &Condition{Operator: expr.Or, Left: left, Right: p.and()}
	}
	return left
}

func (p *parser) and() *Condition {
	left := p.not()
	for p.acceptWord("AND") {
		left = &Condition{Operator: expr.And, Left: left, Right: p.not()}
	}
	return left
}

func (p *parser) not() *Condition {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	switch {
	case p.acceptWord("NOT"):
		return not(p.not())
	case p.acceptSymbol("("):
		c := p.condition()
		p.expectSymbol(")", "RIGHT_PAREN")
		return c
	}
	return p.predicate()
}

func not(c *Condition) *Condition { return &Condition{Operator: expr.Not, Left: c} }

func (p *parser) predicate() *Condition {
	if p.startsCall() && !p.isWord("SIZE") {
		return p.call()
	}
	left := p.operand()
	if o, ok := comparator(p.tokenText()); ok && p.tok.kind == tokenSymbol {
		p.advance()
		return &Condition{Operator: o, Operands: []Operand{left, p.operand()}}
	}
	switch {
	case p.acceptWord("BETWEEN"):
		c := &Condition{Operator: expr.Between, Operands: []Operand{left, p.operand()}}
		p.expectWord("AND")
		c.Operands = append(c.Operands, p.operand())
		return c
	case p.acceptWord("IN"):
		return p.in(left)
	case p.acceptWord("NOT"):
		p.expectWord("IN")
		return not(p.in(left))
	case p.acceptWord("IS"):
		return p.is(left)
	}
	p.unexpected()
	return nil
}

func comparator(symbol string) (expr.Operator, bool) {
	switch symbol {
	case "=":
		return expr.Equal, true
	case "<>", "!=":
		return expr.Differs, true
	case "<":
		return expr.Less, true
	case "<=":
		return expr.LessOrEqual, true
	case ">":
		return expr.Greater, true
	case ">=":
		return expr.GreaterOrEqual, true
	}
	return 0, false
}

func (p *parser) in(left Operand) *Condition {
	end, name := "]", "RIGHT_BRACKET"
	if !p.acceptSymbol("[") {
		p.expectSymbol("(", "LEFT_PAREN")
		end, name = ")", "RIGHT_PAREN"
	}
	c := &Condition{Operator: expr.In, Operands: []Operand{left}}
	for more := true; more; more = p.acceptSymbol(",") {
		c.Operands = append(c.Operands, p.operand())
	}
	p.expectSymbol(end, name)
	return c
}

// is reads what follows IS: MISSING, or a type of values.
func (p *parser) is(left Operand) *Condition {
	if left.Path == nil || left.Size {
		p.unexpected()
		return nil
	}
	negated := p.acceptWord("NOT")
	c := &Condition{Operator: expr.NotExists, Operands: []Operand{left}}
	if !p.acceptWord("MISSING") {
		if p.tok.kind != tokenWord {
			p.unexpected()
			return nil
		}
		name := p.advance()
		kinds := kindsOf(name)
		if kinds == nil {
			p.fail(errTypeName(name))
			return nil
		}
		c = hasType(left, kinds)
	}
	switch {
	case negated && c.Operator == expr.NotExists:
		c.Operator = expr.Exists
	case negated:
		return not(c)
	}
	return c
}

// hasType demands that an operand is of one of some kinds.
func hasType(o Operand, kinds []item.Kind) *Condition {
	var either *Condition
	for _, k := range kinds {
		c := &Condition{Operator: expr.HasType, Operands: []Operand{o, {Value: item.String(k.String())}}}
		if either != nil {
			c = &Condition{Operator: expr.Or, Left: either, Right: c}
		}
		either = c
	}
	return either
}

// kindsOf returns the kinds that a type of PartiQL stands for.
func kindsOf(name string) []item.Kind {
	switch strings.ToUpper(name) {
	case "NULL":
		return []item.Kind{item.NULL}
	case "BOOL", "BOOLEAN":
		return []item.Kind{item.BOOL}
	case "INT", "INTEGER", "SMALLINT", "FLOAT", "REAL", "DOUBLE", "DECIMAL", "NUMERIC", "NUMBER":
		return []item.Kind{item.N}
	case "STRING", "CHAR", "VARCHAR", "SYMBOL":
		return []item.Kind{item.S}
	case "BLOB", "CLOB", "BINARY":
		return []item.Kind{item.B}
	case "LIST":
		return []item.Kind{item.L}
	case "STRUCT", "TUPLE", "MAP":
		return []item.Kind{item.M}
	case "BAG":
		return []item.Kind{item.SS, item.NS, item.BS}
	}
	return nil
}

// operand reads an operand.
func (p *parser) operand() Operand {
	switch {
	case p.isWord("SIZE") && p.startsCall():
		p.advance()
		p.advance()
		o := Operand{Path: p.path(), Size: true}
		p.expectSymbol(")", "RIGHT_PAREN")
		return o
	case p.startsValue():
		return Operand{Value: p.value(1)}
	}
	return Operand{Path: p.path()}
}

// call reads a function that is a condition.
func (p *parser) call() *Condition {
	name := p.advance()
	o, ok := function(name)
	if !ok {
		p.fail(errFunctionName(name))
		return nil
	}
	c := &Condition{Operator: o}
	p.advance()
	for more := true; more; more = p.acceptSymbol(",") {
		c.Operands = append(c.Operands, p.operand())
	}
	p.expectSymbol(")", "RIGHT_PAREN")
	return c
}

func function(name string) (expr.Operator, bool) {
	switch strings.ToLower(name) {
	case "attribute_type":
		return expr.HasType, true
	case "begins_with":
		return expr.BeginsWith, true
	case "contains":
		return expr.Contains, true
	case "attribute_exists":
		return expr.Exists, true
	case "attribute_not_exists":
		return expr.NotExists, true
	}
	return 0, false
}
