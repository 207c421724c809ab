package expr

import (
	"strings"
	"unicode/utf8"
)

// tokenKind is what a token is. Punctuation is its own character.
type tokenKind uint8

const (
	tokenEnd          tokenKind = iota
	tokenUnknown                // a character that starts no token
	tokenIdentifier             // pk
	tokenName                   // #pk
	tokenValue                  // :pk
	tokenNumber                 // 12, in a list index
	tokenNotEqual               // <>
	tokenLessEqual              // <=
	tokenGreaterEqual           // >=

	// Keywords of conditions.
	tokenAnd
	tokenBetween
	tokenIn
	tokenNot
	tokenOr

	// Keywords of updates.
	tokenAdd
	tokenDelete
	tokenRemove
	tokenSet

	tokenLess    tokenKind = '<'
	tokenEqual   tokenKind = '='
	tokenGreater tokenKind = '>'
	tokenOpen    tokenKind = '('
	tokenClose   tokenKind = ')'
	tokenComma   tokenKind = ','
	tokenDot     tokenKind = '.'
	tokenLeft    tokenKind = '['
	tokenRight   tokenKind = ']'
	tokenPlus    tokenKind = '+'
	tokenMinus   tokenKind = '-'
)

// token is a piece of the expression's text.
type token struct {
	kind       tokenKind
	start, end int
}

// scan returns the first token at or after pos. k decides which words are
// keywords.
func scan(k Kind, text string, pos int) token {
	for pos < len(text) && isSpace(text[pos]) {
		pos++
	}
	if pos == len(text) {
		return token{kind: tokenEnd, start: pos, end: pos}
	}
	t := token{kind: tokenUnknown, start: pos, end: pos + 1}
	switch c := text[pos]; c {
	case '=', '(', ')', ',', '.', '[', ']', '+', '-':
		t.kind = tokenKind(c)
	case '<', '>':
		return scanComparator(text, t)
	case '#', ':':
		return scanVariable(text, t)
	default:
		switch {
		case isLetter(c):
			t.end = wordEnd(text, t.end)
			t.kind = keyword(k, text[t.start:t.end])
		case isDigit(c):
			return scanNumber(text, t)
		default:
			_, n := utf8.DecodeRuneInString(text[pos:])
			t.end = pos + n
		}
	}
	return t
}

func scanComparator(text string, t token) token {
	t.kind = tokenKind(text[t.start])
	two := text[t.start:min(t.start+2, len(text))]
	switch two {
	case "<>":
		t.kind = tokenNotEqual
	case "<=":
		t.kind = tokenLessEqual
	case ">=":
		t.kind = tokenGreaterEqual
	default:
		return t
	}
	t.end = t.start + len(two)
	return t
}

// scanVariable reads a #name or :value. The mark alone is no token.
func scanVariable(text string, t token) token {
	end := wordEnd(text, t.end)
	if end == t.end {
		return t
	}
	t.kind = tokenName
	if text[t.start] == ':' {
		t.kind = tokenValue
	}
	t.end = end
	return t
}

// scanNumber reads a number. AWS's numbers have no leading zeros, so that
// "03" is two tokens, as in its answer for "#AMZN_MAPPED_2021-03-03":
// token: "-", near: "#AMZN_MAPPED_2021-0".
func scanNumber(text string, t token) token {
	t.kind = tokenNumber
	if text[t.start] == '0' {
		return t
	}
	for t.end < len(text) && isDigit(text[t.end]) {
		t.end++
	}
	return t
}

// keyword returns the kind of a word: AWS takes keywords in any case, each in
// its own grammar.
func keyword(k Kind, word string) tokenKind {
	switch k {
	case KindProjection:
		return tokenIdentifier
	case KindUpdate:
		switch {
		case strings.EqualFold(word, "SET"):
			return tokenSet
		case strings.EqualFold(word, "ADD"):
			return tokenAdd
		case strings.EqualFold(word, "REMOVE"):
			return tokenRemove
		case strings.EqualFold(word, "DELETE"):
			return tokenDelete
		}
		return tokenIdentifier
	}
	switch {
	case strings.EqualFold(word, "AND"):
		return tokenAnd
	case strings.EqualFold(word, "OR"):
		return tokenOr
	case strings.EqualFold(word, "NOT"):
		return tokenNot
	case strings.EqualFold(word, "IN"):
		return tokenIn
	case strings.EqualFold(word, "BETWEEN"):
		return tokenBetween
	}
	return tokenIdentifier
}

// wordEnd returns where the word that reaches to pos ends.
func wordEnd(text string, pos int) int {
	for pos < len(text) && isWord(text[pos]) {
		pos++
	}
	return pos
}

func isSpace(c byte) bool  { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isWord(c byte) bool   { return isLetter(c) || isDigit(c) || c == '_' }
