package partiql

import (
	"github.com/gramme-db/gramme/internal/item"
)

// startsValue reports whether a value is next.
func (p *parser) startsValue() bool {
	switch p.tok.kind {
	case tokenString, tokenNumber:
		return true
	case tokenSymbol:
		switch p.tokenText() {
		case "?", "+", "-", "{", "[", "<<":
			return true
		}
	case tokenWord:
		return p.isWord("TRUE") || p.isWord("FALSE") || p.isWord("NULL")
	}
	return false
}

// value reads a value that stands at a level of nesting, as deep as values may
// stand in items: 1 is that of an attribute, and an item itself is at 0.
//
//	value = 'text' | [ "+" | "-" ] number | "TRUE" | "FALSE" | "NULL" | "?" | tuple | list | set
//	tuple = "{" [ 'name' ":" value { "," 'name' ":" value } ] "}"
//	list  = "[" [ value { "," value } ] "]"
//	set   = "<<" [ value { "," value } ] ">>"
func (p *parser) value(level int) item.Value {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	if !p.startsValue() {
		p.unexpected()
		return nil
	}
	v := p.valueRest(level)
	if p.err == nil && level+v.Levels() > item.NestingLevelMax {
		p.fail(errNesting())
	}
	return v
}

func (p *parser) valueRest(level int) item.Value {
	switch p.tok.kind {
	case tokenString:
		return item.String(unquote(p.advance()))
	case tokenNumber:
		return p.number("")
	case tokenWord:
		if p.acceptWord("NULL") {
			return item.Null()
		}
		return item.Bool(p.isTrue())
	}
	switch p.tokenText() {
	case "?":
		return p.parameter()
	case "+", "-":
		return p.number(p.advance())
	case "{":
		return p.tuple(level)
	case "[":
		return p.list(level)
	}
	return p.set()
}

// isTrue reads TRUE or FALSE.
func (p *parser) isTrue() bool {
	isTrue := p.isWord("TRUE")
	p.advance()
	return isTrue
}

// number reads a number, whose sign has been read.
func (p *parser) number(sign string) item.Value {
	if p.tok.kind != tokenNumber {
		p.unexpected()
		return nil
	}
	if sign == "+" {
		sign = ""
	}
	d, err := item.ParseDecimal([]byte(sign + p.advance()))
	if err != nil {
		p.fail(&Error{err.Text})
	}
	return item.Number(d)
}

func (p *parser) tuple(level int) item.Value {
	b := item.NewBuilder(nil)
	b.BeginMap()
	names := map[string]bool{}
	p.advance()
	for more := !p.isSymbol("}"); more; more = p.acceptSymbol(",") {
		if p.tok.kind != tokenString {
			p.unexpected()
			return nil
		}
		name := unquote(p.advance())
		p.expectSymbol(":", "COLON")
		v := p.value(level + 1)
		switch {
		case name == "":
			p.fail(errEmptyName())
		case names[name]:
			p.fail(errDuplicateName(name))
		}
		if p.err != nil {
			return nil
		}
		names[name] = true
		b.Field(name, v)
	}
	p.expectSymbol("}", "RIGHT_BRACE")
	b.EndMap()
	return b.Finish()
}

func (p *parser) list(level int) item.Value {
	b := item.NewBuilder(nil)
	b.BeginList()
	p.advance()
	for more := !p.isSymbol("]"); more; more = p.acceptSymbol(",") {
		b.Value(p.value(level + 1))
	}
	p.expectSymbol("]", "RIGHT_BRACKET")
	b.EndList()
	return b.Finish()
}

// set reads a bag, which stands for a set of the type of its members.
func (p *parser) set() item.Value {
	var members [][]byte
	kind := item.SS
	p.advance()
	for more := !p.isSymbol(">>"); more; more = p.acceptSymbol(",") {
		v := p.value(1)
		of := setOf(v.Kind())
		if p.err == nil && (of == item.Absent || members != nil && of != kind) {
			p.fail(errSetMembers())
		}
		kind = of
		members = append(members, v.Bytes())
	}
	p.expectSymbol(">>", "RIGHT_DOUBLE_ANGLE_BRACKET")
	if p.err != nil {
		return nil
	}
	v, err := item.NewSet(kind, members)
	if err != nil {
		p.fail(&Error{err.Text})
	}
	return v
}

// setOf returns the kind of a set of members of a kind.
func setOf(member item.Kind) item.Kind {
	switch member {
	case item.S:
		return item.SS
	case item.N:
		return item.NS
	case item.B:
		return item.BS
	}
	return item.Absent
}
