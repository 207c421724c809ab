package streams

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"github.com/gramme-db/gramme/internal/journal"
)

// iterator is a place in a shard that a client holds.
type iterator struct {
	arn    string
	shard  uint32
	after  journal.Position
	issued int64 // milliseconds since 1970

	// horizon says that the client takes whatever is still there: that what
	// came before was trimmed is no error.
	horizon bool
}

// An iterator as clients see it has AWS's outer form:
//
//	<StreamArn> "|1|" <base64 of the following>
//
//	+---------+---------+-------+-------+---------+--------------+-----+
//	| version | horizon | shard | stamp | ordinal | milliseconds | MAC |
//	| 1       | 1       | 4, BE | 8, BE | 4, BE   | 8, BE        | 16  |
//	+---------+---------+-------+-------+---------+--------------+-----+
//
// version is 1. The MAC, the beginning of an HMAC-SHA-256, is of the ARN and of
// all that stands before it. The server keeps no state for an iterator, so none
// is lost when it is started anew.
const (
	iteratorVersion = 1
	iteratorMark    = "|1|"
	macLen          = 16
	iteratorHeadLen = 1 + 1 + 4 + 8 + 4 + 8
	iteratorLen     = iteratorHeadLen + macLen
)

// sealer makes iterators and takes them apart.
type sealer struct {
	secret   []byte
	lifetime time.Duration
}

// seal returns an iterator as clients see it.
func (s *sealer) seal(it iterator) string {
	var room [iteratorLen]byte
	b := append(room[:0], iteratorVersion, 0)
	if it.horizon {
		b[1] = 1
	}
	b = binary.BigEndian.AppendUint32(b, it.shard)
	b = binary.BigEndian.AppendUint64(b, it.after.Stamp)
	b = binary.BigEndian.AppendUint32(b, it.after.Ordinal)
	b = binary.BigEndian.AppendUint64(b, uint64(it.issued))
	b = append(b, s.mac(it.arn, b)...)
	text := make([]byte, 0, len(it.arn)+len(iteratorMark)+base64.StdEncoding.EncodedLen(iteratorLen))
	text = append(append(text, it.arn...), iteratorMark...)
	return string(base64.StdEncoding.AppendEncode(text, b))
}

// open takes apart what a client says is an iterator.
func (s *sealer) open(text string, now time.Time) (iterator, error) {
	arn, encoded, ok := strings.Cut(text, iteratorMark)
	if !ok || len(encoded) != base64.StdEncoding.EncodedLen(iteratorLen) {
		return iterator{}, invalidIterator()
	}
	b, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(b) != iteratorLen || b[0] != iteratorVersion {
		return iterator{}, invalidIterator()
	}
	if !hmac.Equal(b[iteratorHeadLen:], s.mac(arn, b[:iteratorHeadLen])) {
		return iterator{}, invalidIterator()
	}
	it := iterator{
		arn: arn, horizon: b[1] == 1, shard: binary.BigEndian.Uint32(b[2:]),
		after:  journal.Position{Stamp: binary.BigEndian.Uint64(b[6:]), Ordinal: binary.BigEndian.Uint32(b[14:])},
		issued: int64(binary.BigEndian.Uint64(b[18:])),
	}
	if now.UnixMilli()-it.issued > s.lifetime.Milliseconds() {
		return iterator{}, iteratorExpired()
	}
	return it, nil
}

func (s *sealer) mac(arn string, head []byte) []byte {
	h := hmac.New(sha256.New, s.secret)
	h.Write([]byte(arn))
	h.Write(head)
	return h.Sum(nil)[:macLen]
}
