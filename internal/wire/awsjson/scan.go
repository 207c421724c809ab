package awsjson

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Valid reports whether body is one well-formed JSON object: RFC 8259 to the
// letter, in valid UTF-8, no deeper than depthMax, with nothing but white
// space around it.
func Valid(body []byte) bool {
	s := scanner{body: body, pos: skipSpace(body, 0)}
	if s.peek() != '{' || !s.value() {
		return false
	}
	return skipSpace(body, s.pos) == len(body)
}

// scanner walks over one value without looking into it. It keeps one bit for
// each open container, so that the depth of a body costs no stack.
type scanner struct {
	body    []byte
	pos     int
	outside int // how many containers are open around the value
	level   int // how many the scanner itself has opened
	arrays  [depthMax/64 + 1]uint64
}

// value moves over one value and whatever it contains.
func (s *scanner) value() bool {
	for {
		if ok, opened := s.begin(); !ok {
			return false
		} else if opened && !s.closes() {
			if !s.name() {
				return false
			}
			continue
		}
		for s.level > 0 && s.closes() { // the containers that end with this value
		}
		if s.level == 0 {
			return true
		}
		if s.peek() != ',' {
			return false
		}
		s.pos++
		if !s.name() {
			return false
		}
	}
}

// begin moves over a scalar, or into a container.
func (s *scanner) begin() (ok, opened bool) {
	switch c := s.peek(); c {
	case '{', '[':
		if s.outside+s.level >= depthMax {
			return false, false
		}
		s.level++
		s.pos++
		word, bit := &s.arrays[s.level/64], uint64(1)<<(s.level%64)
		*word &^= bit
		if c == '[' {
			*word |= bit
		}
		return true, true
	default:
		s.pos, ok = scanScalar(s.body, s.pos)
		return ok, false
	}
}

// closes moves over the bracket that ends the innermost container, if it is next.
func (s *scanner) closes() bool {
	c := s.peek()
	if s.inArray() && c != ']' || !s.inArray() && c != '}' {
		return false
	}
	s.level--
	s.pos++
	return true
}

// name moves over the name and colon of an object's member; an array's
// elements have none.
func (s *scanner) name() bool {
	if s.inArray() {
		return true
	}
	if s.peek() != '"' {
		return false
	}
	end, _, ok := scanString(s.body, s.pos)
	if !ok {
		return false
	}
	s.pos = end
	if s.peek() != ':' {
		return false
	}
	s.pos++
	return true
}

func (s *scanner) inArray() bool {
	return s.arrays[s.level/64]&(1<<(s.level%64)) != 0
}

// peek returns the next byte that is not white space, or 0 at the end.
func (s *scanner) peek() byte {
	s.pos = skipSpace(s.body, s.pos)
	if s.pos == len(s.body) {
		return 0
	}
	return s.body[s.pos]
}

// skipSpace returns the position of the first byte at or after pos that is
// not white space.
func skipSpace(body []byte, pos int) int {
	for pos < len(body) {
		switch body[pos] {
		case ' ', '\t', '\r', '\n':
			pos++
		default:
			return pos
		}
	}
	return pos
}

// scanScalar moves over a string, number, boolean or null.
func scanScalar(body []byte, pos int) (end int, ok bool) {
	if pos >= len(body) {
		return pos, false
	}
	switch c := body[pos]; c {
	case '"':
		end, _, ok = scanString(body, pos)
		return end, ok
	case 't':
		return scanWord(body, pos, "true")
	case 'f':
		return scanWord(body, pos, "false")
	case 'n':
		return scanWord(body, pos, "null")
	default:
		end, _, ok = scanNumber(body, pos)
		return end, ok
	}
}

func scanWord(body []byte, pos int, word string) (end int, ok bool) {
	end = pos + len(word)
	if end > len(body) || string(body[pos:end]) != word {
		return pos, false
	}
	return end, true
}

// scanString moves over the string whose opening quote is at pos. It reports
// whether the string has escapes; where it has none, its bytes are its value.
func scanString(body []byte, pos int) (end int, escaped, ok bool) {
	start, ascii := pos+1, true
	for i := start + plainLen(body[start:]); i < len(body); i++ {
		switch c := body[i]; {
		case c == '"':
			return i + 1, escaped, ascii || utf8.Valid(body[start:i])
		case c == '\\':
			escaped = true
			n := escapeLen(body[i:])
			if n == 0 {
				return i, true, false
			}
			i += n - 1
		case c < ' ':
			return i, escaped, false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return len(body), escaped, false
}

// escapeLen returns the length of the escape at the start of b, 0 if it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(b[2:]); ok {
			return 6
		}
	}
	return 0
}

// hex4 reads the four digits of a \u escape.
func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape returns the value of a string's inner bytes, which scanString has
// checked. Half of a surrogate pair becomes U+FFFD: it has no UTF-8.
func unescape(s []byte) []byte {
	dst := make([]byte, 0, len(s))
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		s = s[i:]
		if s[1] != 'u' {
			dst = append(dst, unescapeByte(s[1]))
			s = s[2:]
			continue
		}
		r, n := unescapeRune(s)
		dst = utf8.AppendRune(dst, r)
		s = s[n:]
	}
}

func unescapeByte(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// unescapeRune reads the \u escape, or the pair of them, at the start of s.
func unescapeRune(s []byte) (r rune, n int) {
	r, _ = hex4(s[2:])
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		low, _ := hex4(s[8:])
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

// scanNumber moves over the number at pos. It reports whether the number is
// written with a point or an exponent.
func scanNumber(body []byte, pos int) (end int, fractional, ok bool) {
	end = pos
	if end < len(body) && body[end] == '-' {
		end++
	}
	whole := digits(body, end)
	if whole == 0 || whole > 1 && body[end] == '0' {
		return end, false, false
	}
	end += whole
	if end < len(body) && body[end] == '.' {
		n := digits(body, end+1)
		if n == 0 {
			return end, true, false
		}
		end, fractional = end+1+n, true
	}
	if end < len(body) && body[end]|0x20 == 'e' {
		end++
		if end < len(body) && (body[end] == '+' || body[end] == '-') {
			end++
		}
		n := digits(body, end)
		return end + n, true, n > 0
	}
	return end, fractional, true
}

// digits returns how many decimal digits stand at pos.
func digits(body []byte, pos int) int {
	n := 0
	for pos+n < len(body) && '0' <= body[pos+n] && body[pos+n] <= '9' {
		n++
	}
	return n
}

// parseFloat returns the value of a JSON number; beyond the range of a double
// it is an infinity.
func parseFloat(number []byte) float64 {
	f, _ := strconv.ParseFloat(view(number), 64) // the syntax is checked; a range error leaves ±Inf, as wanted
	return f
}
