package awsjson

import (
	"bytes"
	"encoding/base64"
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
	if isPlain(s) {
		return append(append(dst, s...), '"')
	}
	if !utf8.Valid(s) {
		s = []byte(string([]rune(string(s)))) // each bad byte as U+FFFD
	}
	for {
		n := literalLen(s)
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return append(dst, '"')
		}
		dst = appendEscape(dst, s[n])
		s = s[n+1:]
	}
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
