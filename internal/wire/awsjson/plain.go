package awsjson

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// What stands in a JSON string as it is is found eight bytes at a time, in a word.
// What is subtracted from a byte borrows from its top bit if the byte is less. With
// the bit of 2 turned over, a quote is the space, and so just above the bytes that
// are less than it: one subtraction finds both.
//
// Behind a byte that is found, others may look so too, but never before it.

const (
	ones   = 0x0101010101010101
	tops   = ones * 0x80
	spaces = ones * ' '
)

func word(s []byte) uint64 { return binary.LittleEndian.Uint64(s) }

// notPlain has, of the top bits, that of the first byte that is not plain:
// printable ASCII but quotes and backslashes.
func notPlain(w uint64) uint64 {
	return w | ((w ^ ones*('"'^' ')) - ones*(' '+1)) | ((w ^ ones*'\\') - ones)
}

// notLiteral has, of the top bits, that of the first byte that is escaped: as
// notPlain, but bytes of UTF-8 are fine.
func notLiteral(w uint64) uint64 {
	quote, slash := w^ones*('"'^' '), w^ones*'\\'
	return (quote-ones*(' '+1))&^quote | (slash-ones)&^slash
}

// isPlain reports whether all bytes are plain. What is left behind the last whole
// word is looked at with some of the bytes before it.
func isPlain(s []byte) bool {
	if len(s) < 8 {
		return notPlain(shortWord(s))&tops == 0
	}
	last := word(s[len(s)-8:])
	for ; len(s) >= 32; s = s[32:] {
		if (notPlain(word(s))|notPlain(word(s[8:]))|notPlain(word(s[16:]))|notPlain(word(s[24:])))&tops != 0 {
			return false
		}
	}
	for ; len(s) >= 8; s = s[8:] {
		if notPlain(word(s))&tops != 0 {
			return false
		}
	}
	return notPlain(last)&tops == 0
}

// shortWord is a word of up to seven bytes, in some order, and of spaces.
func shortWord(s []byte) uint64 {
	switch n := len(s); {
	case n >= 4:
		first, last := binary.LittleEndian.Uint32(s), binary.LittleEndian.Uint32(s[n-4:])
		return uint64(first) | uint64(last)<<32
	case n > 0:
		return uint64(s[0]) | uint64(s[n/2])<<8 | uint64(s[n-1])<<16 | spaces&^(1<<24-1)
	}
	return spaces
}

// plainLen returns how many bytes from the first on are plain.
func plainLen(s []byte) int {
	i := 0
	for ; i+32 <= len(s); i += 32 {
		p := s[i : i+32]
		if (notPlain(word(p))|notPlain(word(p[8:]))|notPlain(word(p[16:]))|notPlain(word(p[24:])))&tops != 0 {
			break
		}
	}
	for ; i+8 <= len(s); i += 8 {
		if found := notPlain(word(s[i:])) & tops; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// literalLen returns how many bytes from the first on need no escape.
func literalLen(s []byte) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if found := notLiteral(word(s[i:])) & tops; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			break
		}
	}
	return i
}
