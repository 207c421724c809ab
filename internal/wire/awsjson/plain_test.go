package awsjson

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unicode/utf8"
)

func plainByte(c byte) bool   { return c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' }
func literalByte(c byte) bool { return c >= utf8.RuneSelf || plainByte(c) }

// lenOf is how many bytes from the first on are as they should be.
func lenOf(s []byte, fine func(byte) bool) int {
	if n := slices.IndexFunc(s, func(c byte) bool { return !fine(c) }); n >= 0 {
		return n
	}
	return len(s)
}

// The first byte that does not stand for itself is found wherever it stands and
// whatever stands around it.
func TestPlain(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for size := range 90 {
		for c := range 256 {
			s := make([]byte, size)
			for i := range s {
				s[i] = " !#[]~\x7f"[r.IntN(7)]
			}
			checkPlain(t, s)
			if size == 0 {
				continue
			}
			at := r.IntN(size)
			s[at] = byte(c)
			checkPlain(t, s)
			for i := at + 1; i < size; i++ {
				s[i] = byte(r.IntN(256))
			}
			checkPlain(t, s)
		}
	}
}

func checkPlain(t *testing.T, s []byte) {
	t.Helper()
	plain := lenOf(s, plainByte)
	if got := plainLen(s); got != plain {
		t.Fatalf("%q: %d bytes are plain, want %d", s, got, plain)
	}
	if got := isPlain(s); got != (plain == len(s)) {
		t.Fatalf("%q: all bytes are plain: %v", s, got)
	}
	if got, want := literalLen(s), lenOf(s, literalByte); got != want {
		t.Fatalf("%q: %d bytes need no escape, want %d", s, got, want)
	}
}

// Text of every mixture comes out as if it were written rune by rune.
func TestAppendStringOfAnything(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	parts := []string{"a", " plain text of some length", `"`, `\`, "\n", "\x00", "\x1f", "\x7f", "é", "мир", "日本", "🙂", "\u2028", "\xff", "\xc3", "\xed\xa0\x80", "\ufffd"}
	for range 20_000 {
		var s []byte
		for range r.IntN(6) {
			s = append(s, parts[r.IntN(len(parts))]...)
		}
		want := appendRunes(nil, string(s))
		if got := AppendStringBytes(nil, s); !bytes.Equal(got, want) {
			t.Fatalf("%q: %s, want %s", s, got, want)
		}
	}
}

func appendRunes(dst []byte, s string) []byte {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}
	dst = append(dst, '"')
	for _, c := range s {
		switch escape := short[c]; {
		case escape != "":
			dst = append(dst, escape...)
		case c < ' ':
			dst = fmt.Appendf(dst, `\u%04X`, c)
		default:
			dst = utf8.AppendRune(dst, c)
		}
	}
	return append(dst, '"')
}
