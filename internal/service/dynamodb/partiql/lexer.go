package partiql

import (
	"strings"
	"unicode/utf8"
)

// tokenKind is what a token is.
type tokenKind uint8

const (
	tokenEnd     tokenKind = iota
	tokenUnknown           // a character that starts no token, or what has no end
	tokenWord              // a keyword, a function, or an identifier
	tokenQuoted            // "identifier"
	tokenString            // 'text'
	tokenNumber            // 12, 1.5e-3; a sign is a token of its own
	tokenSymbol            // ( ) [ ] { } , . : ; ? * + - = < > <= >= <> != << >>
)

// token is a piece of the statement's text.
type token struct {
	kind       tokenKind
	start, end int
	fault      string // of tokenUnknown: what is wrong with it, "" for nothing in particular
}

// position is where a token stands, as AWS tells it: in lines and characters,
// both from 1, with its length.
type position struct{ line, column, length int }

// scan returns the first token at or after pos.
func scan(text string, pos int) token {
	pos, ok := skipSpace(text, pos)
	if !ok {
		return token{kind: tokenUnknown, start: pos, end: len(text), fault: detailEndlessComment}
	}
	t := token{kind: tokenSymbol, start: pos, end: pos + 1}
	if pos == len(text) {
		return token{kind: tokenEnd, start: pos, end: pos}
	}
	switch c := text[pos]; {
	case isLetter(c):
		t.kind = tokenWord
		for t.end < len(text) && (isLetter(text[t.end]) || isDigit(text[t.end])) {
			t.end++
		}
	case isDigit(c), c == '.' && pos+1 < len(text) && isDigit(text[pos+1]):
		t.kind, t.end = tokenNumber, numberEnd(text, pos)
	case c == '\'':
		return quoted(text, t, tokenString, detailEndlessString)
	case c == '"':
		return quoted(text, t, tokenQuoted, detailEndlessIdentifier)
	case strings.IndexByte("()[]{},.:;?*+-=<>!", c) >= 0:
		switch text[pos:min(pos+2, len(text))] {
		case "<=", ">=", "<>", "!=", "<<", ">>":
			t.end++
		}
	default:
		_, n := utf8.DecodeRuneInString(text[pos:])
		t.kind, t.end = tokenUnknown, pos+n
	}
	return t
}

// skipSpace returns where the first token at or after pos starts. ok is false
// for a comment without an end.
func skipSpace(text string, pos int) (_ int, ok bool) {
	for pos < len(text) {
		switch rest := text[pos:]; {
		case isSpace(rest[0]):
			pos++
		case strings.HasPrefix(rest, "--"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				return len(text), true
			}
			pos += n
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return pos, false
			}
			pos += 2 + n + 2
		default:
			return pos, true
		}
	}
	return pos, true
}

// quoted reads what stands in quotes, in which two quotes are one.
func quoted(text string, t token, kind tokenKind, endless string) token {
	quote := text[t.start]
	for t.end < len(text) {
		c := text[t.end]
		t.end++
		if c != quote {
			continue
		}
		if t.end == len(text) || text[t.end] != quote {
			t.kind = kind
			return t
		}
		t.end++
	}
	return token{kind: tokenUnknown, start: t.start, end: len(text), fault: endless}
}

// unquote returns what a token in quotes stands for.
func unquote(quoted string) string {
	quote, inner := quoted[:1], quoted[1:len(quoted)-1]
	return strings.ReplaceAll(inner, quote+quote, quote)
}

// numberEnd returns where the number that starts at pos ends.
func numberEnd(text string, pos int) int {
	digits := func() {
		for pos < len(text) && isDigit(text[pos]) {
			pos++
		}
	}
	digits()
	if pos < len(text) && text[pos] == '.' {
		pos++
		digits()
	}
	if pos < len(text) && (text[pos] == 'e' || text[pos] == 'E') {
		exponent := pos + 1
		if exponent < len(text) && (text[exponent] == '+' || text[exponent] == '-') {
			exponent++
		}
		if exponent < len(text) && isDigit(text[exponent]) {
			pos = exponent
			digits()
		}
	}
	return pos
}

// positionOf returns where a token stands.
func positionOf(text string, t token) position {
	before := text[:t.start]
	line := strings.LastIndexByte(before, '\n') + 1
	return position{
		line:   strings.Count(before, "\n") + 1,
		column: utf8.RuneCountInString(before[line:]) + 1,
		length: utf8.RuneCountInString(text[t.start:t.end]),
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
func isLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '$'
}
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
