package partiql

import (
	"strings"

	"github.com/gramme-db/gramme/internal/item"
)

// What the grammar is read with.

// fail keeps the first error, and ends the parsing.
func (p *parser) fail(err *Error) {
	if p.err == nil {
		p.err = err
	}
	p.tok = token{kind: tokenEnd, start: len(p.text), end: len(p.text)}
}

// unexpected refuses the next token.
func (p *parser) unexpected() {
	switch {
	case p.tok.kind == tokenWord && isKeyword(p.tokenText()):
		p.fail(notWellFormed(detailKeyword))
	case p.tok.kind == tokenUnknown && p.tok.fault != "":
		p.fail(notWellFormed(p.tok.fault))
	default:
		p.fail(notWellFormed(detailTerm))
	}
}

// tokenText returns the next token.
func (p *parser) tokenText() string { return p.text[p.tok.start:p.tok.end] }

// advance steps over the next token and returns it.
func (p *parser) advance() string {
	text := p.tokenText()
	p.tok = scan(p.text, p.tok.end)
	return text
}

// isWord reports whether a word, in any case, is next.
func (p *parser) isWord(word string) bool {
	return p.tok.kind == tokenWord && strings.EqualFold(p.tokenText(), word)
}

func (p *parser) acceptWord(word string) bool {
	if !p.isWord(word) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expectWord(word string) {
	switch {
	case p.acceptWord(word):
	case p.tok.kind == tokenUnknown && p.tok.fault != "":
		p.unexpected()
	default:
		p.fail(notWellFormed("Expected " + word))
	}
}

func (p *parser) isSymbol(symbol string) bool {
	return p.tok.kind == tokenSymbol && p.tokenText() == symbol
}

func (p *parser) acceptSymbol(symbol string) bool {
	if !p.isSymbol(symbol) {
		return false
	}
	p.advance()
	return true
}

// expectSymbol steps over a symbol, which errors call by name.
func (p *parser) expectSymbol(symbol, name string) {
	switch {
	case p.acceptSymbol(symbol):
	case p.tok.kind == tokenUnknown && p.tok.fault != "":
		p.unexpected()
	default:
		p.fail(notWellFormed("Expected " + name))
	}
}

// startsName reports whether a name is next.
func (p *parser) startsName() bool {
	return p.tok.kind == tokenQuoted || p.tok.kind == tokenWord && !isKeyword(p.tokenText())
}

// name reads a name, with or without quotes. None is empty.
func (p *parser) name() string {
	switch {
	case !p.startsName():
		p.unexpected()
		return ""
	case p.tok.kind == tokenWord:
		return p.advance()
	}
	name := unquote(p.advance())
	if name == "" {
		p.fail(errEmptyComponent())
	}
	return name
}

// startsCall reports whether a function with its parenthesis is next. Some
// functions are keywords.
func (p *parser) startsCall() bool {
	if p.tok.kind != tokenWord {
		return false
	}
	next := scan(p.text, p.tok.end)
	return next.kind == tokenSymbol && p.text[next.start:next.end] == "("
}

// parameter binds the next parameter to a question mark.
func (p *parser) parameter() item.Value {
	p.advance()
	p.bound++
	if p.bound > len(p.parameters) {
		p.fail(errParameterCount())
		return item.Null()
	}
	return p.parameters[p.bound-1]
}

// enter goes a level down; it fails where there are too many. leave goes up.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > nestingMax {
		p.fail(notWellFormed(detailNested))
		return false
	}
	return true
}

func (p *parser) leave() { p.depth-- }
