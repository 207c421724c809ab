package item

import "encoding/binary"

// The stored form of a value is a tag, and for most tags a run of bytes:
//
//	+--------+----------------+---------+
//	| tag    | length         | payload |
//	| 1 byte | uvarint, bytes | length  |
//	+--------+----------------+---------+
//	         '---------- a run ---------'
//
//	tag  kind   payload
//	'S'  S      the text, UTF-8
//	'N'  N      the number's text, see below
//	'B'  B      the bytes
//	's'  SS     one run for each member, in the order of the request
//	'n'  NS     one run for each member, a number's text
//	'b'  BS     one run for each member
//	'M'  M      for each field a run, the name, then a value; names are distinct
//	'L'  L      the values
//	'0'  NULL   tag only
//	'T'  BOOL   true, tag only
//	'F'  BOOL   false, tag only
//
// Any value is skipped by reading its tag and length. Lengths are written in
// as few bytes as they need, and every number has one text only, so S, N, B,
// BOOL and NULL are equal exactly if their bytes are.
//
// A number's text is AWS's canonical one, plain decimal digits (-12.5), as
// long as that needs at most paddingZerosMax zeros next to the significant
// digits. With more it is the significant digits, 'E' and an exponent (1E125
// for 10^125), so that the stored form stays within StoredFactorMax times the
// size that AWS counts.
//
// An item is an M value. The form bears no version of its own: the record
// around an item does, and a form with other tags is a new version of that
// record (see kv/layout).
const (
	tagS     = 'S'
	tagN     = 'N'
	tagB     = 'B'
	tagSS    = 's'
	tagNS    = 'n'
	tagBS    = 'b'
	tagM     = 'M'
	tagL     = 'L'
	tagNull  = '0'
	tagTrue  = 'T'
	tagFalse = 'F'
)

var kindOfTag = [256]Kind{
	tagS: S, tagN: N, tagB: B, tagSS: SS, tagNS: NS, tagBS: BS,
	tagM: M, tagL: L, tagNull: NULL, tagTrue: BOOL, tagFalse: BOOL,
}

// tagOfKind holds the tag of every kind that has a payload.
var tagOfKind = [...]byte{
	S: tagS, N: tagN, B: tagB, SS: tagSS, NS: tagNS, BS: tagBS,
	M: tagM, L: tagL,
}

// appendRun appends payload with its length before it.
func appendRun[T ~string | ~[]byte](dst []byte, payload T) []byte {
	return append(appendLength(dst, payload), payload...)
}

func appendLength[T ~string | ~[]byte](dst []byte, payload T) []byte {
	return binary.AppendUvarint(dst, uint64(len(payload)))
}

// openRun starts a run whose length is not known yet, and returns where it
// starts. The payload is appended next; closeRun ends it.
func openRun(dst []byte) ([]byte, int) {
	return append(dst, 0), len(dst)
}

// closeRun writes the length of the run that was opened at start. One byte is
// there for it; a payload of 128 bytes and more is moved to make room.
func closeRun(dst []byte, start int) []byte {
	n := len(dst) - start - 1
	if n < 0x80 {
		dst[start] = byte(n)
		return dst
	}
	var length [binary.MaxVarintLen64]byte
	w := binary.PutUvarint(length[:], uint64(n))
	dst = append(dst, length[:w-1]...)
	copy(dst[start+w:], dst[start+1:start+1+n])
	copy(dst[start:], length[:w])
	return dst
}

// cutRun splits b behind its first run. It returns two nils if b does not
// start with a whole run.
func cutRun(b []byte) (payload, rest []byte) {
	if len(b) == 0 {
		return nil, nil
	}
	n, w := uint64(b[0]), 1
	if n >= 0x80 {
		n, w = binary.Uvarint(b)
	}
	if w <= 0 || n > uint64(len(b)-w) {
		return nil, nil
	}
	end := w + int(n)
	return b[w:end:end], b[end:]
}

// cutValue splits b behind its first value. It returns two nils if b does not
// start with a whole value.
func cutValue(b []byte) (v Value, rest []byte) {
	if len(b) == 0 {
		return nil, nil
	}
	switch kindOfTag[b[0]] {
	case Absent:
		return nil, nil
	case NULL, BOOL:
		return b[:1:1], b[1:]
	}
	payload, rest := cutRun(b[1:])
	if payload == nil {
		return nil, nil
	}
	end := len(b) - len(rest)
	return b[:end:end], rest
}

// cutField splits b behind the first field of a map. It returns three nils if
// b does not start with a whole field.
func cutField(b []byte) (name []byte, v Value, rest []byte) {
	name, rest = cutRun(b)
	if name == nil {
		return nil, nil, nil
	}
	v, rest = cutValue(rest)
	if v == nil {
		return nil, nil, nil
	}
	return name, v, rest
}
