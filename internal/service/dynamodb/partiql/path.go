package partiql

import (
	"strconv"

	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
)

// path reads a path:
//
//	path = name { "." name | "[" integer "]" }
func (p *parser) path() expr.Path {
	path := expr.Path{{Name: p.name()}}
	for {
		switch {
		case p.acceptSymbol("."):
			path = append(path, expr.Element{Name: p.name()})
		case p.acceptSymbol("["):
			path = append(path, p.index())
			p.expectSymbol("]", "RIGHT_BRACKET")
		default:
			if len(path) > pathElementsMax {
				p.fail(errPathTooDeep(len(path)))
			}
			return path
		}
	}
}

// index reads an index, which a sign makes one out of range.
func (p *parser) index() expr.Element {
	at := p.tok
	digits := ""
	if p.isSymbol("-") {
		digits = p.advance()
	}
	if p.tok.kind != tokenNumber {
		p.unexpected()
		return expr.Element{}
	}
	digits += p.advance()
	n, err := strconv.ParseInt(digits, 10, listIndexBits)
	if err != nil || digits[0] == '-' {
		p.fail(errListIndex(digits, positionOf(p.text, at)))
	}
	return expr.Element{Index: int32(n), IsIndex: true}
}

// columns reads what is selected: nil for whole items. A column is named by the
// last name of its path, one that ends in an index by its place: the first is _1.
func (p *parser) columns() []Column {
	if p.acceptSymbol("*") {
		if p.isSymbol(",") {
			p.fail(errStarWithOthers())
		}
		return nil
	}
	var list []Column
	for more := true; more; more = p.acceptSymbol(",") {
		switch {
		case p.startsCall():
			p.fail(errPathComponent(positionOf(p.text, p.tok)))
		case p.isSymbol("*"):
			p.fail(errStarWithOthers())
		}
		c := Column{Path: p.path()}
		switch last := c.Path[len(c.Path)-1]; {
		case p.acceptWord("AS"):
			c.Name = p.name()
		case last.IsIndex:
			c.Name = "_" + strconv.Itoa(len(list)+1)
		default:
			c.Name = last.Name
		}
		list = append(list, c)
	}
	return list
}
