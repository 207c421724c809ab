package partiql

import (
	"strings"
	"unicode/utf8"

	"github.com/gramme-db/gramme/internal/item"
)

// Parse parses a statement with its parameters, which are bound to the question
// marks from left to right:
//
//	statement = select | insert | update | delete | exists , [ ";" ]
//	select    = "SELECT" ( "*" | column { "," column } ) "FROM" source [ "WHERE" condition ]
//	            [ "ORDER" "BY" name [ "ASC" | "DESC" ] { "," name [ "ASC" | "DESC" ] } ]
//	column    = path [ "AS" name ]
//	source    = name [ "." name ]
//	insert    = "INSERT" "INTO" name "VALUE" value
//	update    = "UPDATE" name action { action } [ "WHERE" condition ] [ returning ]
//	action    = "SET" path "=" expression { "," path "=" expression } | "REMOVE" path
//	delete    = "DELETE" "FROM" name [ "WHERE" condition ] [ returning ]
//	returning = "RETURNING" ( "ALL" | "MODIFIED" ) ( "OLD" | "NEW" ) "*"
//	exists    = "EXISTS" "(" select ")"
//
// Keywords are taken in any case. Conditions, expressions, paths and values
// stand where they are read.
func Parse(text string, parameters []item.Value) (Statement, *Error) {
	p := parser{text: text, parameters: parameters}
	switch {
	case !utf8.ValidString(text):
		return nil, notWellFormed(detailText)
	case utf8.RuneCountInString(text) > statementCharactersMax:
		return nil, notWellFormed(detailLong)
	}
	p.tok = scan(text, 0)
	st := p.statement()
	p.acceptSymbol(";")
	if p.tok.kind != tokenEnd {
		p.leftover()
	}
	if p.err == nil && p.bound != len(parameters) {
		p.fail(errParameterCount())
	}
	if p.err != nil {
		return nil, p.err
	}
	return st, nil
}

// parser walks the text once. An error puts it at the end of the text for good,
// so that the grammar need not look at errors on its way: every loop ends
// there, and whatever was built is thrown away.
type parser struct {
	text       string
	parameters []item.Value
	bound      int // parameters that have been used

	tok   token // the next to be read
	depth int   // how many things the next token is nested in
	err   *Error
}

func (p *parser) statement() Statement {
	switch {
	case p.acceptWord("SELECT"):
		return p.selectRest()
	case p.acceptWord("INSERT"):
		return p.insertRest()
	case p.acceptWord("UPDATE"):
		return p.updateRest()
	case p.acceptWord("DELETE"):
		return p.deleteRest()
	case p.acceptWord("EXISTS"):
		return p.existsRest()
	}
	p.fail(notWellFormed(detailNoStatement))
	return nil
}

func (p *parser) selectRest() *Select {
	s := &Select{Columns: p.columns()}
	p.expectWord("FROM")
	s.Source, _ = p.source()
	if p.acceptWord("WHERE") {
		s.Where = p.condition()
	}
	if p.acceptWord("ORDER") {
		p.expectWord("BY")
		s.Order = p.order()
	}
	return s
}

// source reads the table and the index of a FROM clause, and returns the first
// token of it.
func (p *parser) source() (s Source, first token) {
	first = p.tok
	parts := []string{p.name()}
	for p.acceptSymbol(".") {
		parts = append(parts, p.name())
	}
	s.Table = parts[0]
	switch {
	case p.err != nil:
	case len(parts) > sourcePartsMax:
		p.fail(errSourceParts())
	case len(parts) == sourcePartsMax:
		s.Index = parts[1]
	}
	return s, first
}

// target reads the table that an UPDATE or DELETE writes to.
func (p *parser) target() Source {
	s, _ := p.source()
	if s.Index != "" {
		p.fail(errOnIndex())
	}
	return s
}

func (p *parser) order() []Order {
	var list []Order
	for more := true; more; more = p.acceptSymbol(",") {
		o := Order{Attribute: p.name()}
		o.Descending = p.acceptWord("DESC")
		if !o.Descending {
			p.acceptWord("ASC")
		}
		list = append(list, o)
	}
	return list
}

func (p *parser) existsRest() *Exists {
	p.expectSymbol("(", "LEFT_PAREN")
	p.expectWord("SELECT")
	e := &Exists{p.selectRest()}
	p.expectSymbol(")", "RIGHT_PAREN")
	return e
}

func (p *parser) insertRest() *Insert {
	p.expectWord("INTO")
	s, first := p.source()
	if s.Index != "" {
		p.fail(errQualifiedTarget(positionOf(p.text, first)))
	}
	p.expectWord("VALUE")
	v := p.value(0)
	if p.err == nil && v.Kind() != item.M {
		p.fail(errInsertNoItem())
	}
	return &Insert{Source: s, Item: v.Map()}
}

func (p *parser) updateRest() *Update {
	u := &Update{Source: p.target()}
	for p.isWord("SET") || p.isWord("REMOVE") {
		if p.acceptWord("REMOVE") {
			u.Actions = append(u.Actions, Action{Path: p.path()})
			continue
		}
		p.advance()
		for more := true; more; more = p.acceptSymbol(",") {
			u.Actions = append(u.Actions, p.assignment())
		}
	}
	if u.Actions == nil {
		p.fail(notWellFormed(detailNoStatement))
	}
	u.Where, u.Returning = p.whereReturning()
	return u
}

func (p *parser) deleteRest() *Delete {
	p.expectWord("FROM")
	d := &Delete{Source: p.target()}
	d.Where, d.Returning = p.whereReturning()
	if r := d.Returning; r != nil && (r.Modified || r.New) {
		p.fail(errReturningDelete(r))
	}
	return d
}

// whereReturning reads what an UPDATE and a DELETE end with.
func (p *parser) whereReturning() (where *Condition, r *Returning) {
	if p.acceptWord("WHERE") {
		where = p.condition()
	}
	if !p.acceptWord("RETURNING") {
		return where, nil
	}
	r = new(Returning)
	if r.Modified = p.acceptWord("MODIFIED"); !r.Modified {
		p.expectWord("ALL")
	}
	if r.New = p.acceptWord("NEW"); !r.New {
		p.expectWord("OLD")
	}
	p.expectSymbol("*", "STAR")
	return where, r
}

// leftover refuses what stands behind a statement.
func (p *parser) leftover() {
	if clause := strings.ToUpper(p.tokenText()); p.tok.kind == tokenWord {
		switch clause {
		case "LIMIT", "GROUP", "HAVING":
			p.fail(errUnsupportedClause(clause, positionOf(p.text, p.tok)))
		}
	}
	if p.tok.kind == tokenUnknown && p.tok.fault != "" {
		p.unexpected()
	}
	p.fail(notWellFormed(detailAfter))
}
