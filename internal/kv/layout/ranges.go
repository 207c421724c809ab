package layout

import (
	"encoding/binary"
	"math"

	"github.com/gramme-db/gramme/internal/item"
)

// Range is a range of keys: from Start on, up to End and without it.
type Range struct {
	Start, End []byte
}

// PrefixRange returns the range of all keys that begin with prefix, which it
// keeps.
func PrefixRange(prefix []byte) Range {
	return Range{prefix, PrefixEnd(prefix)}
}

// After returns the part of r behind a key.
func (r Range) After(key []byte) Range {
	return Range{append(key[:len(key):len(key)], 0), r.End} // the least key that is greater
}

// Before returns the part of r in front of a key.
func (r Range) Before(key []byte) Range {
	return Range{r.Start, key}
}

// Partition is the keys of one partition key value: what they begin with. The
// keys go on with the values of the sort key. Since no encoded value begins
// with another one, the keys that go on with a value lie together, right behind
// those with the values less than it.
type Partition []byte

// ItemPartition returns the keys of a table's items with a partition key.
func ItemPartition(table uint64, partition item.Value) Partition {
	return appendHashed(appendTableKey(partitionRoom(partition), table, sectionItems), partition)
}

// EntryPartition returns the keys of an index's entries with a partition key.
func EntryPartition(table uint64, index uint16, partition []item.Value) Partition {
	return appendHashed(AppendIndexPrefix(partitionRoom(partition...), table, index), partition...)
}

// partitionRoom is room for what the keys of a partition begin with, unless a
// value has many bytes to escape.
func partitionRoom(values ...item.Value) []byte {
	n := tableKeyLen + indexLen + hashLen
	for _, v := range values {
		n += len(v) + keyHeadBytes
	}
	return make([]byte, 0, n)
}

// keyHeadBytes is how many bytes the form of a value in a key is longer than its
// stored form, if there is nothing to escape.
const keyHeadBytes = 2

// With returns the keys that go on with a value, as a Partition of its own: what
// comes behind are the values of the next sort key attribute.
func (p Partition) With(v item.Value) Partition {
	key := make([]byte, 0, len(p)+len(v)+keyHeadBytes)
	return item.AppendKey(append(key, p...), v)
}

// All returns the range of all keys.
func (p Partition) All() Range { return PrefixRange(p) }

// Less returns the keys that go on with a value less than v.
func (p Partition) Less(v item.Value) Range { return Range{p, p.With(v)} }

// AtMost returns the keys that go on with v or a value less than it.
func (p Partition) AtMost(v item.Value) Range { return Range{p, PrefixEnd(p.With(v))} }

// Greater returns the keys that go on with a value greater than v.
func (p Partition) Greater(v item.Value) Range { return Range{PrefixEnd(p.With(v)), PrefixEnd(p)} }

// AtLeast returns the keys that go on with v or a value greater than it.
func (p Partition) AtLeast(v item.Value) Range { return Range{p.With(v), PrefixEnd(p)} }

// Between returns the keys that go on with a value from lower to upper, both
// included.
func (p Partition) Between(lower, upper item.Value) Range {
	return Range{p.With(lower), PrefixEnd(p.With(upper))}
}

// BeginsWith returns the keys that go on with a value that begins with v, an S
// or B.
func (p Partition) BeginsWith(v item.Value) Range {
	return PrefixRange(item.AppendKeyPrefix(p[:len(p):len(p)], v))
}

// Segment is one part of a parallel scan: the partition keys whose hashes lie
// in one of Total ranges of the same width, which together are all hashes. The
// zero Segment is the whole.
type Segment struct {
	Number, Total uint32 // Number < Total
}

// hashes is the number of hashes.
const hashes = math.MaxUint32 + 1

// first returns the least hash of segment n, and hashes for the one behind the
// last.
func (s Segment) first(n uint32) uint64 {
	total := uint64(s.Total)
	return (uint64(n)*hashes + total - 1) / total
}

// Holds reports whether the items or entries of a partition key belong to the
// segment.
func (s Segment) Holds(partition []item.Value) bool {
	if s.Total == 0 {
		return true
	}
	hash := uint64(binary.BigEndian.Uint32(appendHashed(nil, partition...)))
	return s.first(s.Number) <= hash && hash < s.first(s.Number+1)
}

// Items returns the keys of a table's items in the segment.
func (s Segment) Items(table uint64) Range {
	return s.of(appendTableKey(nil, table, sectionItems))
}

// Entries returns the keys of an index's entries in the segment.
func (s Segment) Entries(table uint64, index uint16) Range {
	return s.of(AppendIndexPrefix(nil, table, index))
}

// of returns the segment's part of the keys that consist of prefix, a hash and
// more.
func (s Segment) of(prefix []byte) Range {
	all := PrefixRange(prefix)
	if s.Total == 0 {
		return all
	}
	r := Range{appendHash(prefix, s.first(s.Number)), all.End}
	if end := s.first(s.Number + 1); end < hashes {
		r.End = appendHash(prefix, end)
	}
	return r
}

func appendHash(prefix []byte, hash uint64) []byte {
	return binary.BigEndian.AppendUint32(prefix[:len(prefix):len(prefix)], uint32(hash))
}
