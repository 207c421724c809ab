package layout

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/gramme-db/gramme/internal/item"
)

// The value of an item, and of an index entry:
//
//	+---------+-----------+----------------------+
//	| version | size      | attributes           |
//	| 1 byte  | uvarint   | drawn in package item|
//	+---------+-----------+----------------------+
//
// version is 1. size is what DynamoDB bills for the attributes, in bytes; it
// stands in front because a write that replaces the item needs no more of it.
const recordVersion = 1

// ErrRecord reports stored bytes that are no record: a damaged store, or one
// written by a newer Gramme.
var ErrRecord = errors.New("layout: not an item record")

// AppendRecord appends the stored form of an item or index entry of the given
// billed size.
func AppendRecord(dst []byte, it item.Item, size int) []byte {
	dst = append(dst, recordVersion)
	dst = binary.AppendUvarint(dst, uint64(size))
	return append(dst, it...)
}

// ParseRecord returns the item in a record and its billed size. The item
// aliases record. An empty record is no item: nil and 0.
func ParseRecord(record []byte) (it item.Item, size int, err error) {
	if len(record) == 0 {
		return nil, 0, nil
	}
	if record[0] != recordVersion {
		return nil, 0, fmt.Errorf("%w: version %d, this program reads %d", ErrRecord, record[0], recordVersion)
	}
	n, w := binary.Uvarint(record[1:])
	if w <= 0 || n > uint64(itemBytesMax) {
		return nil, 0, fmt.Errorf("%w: bad size", ErrRecord)
	}
	return item.Item(record[1+w:]), int(n), nil
}

// ParseRecordSize returns the billed size of the item in a record, of which only
// the beginning is there. An empty record is no item: 0.
func ParseRecordSize(head []byte) (size int, err error) {
	_, size, err = ParseRecord(head)
	return size, err
}

// itemBytesMax bounds the size field: AWS allows 400 KB an item; more is damage.
const itemBytesMax = 400 << 10
