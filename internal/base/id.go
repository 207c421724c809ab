package base

import "encoding/hex"

const requestIDChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// RequestID returns 52 upper-case letters and digits, the form of DynamoDB's
// x-amzn-RequestId.
func (e Env) RequestID() string {
	draw := e.Names
	if draw == nil {
		draw = e.Rand
	}
	var b [52]byte
	var bits uint64
	for i := range b {
		if i%12 == 0 { // 36^12 < 2^64: one draw serves twelve characters
			bits = draw()
		}
		b[i] = requestIDChars[bits%36]
		bits /= 36
	}
	return string(b[:])
}

// UUID returns a random (version 4) UUID in its text form.
func (e Env) UUID() string {
	var b [16]byte
	hi, lo := e.Rand(), e.Rand()
	for i := range 8 {
		b[i], b[8+i] = byte(hi>>(8*i)), byte(lo>>(8*i))
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
