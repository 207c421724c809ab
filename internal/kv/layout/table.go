package layout

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/gramme-db/gramme/internal/item"
)

// Keys of one table:
//
//	+-----+----------+---------+
//	| 't' | table id | section | ...
//	| 1   | 8, BE    | 1       |
//	+-----+----------+---------+
//
//	section 'c'   counters      nothing more: one key
//	section 'e'   expiries      | time 8, BE | what an item's key has behind its section |
//	section 'i'   items         | hash 4, BE | partition key | sort key |
//	section 'x'   index entries | index 2, BE | hash 4, BE | index key ... | table key ... |
//	section 'z'   collections   | hash 4, BE | partition key |
//
// hash is the upper half of the XXH64 of the encoded partition key (for a
// global index of all its partition key attributes): it spreads the data, and
// ranges of it are the segments of a parallel scan. Key attributes are encoded
// by item.AppendKey, so that the order of bytes is DynamoDB's order and no
// encoding is the beginning of another.
//
// An index entry ends in the table's key, which makes it one per item: a
// global index's in partition and sort key, a local index's in the sort key
// alone, since its partition key is the table's.
//
// Values of 'c' and 'z' are counter vectors, drawn in package kv. An expiry's
// value is empty; see expiry.go.
const (
	sectionCounters    = 'c'
	sectionExpiries    = 'e'
	sectionItems       = 'i'
	sectionIndexes     = 'x'
	sectionCollections = 'z'
)

// Slots of a table's counter vector. The vector goes on with one such pair an
// index: entries and bytes of index n are at 2n and 2n+1. Index numbers begin
// at 1.
const (
	SlotItems = 0 // items in the table
	SlotBytes = 1 // their billed bytes
)

// SlotCollectionBytes is the one slot of a collection's counter: the bytes of
// its items and of their entries in the table's local indexes.
const SlotCollectionBytes = 0

const tableKeyLen = 10 // family, table id, section

func appendTableKey(dst []byte, table uint64, section byte) []byte {
	dst = append(dst, familyTable)
	dst = binary.BigEndian.AppendUint64(dst, table)
	return append(dst, section)
}

// TableRange returns the range of all that belongs to a table.
func TableRange(table uint64) (start, end []byte) {
	start = binary.BigEndian.AppendUint64([]byte{familyTable}, table)
	return start, PrefixEnd(start)
}

// AppendCountersKey appends the key of a table's counters.
func AppendCountersKey(dst []byte, table uint64) []byte {
	return appendTableKey(dst, table, sectionCounters)
}

// AppendItemKey appends an item's key. sort is the zero Value in a table
// without a sort key.
func AppendItemKey(dst []byte, table uint64, partition, sort item.Value) []byte {
	dst = appendTableKey(dst, table, sectionItems)
	dst = appendHashed(dst, partition)
	if len(sort) > 0 {
		dst = item.AppendKey(dst, sort)
	}
	return dst
}

// ItemHash returns the hash in an item's key.
func ItemHash(itemKey []byte) uint32 { return binary.BigEndian.Uint32(itemKey[tableKeyLen:]) }

// ItemRange returns the range of a table's items.
func ItemRange(table uint64) (start, end []byte) {
	start = appendTableKey(nil, table, sectionItems)
	return start, PrefixEnd(start)
}

// AppendCollectionKey appends the key of the counter of an item collection:
// all items of one partition key.
func AppendCollectionKey(dst []byte, table uint64, partition item.Value) []byte {
	dst = appendTableKey(dst, table, sectionCollections)
	return appendHashed(dst, partition)
}

// IndexKey is what an index entry's key is made of.
type IndexKey struct {
	Table     uint64
	Index     uint16
	Partition []item.Value // 1 to 4
	Sort      []item.Value // 0 to 4
	Base      []item.Value // the table's key, as far as Partition does not hold it
}

// AppendIndexKey appends an index entry's key.
func AppendIndexKey(dst []byte, k IndexKey) []byte {
	dst = AppendIndexPrefix(dst, k.Table, k.Index)
	dst = appendHashed(dst, k.Partition...)
	for _, v := range k.Sort {
		dst = item.AppendKey(dst, v)
	}
	for _, v := range k.Base {
		dst = item.AppendKey(dst, v)
	}
	return dst
}

// AppendIndexPrefix appends what the keys of one index's entries have in common.
func AppendIndexPrefix(dst []byte, table uint64, index uint16) []byte {
	dst = appendTableKey(dst, table, sectionIndexes)
	return binary.BigEndian.AppendUint16(dst, index)
}

// appendHashed appends the encoded values behind their hash.
func appendHashed(dst []byte, values ...item.Value) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for _, v := range values {
		dst = item.AppendKey(dst, v)
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(xxhash.Sum64(dst[at+4:])>>32))
	return dst
}
