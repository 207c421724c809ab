package layout

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// A token record remembers a transaction that was done under a client's token.
// Its expiry says when it was done, in the key, so that the oldest come first;
// both are written and removed together. Keys:
//
//	+-----+-----+---------+-----------+--------+------+-------+
//	| 'i' | 'r' | account | operation | region | 0x00 | token |
//	| 1   | 1   | 12      | 1         | text   | 1    | text  |
//	+-----+-----+---------+-----------+--------+------+-------+
//
//	+-----+-----+-------+----------------------------------+
//	| 'i' | 'e' | time  | all behind 'r' of the record key |
//	| 1   | 1   | 8, BE |                                  |
//	+-----+-----+-------+----------------------------------+
//
// The value of an expiry is empty, that of a record:
//
//	+---------+-------+---------+--------+---------+----
//	| version | time  | request | tables | units 0 | ...
//	| 1       | 8, BE | 32      | uvar   | uvar    |
//	+---------+-------+---------+--------+---------+----
//
// version is 1. time is when the transaction was done, in nanoseconds since
// 1970. request is the SHA-256 of the request. units are the read units that a
// repetition is told, for each table in the order of the request.
const tokenVersion = 1

// The sections of the family.
const (
	sectionRecord = 'r'
	sectionExpiry = 'e'
)

// The operations that a token may be of. Each has tokens of its own.
const (
	TokenWrite   = 'w' // TransactWriteItems
	TokenExecute = 'e' // ExecuteTransaction
)

// requestHashLen is the length of a SHA-256.
const requestHashLen = 32

// ErrToken reports stored bytes that are no token record.
var ErrToken = errors.New("layout: not a token record")

// Token is a token record, taken apart.
type Token struct {
	Time    int64
	Request [requestHashLen]byte
	Units   []uint64
}

// AppendTokenKey appends the key of the record of a token.
func AppendTokenKey(dst []byte, account, region string, operation byte, token string) []byte {
	dst = append(dst, familyToken, sectionRecord)
	dst = append(dst, account...)
	dst = append(dst, operation)
	dst = append(dst, region...)
	dst = append(dst, 0)
	return append(dst, token...)
}

// AppendTokenExpiry appends the key of the expiry of a record.
func AppendTokenExpiry(dst []byte, time int64, recordKey []byte) []byte {
	dst = append(dst, familyToken, sectionExpiry)
	dst = binary.BigEndian.AppendUint64(dst, uint64(time))
	return append(dst, recordKey[2:]...)
}

// TokenExpiries returns the range of the expiries up to a time, the oldest
// first.
func TokenExpiries(upTo int64) Range {
	start := []byte{familyToken, sectionExpiry}
	return Range{start, binary.BigEndian.AppendUint64(start[:2:2], uint64(upTo)+1)}
}

// ParseTokenExpiry returns the key of the record that an expiry is about.
func ParseTokenExpiry(key []byte) (recordKey []byte, err error) {
	if len(key) <= expiryHeadLen || key[0] != familyToken || key[1] != sectionExpiry {
		return nil, ErrKey
	}
	return append([]byte{familyToken, sectionRecord}, key[expiryHeadLen:]...), nil
}

const expiryHeadLen = 2 + 8

// AppendToken appends a record's value.
func AppendToken(dst []byte, t Token) []byte {
	dst = append(dst, tokenVersion)
	dst = binary.BigEndian.AppendUint64(dst, uint64(t.Time))
	dst = append(dst, t.Request[:]...)
	dst = binary.AppendUvarint(dst, uint64(len(t.Units)))
	for _, n := range t.Units {
		dst = binary.AppendUvarint(dst, n)
	}
	return dst
}

// ParseToken takes a record apart.
func ParseToken(value []byte) (Token, error) {
	const headLen = 1 + 8 + requestHashLen
	if len(value) == 0 || value[0] != tokenVersion {
		return Token{}, fmt.Errorf("%w: unknown version", ErrToken)
	}
	if len(value) < headLen {
		return Token{}, fmt.Errorf("%w: cut off", ErrToken)
	}
	t := Token{Time: int64(binary.BigEndian.Uint64(value[1:])), Request: [requestHashLen]byte(value[9:])}
	tables, w := binary.Uvarint(value[headLen:])
	rest := value[headLen+max(w, 0):]
	if w <= 0 || tables > uint64(len(rest)) {
		return Token{}, fmt.Errorf("%w: bad number of tables", ErrToken)
	}
	for range tables {
		n, w := binary.Uvarint(rest)
		if w <= 0 {
			return Token{}, fmt.Errorf("%w: bad number", ErrToken)
		}
		t.Units, rest = append(t.Units, n), rest[w:]
	}
	if len(rest) > 0 {
		return Token{}, fmt.Errorf("%w: bytes behind it", ErrToken)
	}
	return t, nil
}

// describeToken describes a key of the family; ok is false when it is none.
func describeToken(key, value []byte) (line string, ok bool) {
	record, what := key, "token"
	var time int64
	if parsed, err := ParseTokenExpiry(key); err == nil {
		record, what, time = parsed, "token expiry", int64(binary.BigEndian.Uint64(key[2:]))
	}
	const accountLen = 12
	if len(record) <= 2+accountLen || record[1] != sectionRecord {
		return "", false
	}
	account, operation := record[2:2+accountLen], record[2+accountLen]
	region, token, ok := bytes.Cut(record[2+accountLen+1:], []byte{0})
	if !ok {
		return "", false
	}
	line = fmt.Sprintf("%s %s/%s/%c/%q", what, account, region, operation, token)
	if what != "token" {
		return fmt.Sprintf("%s time=%d", line, time), true
	}
	t, err := ParseToken(value)
	if err != nil {
		return fmt.Sprintf("%s %v: %x", line, err, value), true
	}
	return fmt.Sprintf("%s time=%d request=%x units=%d", line, t.Time, t.Request[:4], t.Units), true
}
