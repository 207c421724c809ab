package item

import (
	"bytes"
	"errors"

	"github.com/gramme-db/gramme/internal/base"
)

// A key value is written so that the order of bytes is DynamoDB's order of
// values, and so that no key value begins with another one. The kind is not
// written: values at one place of a key always have the same.
//
// S and B: the bytes, 0x00 escaped, then an end that is less than anything
// that could follow.
//
//	+------------------------------+-----------+
//	| bytes, 0x00 as 0x00 0xFF     | 0x00 0x01 |
//	+------------------------------+-----------+
//
// N: the sign, the exponent of the leading digit, the significant digits in
// pairs. An odd last digit is paired with a zero.
//
//	+--------------------------+----------------+----------------------------------------+
//	| 1 negative, 2 zero,      | exponent + 130 | 2 * pair + 1, the last pair 2 * pair   |
//	| 3 positive               | 1 byte         | 1 byte each, 1 to 19                   |
//	+--------------------------+----------------+----------------------------------------+
//
// Zero is its first byte alone. In a negative number, all bytes after the
// first are inverted.
const (
	keyNUL        = 0x00 // begins an escape
	keyEscapedNUL = 0xFF
	keyEnd        = 0x01
	keyEndBytes   = 2 // keyNUL, keyEnd

	keyNegative = 1
	keyZero     = 2
	keyPositive = 3
)

// errKey reports bytes that AppendKey has not written: a damaged store.
var errKey = errors.New("item: not a key value")

// AppendKey appends the order-preserving form of v, which is an S, N or B.
func AppendKey(dst []byte, v Value) []byte {
	switch v.Kind() {
	case S, B:
		return appendKeyBytes(dst, v.payload())
	case N:
		d, ok := v.Decimal()
		base.Must(ok, "a number that is a key was checked when it came in")
		return appendKeyNumber(dst, d)
	}
	base.Must(false, "a key attribute is S, N or B and not %s", v.Kind())
	return dst
}

// AppendKeyPrefix appends what the forms of all values begin with that begin
// with v, an S or B, and no form of any other: v's own without its end.
func AppendKeyPrefix(dst []byte, v Value) []byte {
	dst = appendKeyBytes(dst, v.payload())
	return dst[:len(dst)-keyEndBytes]
}

// DecodeKey reads the key value of kind k that b starts with, and returns it
// with what follows it. The value does not alias b.
func DecodeKey(b []byte, k Kind) (v Value, rest []byte, err error) {
	switch k {
	case S, B:
		return decodeKeyBytes(b, k)
	case N:
		return decodeKeyNumber(b)
	}
	return nil, nil, errKey
}

func appendKeyBytes(dst, payload []byte) []byte {
	for {
		i := bytes.IndexByte(payload, keyNUL)
		if i < 0 {
			dst = append(dst, payload...)
			return append(dst, keyNUL, keyEnd)
		}
		dst = append(dst, payload[:i]...)
		dst = append(dst, keyNUL, keyEscapedNUL)
		payload = payload[i+1:]
	}
}

func decodeKeyBytes(b []byte, k Kind) (v Value, rest []byte, err error) {
	end := keyBytesLen(b)
	if end < 0 {
		return nil, nil, errKey
	}
	rest = b[end:]
	b = b[:end-keyEndBytes]
	dst, start := openRun(append(make(Value, 0, len(b)+runHeadBytes), tagOfKind[k]))
	for {
		i := bytes.IndexByte(b, keyNUL)
		if i < 0 {
			return closeRun(append(dst, b...), start), rest, nil
		}
		dst = append(dst, b[:i+1]...)
		b = b[i+2:]
	}
}

// keyBytesLen returns the length of the S or B that b starts with, its end
// included, or -1.
func keyBytesLen(b []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], keyNUL)
		if i < 0 || at+i+1 == len(b) {
			return -1
		}
		at += i + 2
		switch b[at-1] {
		case keyEnd:
			return at
		case keyEscapedNUL:
		default:
			return -1
		}
	}
}

func appendKeyNumber(dst []byte, d Decimal) []byte {
	if d.IsZero() {
		return append(dst, keyZero)
	}
	sign, invert := byte(keyPositive), byte(0)
	if d.neg {
		sign, invert = keyNegative, 0xFF
	}
	dst = append(dst, sign, byte(int(d.exp)-exponentMin)^invert)
	var buf [digitsMax]byte
	digits := d.digits(&buf)
	for len(digits) > 2 {
		dst = append(dst, (2*pair(digits[0], digits[1])+1)^invert)
		digits = digits[2:]
	}
	last := byte('0')
	if len(digits) == 2 {
		last = digits[1]
	}
	return append(dst, (2*pair(digits[0], last))^invert)
}

func pair(tens, units byte) byte { return 10*(tens-'0') + units - '0' }

func decodeKeyNumber(b []byte) (v Value, rest []byte, err error) {
	if len(b) > 0 && b[0] == keyZero {
		return Number(Decimal{}), b[1:], nil
	}
	if len(b) < 3 || b[0] != keyNegative && b[0] != keyPositive {
		return nil, nil, errKey
	}
	s := digitScan{any: true}
	var invert byte
	if b[0] == keyNegative {
		s.neg, invert = true, 0xFF
	}
	s.exp = int(b[1]^invert) + exponentMin
	s.point = true // the exponent is known and no longer counted
	for i, c := range b[2:] {
		c ^= invert
		if c == 0 || !s.pair(c>>1) { // a last pair is not 00
			break
		}
		if c&1 != 0 {
			continue
		}
		d, _ := s.decimal(0) // every exponent of one byte is in range, and pair counts digits
		return Number(d), b[i+3:], nil
	}
	return nil, nil, errKey
}

// pair takes two digits, if they are two and there is room for them.
func (s *digitScan) pair(pair byte) bool {
	if pair > 99 || s.taken+s.zeros+2 > digitsMax {
		return false
	}
	for _, digit := range [2]byte{pair / 10, pair % 10} {
		if digit == 0 && s.taken == 0 {
			return false // a leading digit is not 0
		}
		if digit == 0 {
			s.zero()
		} else {
			s.significant(uint64(digit))
		}
	}
	return true
}
