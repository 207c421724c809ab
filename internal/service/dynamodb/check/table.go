package check

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// table is the check of one table under way.
type table struct {
	*checker
	t      *schema.Table
	totals Totals

	itemBytes int64 // billed, of all items
	unread    int64 // items that cannot be read: what follows from them is not known
	indexes   []index
	expiries  expiries
	strays    strays

	collection  collection // of the items being gone through
	collections struct{ there, seen int64 }

	room []byte // for what is looked up
}

// index is what is known of one index.
type index struct {
	*schema.Index
	cursor []byte // of an index that is being built: the items up to this key are in it
	called extent // what the items call for
	there  int64  // entries of these that were found in their place
	seen   int64  // entries under its number
}

// extent is a number of entries, and their billed bytes.
type extent struct{ entries, bytes int64 }

func (e *extent) add(size int) {
	e.entries++
	e.bytes += int64(size)
}

// mayLack reports whether the index may lack the entry of an item: it is being
// built and has not come to it.
func (x *index) mayLack(itemKey []byte) bool {
	return x.Building() && bytes.Compare(itemKey, x.cursor) > 0
}

// checkTable checks a table. The data of one that waits for its removal is
// passed over.
func (c *checker) checkTable(t *schema.Table) error {
	if c.passed[t.ID] {
		return nil
	}
	tb := &table{checker: c, t: t}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		tb.indexes = append(tb.indexes, index{Index: x, cursor: c.cursors[indexRef{t.ID, x.Number}]})
	}
	tb.expiries.cursor = c.cursors[indexRef{t.ID, layout.ExpiryIndex}]
	c.table, c.totals = tableName(t), &tb.totals
	if err := tb.run(); err != nil {
		return err
	}
	c.report.Tables = append(c.report.Tables, TableReport{c.table, tb.totals})
	c.table, c.totals = "", &c.report.Rest
	return nil
}

func (tb *table) run() error {
	start, end := tableRange(tb.t)
	if err := tb.scan(start, end, tb.see); err != nil {
		return err
	}
	if err := tb.closeCollection(); err != nil {
		return err
	}
	if err := tb.closeStrays(); err != nil {
		return err
	}
	if err := tb.checkSurplusEntries(); err != nil {
		return err
	}
	if err := tb.checkSurplusExpiries(); err != nil {
		return err
	}
	if err := tb.checkSurplusCollections(); err != nil {
		return err
	}
	return tb.checkCounters()
}

// see takes one key of the table. The sections come in the order counters,
// expiries, items, entries, collections.
func (tb *table) see(key, value []byte) error {
	place := layout.PlaceOf(key)
	switch place.Part {
	case layout.PartCounters:
		return nil // looked up in the end
	case layout.PartItem:
		tb.totals.Items++
		return tb.checkItem(place, key, value)
	case layout.PartEntry:
		tb.totals.Entries++
		return tb.countEntry(place.Index)
	case layout.PartExpiry:
		tb.totals.Entries++
		tb.expiries.seen++
		return nil
	case layout.PartCollection:
		tb.collections.seen++
		return nil
	}
	return tb.found(fmt.Sprintf("a key belongs to no section of a table that this version of gramme knows: %x", key))
}

// index returns the index of a number, nil when the table has none.
func (tb *table) index(number uint16) *index {
	for i := range tb.indexes {
		if tb.indexes[i].Number == number {
			return &tb.indexes[i]
		}
	}
	return nil
}

// lookUp returns the value at a key; found is false when there is none. The
// value is valid until the next call.
func (tb *table) lookUp(key []byte) (value []byte, found bool, err error) {
	tb.room, err = tb.snap.Get(key, tb.room[:0])
	if errors.Is(err, kv.ErrNotFound) {
		return nil, false, nil
	}
	return tb.room, true, err
}

// keyKinds returns the kinds of the table's key values.
func (tb *table) keyKinds() (partition, others []item.Kind) {
	partition = []item.Kind{tb.t.Partition.Kind}
	if tb.t.Sort != nil {
		others = []item.Kind{tb.t.Sort.Kind}
	}
	return partition, others
}

// keyText returns a key of the table as a person writes it for gramme debug
// item.
func (tb *table) keyText(k schema.Key) string {
	return string(tb.t.KeyItem(k).AppendJSON(nil))
}

// readRecord returns the item of a record, or what is wrong with it.
func readRecord(record []byte) (it item.Item, size int, err error) {
	if it, size, err = layout.ParseRecord(record); err != nil {
		return nil, 0, err
	}
	if err := it.Check(); err != nil {
		return nil, 0, err
	}
	return it, size, nil
}
