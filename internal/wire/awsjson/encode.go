package awsjson

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// AppendString appends s, quoted and escaped. Bytes that are not UTF-8 come
// out as U+FFFD.
func AppendString(dst []byte, s string) []byte {
	return appendQuoted(dst, unsafe.Slice(unsafe.StringData(s), len(s))) // which only reads it
}

// AppendStringBytes is AppendString for bytes.
func AppendStringBytes(dst, s []byte) []byte { return appendQuoted(dst, s) }

func appendQuoted(dst, s []byte) []byte {
	dst = append(dst, '"')
	plain := plainLen(s)
	if plain == len(s) {
		return append(append(dst, s...), '"')
	}
	done, ascii := 0, true
	for i := plain; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf {
			ascii = false
		}
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = appendChecked(dst, s[done:i], ascii)
		dst = appendEscape(dst, c)
		done, ascii = i+1, true
	}
	dst = appendChecked(dst, s[done:], ascii)
	return append(dst, '"')
}

// plainLen returns how many bytes from the first on stand in a JSON string as
// they are: printable ASCII but quotes and backslashes. It looks at four words of
// eight at a time, at one, and at last at single bytes.
func plainLen(s []byte) int {
	i := 0
	for ; i+32 <= len(s); i += 32 {
		p := s[i : i+32]
		if (notPlain(word(p))|notPlain(word(p[8:]))|notPlain(word(p[16:]))|notPlain(word(p[24:])))&tops != 0 {
			break
		}
	}
	for ; i+8 <= len(s) && notPlain(word(s[i:]))&tops == 0; i += 8 {
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

func word(s []byte) uint64 { return binary.LittleEndian.Uint64(s) }

const ones, tops = 0x0101010101010101, 0x8080808080808080

// notPlain has the top bit set of the first byte in w that is not plain. What is
// subtracted from a byte borrows from its top bit if the byte is less; with the
// bit of 2 turned over, a quote is the space, and so just above what is less than
// it. Behind a byte that is not plain, others may look so too, but never before it.
func notPlain(w uint64) uint64 {
	return w | ((w ^ ones*('"'^' ')) - ones*(' '+1)) | ((w ^ ones*'\\') - ones)
}

// appendChecked appends s, which needs no escapes.
func appendChecked(dst, s []byte, ascii bool) []byte {
	if ascii || utf8.Valid(s) {
		return append(dst, s...)
	}
	for _, r := range string(s) { // a bad byte comes as U+FFFD
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	const hex = "0123456789ABCDEF"
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// AppendClose appends the bracket that ends an object or array, in place of
// the comma after its last member.
func AppendClose(dst []byte, bracket byte) []byte {
	if last := len(dst) - 1; dst[last] == ',' {
		dst[last] = bracket
		return dst
	}
	return append(dst, bracket)
}

// AppendBlob appends b in base64, quoted.
func AppendBlob(dst, b []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"')
}

// AppendInt appends n.
func AppendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

// AppendBool appends b.
func AppendBool(dst []byte, b bool) []byte { return strconv.AppendBool(dst, b) }

// AppendDouble appends f as Java prints a double, which is what AWS sends: 1.0,
// 0.5, 1.0E7. What JSON has no number for is a string, as in AWS's protocol.
func AppendDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	case f == 0:
		return append(dst, "0.0"...)
	}
	var buf [32]byte
	if size := math.Abs(f); size >= 1e-3 && size < 1e7 {
		return appendPoint(dst, strconv.AppendFloat(buf[:0], f, 'f', -1, 64))
	}
	mantissa, exponent, _ := bytes.Cut(strconv.AppendFloat(buf[:0], f, 'e', -1, 64), []byte("e"))
	n, _ := strconv.Atoi(string(exponent)) // strconv wrote it: +07
	dst = append(appendPoint(dst, mantissa), 'E')
	return strconv.AppendInt(dst, int64(n), 10)
}

// appendPoint appends digits with at least one behind the point.
func appendPoint(dst, digits []byte) []byte {
	dst = append(dst, digits...)
	if bytes.IndexByte(digits, '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst
}

// AppendTimestamp appends a time, in seconds since 1970 in UTC, to the
// millisecond.
func AppendTimestamp(dst []byte, seconds float64) []byte {
	return AppendDouble(dst, math.Round(seconds*1000)/1000)
}
