package kv

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The value of a counter key, a vector of counters:
//
//	+---------+------------+------------+----
//	| version | slot 0     | slot 1     | ...
//	| 1 byte  | zigzag var | zigzag var |
//	+---------+------------+------------+----
//
// version is 1. Slots are signed varints as in encoding/binary, up to the last
// slot that is not zero; a slot beyond is zero. A vector of zeros is not stored.
const countersVersion = 1

var errCounters = errors.New("not a counter vector")

// AppendCounters appends the stored form of a counter vector. It appends
// nothing for a vector of zeros.
func AppendCounters(dst []byte, slots []int64) []byte {
	for len(slots) > 0 && slots[len(slots)-1] == 0 {
		slots = slots[:len(slots)-1]
	}
	if len(slots) == 0 {
		return dst
	}
	dst = append(dst, countersVersion)
	for _, n := range slots {
		dst = binary.AppendVarint(dst, n)
	}
	return dst
}

// ParseCounters appends the counters in a stored vector to dst.
func ParseCounters(dst []int64, value []byte) ([]int64, error) {
	if len(value) == 0 {
		return dst, errCounters
	}
	if value[0] != countersVersion {
		return dst, fmt.Errorf("%w: version %d, this program reads %d", errCounters, value[0], countersVersion)
	}
	slots := 0
	for value = value[1:]; len(value) > 0; slots++ {
		n, w := binary.Varint(value)
		if w <= 0 || slots == CounterSlotsMax {
			return dst, errCounters
		}
		dst = append(dst, n)
		value = value[w:]
	}
	return dst, nil
}

// FormatCounters prints a stored vector for people: "[3 -120]".
func FormatCounters(value []byte) string {
	slots, err := ParseCounters(nil, value)
	if err != nil {
		return fmt.Sprintf("%v: %x", err, value)
	}
	return fmt.Sprint(slots)
}
