package sigv4

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

const unsignedPayload = "UNSIGNED-PAYLOAD"

// appendCanonical appends the canonical request, whose hash is signed:
//
//	POST
//	/
//	a=b&c=d
//	host:localhost:8000
//	x-amz-date:20150830T123600Z
//
//	host;x-amz-date
//	<hash of the payload>
func appendCanonical(dst []byte, r *Request, c *claim) []byte {
	dst = append(dst, r.Method...)
	dst = append(dst, '\n')
	dst = appendPath(dst, r.Path, r.Profile.Path)
	dst = append(dst, '\n')
	dst = appendQuery(dst, r.RawQuery, c.presigned)
	dst = append(dst, '\n')
	for name := range strings.SplitSeq(c.signedHeaders, ";") {
		dst = appendHeader(dst, r, name)
	}
	dst = append(dst, '\n')
	dst = append(dst, c.signedHeaders...)
	dst = append(dst, '\n')
	return appendPayload(dst, r)
}

// ascending tells whether the signed headers are in order and none is named
// twice. Every signer writes them so; that it holds also bounds the work, since
// each header of the request is then read at most once.
func ascending(signedHeaders string) bool {
	last := ""
	for name := range strings.SplitSeq(signedHeaders, ";") {
		if name <= last {
			return false
		}
		last = name
	}
	return true
}

func appendPath(dst []byte, path string, mode PathMode) []byte {
	switch {
	case path == "" || path == "/":
		return append(dst, '/')
	case mode == PathVerbatim:
		return appendEncoded(dst, unescape(path, false), '/')
	}
	start := len(dst)
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			if i := bytes.LastIndexByte(dst[start:], '/'); i >= 0 {
				dst = dst[:start+i]
			}
		default:
			dst = append(dst, '/')
			dst = appendEncoded(dst, segment, 0)
		}
	}
	if len(dst) == start || path[len(path)-1] == '/' {
		dst = append(dst, '/')
	}
	return dst
}

// appendQuery appends the parameters, re-encoded and sorted; the signature of
// a presigned request stands beside what it signs.
func appendQuery(dst []byte, rawQuery string, presigned bool) []byte {
	if rawQuery == "" {
		return dst
	}
	type param struct{ name, value string }
	var params []param
	for pair := range strings.SplitSeq(rawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if pair == "" || presigned && name == paramSignature {
			continue
		}
		params = append(params, param{recode(name), recode(value)})
	}
	slices.SortFunc(params, func(a, b param) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	for i, p := range params {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = append(dst, p.name...)
		dst = append(dst, '=')
		dst = append(dst, p.value...)
	}
	return dst
}

// recode brings a part of the query, however it was encoded, to the one
// encoding that is signed.
func recode(s string) string {
	return string(appendEncoded(nil, unescape(s, true), 0))
}

func appendHeader(dst []byte, r *Request, name string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ':')
	switch name {
	case "host", ":authority":
		dst = appendTrimmed(dst, r.Host)
	default:
		for i, value := range r.Header.Values(name) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendTrimmed(dst, value)
		}
	}
	return append(dst, '\n')
}

// appendTrimmed appends a header value without the space around it and with
// each run of spaces inside it as one, inside quotes too.
func appendTrimmed(dst []byte, value string) []byte {
	value = strings.Trim(value, " \t")
	for {
		i := strings.Index(value, "  ")
		if i < 0 {
			return append(dst, value...)
		}
		dst = append(dst, value[:i+1]...)
		value = strings.TrimLeft(value[i:], " ")
	}
}

func appendPayload(dst []byte, r *Request) []byte {
	declared := r.first("x-amz-content-sha256")
	switch {
	case declared == unsignedPayload:
		return append(dst, unsignedPayload...)
	case r.Profile.Payload == PayloadHashed:
		return appendHash(dst, r.Body)
	case declared == "":
		return append(dst, unsignedPayload...)
	}
	return append(dst, declared...)
}

// appendHash appends the SHA-256 of b in lower-case hexadecimal.
func appendHash(dst, b []byte) []byte {
	sum := sha256.Sum256(b)
	return hex.AppendEncode(dst, sum[:])
}

const upperHex = "0123456789ABCDEF"

// appendEncoded percent-encodes everything but letters, digits, "-._~" and, if
// not zero, the byte keep.
func appendEncoded(dst []byte, s string, keep byte) []byte {
	for i := range len(s) {
		c := s[i]
		if isUnreserved(c) || keep != 0 && c == keep {
			dst = append(dst, c)
			continue
		}
		dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
	}
	return dst
}

func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// unescape decodes percent-encoding, and plus to space where plus says so. A
// percent sign that starts no valid escape stands for itself.
func unescape(s string, plus bool) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+' && plus:
			out = append(out, ' ')
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return string(out)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// unhex returns the value of a digit for which isHex holds.
func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
