package layout

import (
	"encoding/binary"
	"fmt"
)

// The expiry index of a table with time to live has a key for each item that
// has a time: the time, in seconds since 1970, and then all that the item's key
// has behind its section. So the items that are due lie together, the first to
// expire in front, and an expiry leads to its item. The value is empty.
//
//	+-----+----------+-----+-------+--------+---------------+----------+
//	| 't' | table id | 'e' | time  | hash   | partition key | sort key |
//	| 1   | 8, BE    | 1   | 8, BE | 4, BE  |               |          |
//	+-----+----------+-----+-------+--------+---------------+----------+
//
// An expiry is written only by updates that own its item's key.

// AppendExpiryKey appends the key of the expiry of an item at a time, which is
// not below 0.
func AppendExpiryKey(dst []byte, time int64, itemKey []byte) []byte {
	dst = append(dst, itemKey[:tableKeyLen-1]...)
	dst = append(dst, sectionExpiries)
	dst = binary.BigEndian.AppendUint64(dst, uint64(time))
	return append(dst, itemKey[tableKeyLen:]...)
}

// AllExpiries returns the range of a table's expiry index.
func AllExpiries(table uint64) Range {
	return PrefixRange(appendTableKey(nil, table, sectionExpiries))
}

// Expiries returns the range of the expiries at times from one on, up to
// another and without it. No time is below 0.
func Expiries(table uint64, from, to int64) Range {
	prefix := appendTableKey(nil, table, sectionExpiries)
	at := func(time int64) []byte {
		return binary.BigEndian.AppendUint64(prefix[:len(prefix):len(prefix)], uint64(max(time, 0)))
	}
	return Range{at(from), at(to)}
}

// ParseExpiryKey returns the time of an expiry and the key of its item, which
// is new.
func ParseExpiryKey(key []byte) (time int64, itemKey []byte, err error) {
	if len(key) <= expiriesHeadLen+hashLen || key[0] != familyTable || key[tableKeyLen-1] != sectionExpiries || key[tableKeyLen] >= 1<<7 {
		return 0, nil, ErrKey
	}
	time = int64(binary.BigEndian.Uint64(key[tableKeyLen:]))
	itemKey = make([]byte, 0, len(key)-expiryTimeLen)
	itemKey = append(append(itemKey, key[:tableKeyLen-1]...), sectionItems)
	return time, append(itemKey, key[expiriesHeadLen:]...), nil
}

const (
	expiryTimeLen   = 8
	expiriesHeadLen = tableKeyLen + expiryTimeLen
)

// A mark tells that a table has time to live: whoever looks for items that are
// due looks at the marks, and not at all tables. The value is the key of the
// table's descriptor.
//
//	+-----+----------+        +----------------+
//	| 'l' | table id |   ->   | descriptor key |
//	| 1   | 8, BE    |        | catalog.go     |
//	+-----+----------+        +----------------+
//
// A mark is written only by updates that own the descriptor's key.

// AppendExpiringKey appends the key of a table's mark.
func AppendExpiringKey(dst []byte, table uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, familyExpiring), table)
}

// AppendExpiring appends a mark's value.
func AppendExpiring(dst []byte, d DescriptorKey) []byte {
	return AppendDescriptorKey(dst, d.Account, d.Region, d.Name)
}

// ExpiringRange returns the range of all marks.
func ExpiringRange() (start, end []byte) {
	start = []byte{familyExpiring}
	return start, PrefixEnd(start)
}

// ParseExpiring returns the table that a mark is about.
func ParseExpiring(key, value []byte) (table uint64, _ DescriptorKey, err error) {
	if len(key) != 9 || key[0] != familyExpiring {
		return 0, DescriptorKey{}, ErrKey
	}
	d, err := ParseDescriptorKey(value)
	return binary.BigEndian.Uint64(key[1:]), d, err
}

// describeExpiry describes a key of a table's expiry index.
func describeExpiry(key, value []byte) (line string, ok bool) {
	time, itemKey, err := ParseExpiryKey(key)
	if err != nil || len(value) > 0 {
		return "", false
	}
	rest := itemKey[tableKeyLen:]
	return fmt.Sprintf("expiry table=%d time=%d hash=%x key=%x", binary.BigEndian.Uint64(key[1:]), time, rest[:hashLen], rest[hashLen:]), true
}

func describeExpiring(key, value []byte) (line string, ok bool) {
	table, d, err := ParseExpiring(key, value)
	if err != nil {
		return "", false
	}
	return fmt.Sprintf("expiring table=%d of %s/%s/%s", table, d.Account, d.Region, d.Name), true
}
