package streams

import (
	"math"
	"strconv"
	"strings"

	"github.com/gramme-db/gramme/internal/journal"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// A sequence number, 21 to 40 digits without a leading zero:
//
//	4711                00000000000000000003
//	stamp of the update ordinal in it, 20 digits
//
// As integers they rise as the positions in a shard do, and from a shard to its
// children.
const (
	ordinalLen     = 20
	sequenceLenMax = 20 + ordinalLen
)

// appendSequence appends the sequence number of the record at a position.
func appendSequence(dst []byte, p journal.Position) []byte {
	dst = strconv.AppendUint(dst, p.Stamp, 10)
	var ordinal [ordinalLen]byte
	digits := strconv.AppendUint(ordinal[:0], uint64(p.Ordinal), 10)
	for range ordinalLen - len(digits) {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

func sequence(p journal.Position) string {
	var text [sequenceLenMax]byte
	return string(appendSequence(text[:0], p))
}

// parseSequence returns the position of a sequence number. A greater one than
// any record can have is the last position that there is: it comes after all
// the same records.
func parseSequence(number string) (p journal.Position, ok bool) {
	if len(number) <= ordinalLen || strings.Trim(number, "0123456789") != "" {
		return p, false
	}
	at := len(number) - ordinalLen
	stamp, err := strconv.ParseUint(number[:at], 10, 64)
	if err != nil { // beyond 64 bits
		return journal.Position{Stamp: math.MaxUint64, Ordinal: math.MaxUint32}, true
	}
	ordinal, err := strconv.ParseUint(number[at:], 10, 32)
	if err != nil {
		ordinal = math.MaxUint32
	}
	return journal.Position{Stamp: stamp, Ordinal: uint32(ordinal)}, true
}

// before returns the position just before the record at a position.
func before(p journal.Position) journal.Position {
	switch {
	case p.Ordinal > 0:
		p.Ordinal--
	case p.Stamp > 0:
		p.Stamp, p.Ordinal = p.Stamp-1, math.MaxUint32
	}
	return p
}

// starting and ending bound the sequence numbers of a shard's records, whose
// stamps lie between Start and End: so the end of a parent is less than the
// start of its children.
func starting(s *layout.Shard) string {
	return sequence(journal.Position{Stamp: s.Start})
}

func ending(s *layout.Shard) string {
	return sequence(journal.Position{Stamp: s.End - 1, Ordinal: math.MaxUint32})
}
