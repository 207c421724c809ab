package layout

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// A table descriptor's key:
//
//	+-----+-----------+--------+------+------------+
//	| 'd' | account   | region | 0x00 | table name |
//	| 1   | 12 digits | text   | 1    | text       |
//	+-----+-----------+--------+------+------------+
//
// Its value is drawn in service/dynamodb/schema: a version byte, then JSON.

// AppendDescriptorKey appends the key of a table's descriptor.
func AppendDescriptorKey(dst []byte, account, region, name string) []byte {
	dst = AppendDescriptorPrefix(dst, account, region)
	return append(dst, name...)
}

// AppendDescriptorPrefix appends what the descriptor keys of one account and
// region have in common; the table's name follows, so that they sort by it.
func AppendDescriptorPrefix(dst []byte, account, region string) []byte {
	dst = append(dst, familyDescriptor)
	dst = append(dst, account...)
	dst = append(dst, region...)
	return append(dst, 0)
}

// DescriptorRange returns the range of all table descriptors.
func DescriptorRange() (start, end []byte) {
	start = []byte{familyDescriptor}
	return start, PrefixEnd(start)
}

// ErrKey reports a key that is none of the family it was taken for.
var ErrKey = errors.New("layout: not a key of this family")

// DescriptorKey is a descriptor's key, taken apart.
type DescriptorKey struct {
	Account, Region, Name string
}

// ParseDescriptorKey takes a descriptor's key apart.
func ParseDescriptorKey(key []byte) (DescriptorKey, error) {
	const accountLen = 12
	if len(key) < 1+accountLen || key[0] != familyDescriptor {
		return DescriptorKey{}, ErrKey
	}
	region, name, ok := bytes.Cut(key[1+accountLen:], []byte{0})
	if !ok {
		return DescriptorKey{}, ErrKey
	}
	return DescriptorKey{string(key[1 : 1+accountLen]), string(region), string(name)}, nil
}

// A purge's key names a table that was deleted and whose data has to go. The
// value is empty.
//
//	+-----+----------+
//	| 'p' | table id |
//	| 1   | 8, BE    |
//	+-----+----------+

// AppendPurgeKey appends the key of a table's purge.
func AppendPurgeKey(dst []byte, table uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, familyPurge), table)
}

// PurgeRange returns the range of all purges.
func PurgeRange() (start, end []byte) {
	start = []byte{familyPurge}
	return start, PrefixEnd(start)
}

// ParsePurgeKey returns the table a purge is about.
func ParsePurgeKey(key []byte) (table uint64, err error) {
	if len(key) != 9 || key[0] != familyPurge {
		return 0, ErrKey
	}
	return binary.BigEndian.Uint64(key[1:]), nil
}

// A sequence's key and value; the value is the number to hand out next:
//
//	+-----+------+        +-------+
//	| 's' | name |   ->   | next  |
//	| 1   | text |        | 8, BE |
//	+-----+------+        +-------+

// TableIDSequence is the sequence of table ids.
const TableIDSequence = "table"

// AppendSequenceKey appends the key of a sequence.
func AppendSequenceKey(dst []byte, name string) []byte {
	return append(append(dst, familySequence), name...)
}

// AppendSequence appends a sequence's value.
func AppendSequence(dst []byte, next uint64) []byte {
	return binary.BigEndian.AppendUint64(dst, next)
}

// ParseSequence returns the number to hand out next.
func ParseSequence(value []byte) (next uint64, err error) {
	if len(value) != 8 {
		return 0, errors.New("layout: a sequence's value has 8 bytes")
	}
	return binary.BigEndian.Uint64(value), nil
}
