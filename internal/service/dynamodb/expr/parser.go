package expr

import (
	"strconv"
	"strings"
)

// Kind is the parameter that an expression stands in. AWS's messages name it.
type Kind uint8

// The kinds of expressions.
const (
	KindCondition Kind = iota
	KindFilter
	KindKeyCondition
	KindProjection
	KindUpdate
	KindStatement // no parameter of its own: a part of a PartiQL statement
)

// String returns the parameter's name: "ConditionExpression".
func (k Kind) String() string {
	switch k {
	case KindFilter:
		return "FilterExpression"
	case KindKeyCondition:
		return "KeyConditionExpression"
	case KindProjection:
		return "ProjectionExpression"
	case KindUpdate:
		return "UpdateExpression"
	case KindStatement:
		return "Statement"
	}
	return "ConditionExpression"
}

func (k Kind) isCondition() bool { return k <= KindKeyCondition }

// rank orders static errors. A syntax error comes before all of them; then AWS
// reports the lowest rank, and within a rank the first in the text.
type rank uint8

const (
	rankRedundantParentheses rank = iota
	rankLimit
	rankReservedWord // in an update or projection
	rankUnknownFunction
	rankMisusedFunction
	rankReservedWordInCondition
	rankPredicate // in a condition: the first predicate with any error
	rankRepeatedSection
	rankUndefinedName
	rankUndefinedValue
	rankOverlap
	rankConflict
	rankActionOperand
	rankFunctionOperand
	rankCount
)

// parser is what the three grammars share: the tokens, paths, variables and
// errors. It walks the text once. A syntax error puts it at the end of the
// text for good, so the grammars need not look at errors on their way: every
// loop ends there, and whatever was built is thrown away.
type parser struct {
	kind  Kind
	scope *Scope
	text  string

	tok       token // the next to be read
	prevStart int   // where the token before tok starts

	elements  []Element // of all paths
	paths     []Path    // in the order of the text
	operators int

	syntax *Error
	faults [rankCount]*Error
}

// begin checks the length of the text and reads the first token.
func (p *parser) begin() *Error {
	if p.text == "" {
		return errEmpty(p.kind)
	}
	if len(p.text) > expressionBytesMax {
		return errTooLong(p.kind, len(p.text))
	}
	p.tok = scan(p.kind, p.text, 0)
	p.prevStart = p.tok.start
	return nil
}

// end returns the error to report.
func (p *parser) end() *Error {
	if p.tok.kind != tokenEnd {
		p.unexpected()
	}
	if p.syntax != nil {
		return p.syntax
	}
	if p.operators > operatorsMax {
		p.fault(rankLimit, errTooManyOperators(p.kind, p.operators))
	}
	for _, err := range p.faults {
		if err != nil {
			return err
		}
	}
	return nil
}

// advance steps over the next token and returns its text.
func (p *parser) advance() string {
	t := p.tok
	p.prevStart = t.start
	p.tok = scan(p.kind, p.text, t.end)
	return p.text[t.start:t.end]
}

// accept steps over the next token if it is k.
func (p *parser) accept(k tokenKind) bool {
	if p.tok.kind != k {
		return false
	}
	p.advance()
	return true
}

// expect steps over the next token, which must be k.
func (p *parser) expect(k tokenKind) {
	if !p.accept(k) {
		p.unexpected()
	}
}

// unexpected reports the next token as a syntax error. AWS shows the text
// from the token before it to the one behind it.
func (p *parser) unexpected() {
	if p.syntax == nil {
		word, near := p.text[p.tok.start:p.tok.end], ""
		if p.tok.kind == tokenEnd {
			word = "<EOF>"
			near = strings.TrimRight(p.text[p.prevStart:], " \t\r\n")
		} else {
			next := scan(p.kind, p.text, p.tok.end)
			if next.kind == tokenEnd {
				next = p.tok
			}
			near = p.text[p.prevStart:next.end]
		}
		p.syntax = errSyntax(p.kind, word, near)
	}
	p.tok = token{kind: tokenEnd, start: len(p.text), end: len(p.text)}
}

// fault keeps a static error if it is the first of its rank.
func (p *parser) fault(r rank, err *Error) {
	if p.faults[r] == nil {
		p.faults[r] = err
	}
}

// operator counts one operator or function and steps over it.
func (p *parser) operator() string {
	p.operators++
	return p.advance()
}

// startsPath reports whether a path is next, or a function.
func (p *parser) startsPath() bool {
	return p.tok.kind == tokenIdentifier || p.tok.kind == tokenName
}

// path reads a path.
func (p *parser) path() Path {
	start := len(p.elements)
	if !p.startsPath() {
		p.unexpected()
		return nil
	}
	p.element()
	return p.pathFrom(start)
}

// element reads a name.
func (p *parser) element() {
	switch p.tok.kind {
	case tokenIdentifier:
		p.identifier(p.advance())
	case tokenName:
		ref := p.advance()
		name, ok := p.scope.name(ref)
		if !ok {
			p.fault(rankUndefinedName, errUndefinedName(p.kind, ref))
		}
		p.elements = append(p.elements, Element{Name: name})
	default:
		p.unexpected()
	}
}

// identifier appends an element that is written without a #.
func (p *parser) identifier(word string) {
	if reserved(word) {
		r := rankReservedWord
		if p.kind.isCondition() {
			r = rankReservedWordInCondition
		}
		p.fault(r, errReserved(p.kind, word))
	}
	p.elements = append(p.elements, Element{Name: word})
}

// pathFrom reads the rest of a path whose first elements are p.elements[start:].
func (p *parser) pathFrom(start int) Path {
	p.pathRest()
	path := Path(p.elements[start:len(p.elements):len(p.elements)])
	if len(path) > pathElementsMax {
		p.fault(rankLimit, errPathTooDeep(p.kind, len(path)))
	}
	p.paths = append(p.paths, path)
	return path
}

// extended reports whether a path goes on.
func (p *parser) extended() bool {
	return p.tok.kind == tokenDot || p.tok.kind == tokenLeft
}

func (p *parser) pathRest() {
	for {
		switch {
		case p.accept(tokenDot):
			p.element()
		case p.accept(tokenLeft):
			p.index()
			p.expect(tokenRight)
		default:
			return
		}
	}
}

func (p *parser) index() {
	if p.tok.kind != tokenNumber {
		p.unexpected()
		return
	}
	digits := p.advance()
	n, err := strconv.ParseInt(digits, 10, listIndexBits)
	if err != nil {
		p.fault(rankLimit, errIndexRange(p.kind, digits))
	}
	p.elements = append(p.elements, Element{Index: int32(n), IsIndex: true})
}
