package check

import (
	"errors"
	"fmt"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// collection is the item collection that the pass over the items is in: the
// items of one partition key follow each other.
type collection struct {
	key       []byte     // of its counter; empty: none yet
	partition item.Value // its own bytes
	bytes     int64      // of its items and of what they call for in local indexes
	unread    bool       // an item in it cannot be read: its size is not known
}

// enterCollection begins a collection when the partition key is another than
// before, and checks the size of the one before.
func (tb *table) enterCollection(partition item.Value) error {
	if !tb.t.HasLocalIndexes() || string(partition) == string(tb.collection.partition) {
		return nil
	}
	if err := tb.closeCollection(); err != nil {
		return err
	}
	c := &tb.collection
	c.key = layout.AppendCollectionKey(c.key[:0], tb.t.ID, partition)
	c.partition = append(c.partition[:0], partition...)
	c.bytes, c.unread = 0, false
	return nil
}

// closeCollection checks the size that is kept of the collection.
func (tb *table) closeCollection() error {
	c := &tb.collection
	if len(c.key) == 0 {
		return nil
	}
	value, found, err := tb.lookUp(c.key)
	if err != nil {
		return err
	}
	if found {
		tb.collections.there++
	}
	if c.unread {
		return nil
	}
	slots, err := readCounters(value, found)
	if err == nil && at(slots, layout.SlotCollectionBytes) == c.bytes {
		return nil
	}
	what := fmt.Sprintf("the collection of %s has %d bytes, and its counter says %d", c.partition, c.bytes, at(slots, layout.SlotCollectionBytes))
	if err != nil {
		what = fmt.Sprintf("the counter of the collection of %s cannot be read: %v", c.partition, err)
	}
	return tb.foundMendable(what, setCounters("counter set", c.key, []int64{c.bytes}))
}

// checkSurplusCollections goes through the sizes of collections, if there are
// more than collections.
func (tb *table) checkSurplusCollections() error {
	if tb.collections.seen == tb.collections.there {
		return nil
	}
	start, end := layout.CollectionRange(tb.t.ID)
	return tb.scan(start, end, func(key, _ []byte) error {
		what, err := tb.surplusCollection(key)
		if err != nil || what == "" {
			return err
		}
		return tb.foundMendable(what, deleteRange("removed", append([]byte(nil), key...), after(key)))
	})
}

// surplusCollection says what is wrong with the counter of a collection that
// has no items; "" if it has some.
func (tb *table) surplusCollection(key []byte) (what string, err error) {
	if !tb.t.HasLocalIndexes() {
		return fmt.Sprintf("there is a counter of a collection, and no local index: %x", key), nil
	}
	partition, _ := tb.keyKinds()
	values, err := layout.PlaceOf(key).KeyValues(partition, nil)
	if err != nil {
		return fmt.Sprintf("the key of the counter of a collection cannot be read: %x", key), nil
	}
	prefix := layout.AppendItemKey(nil, tb.t.ID, values[0], nil)
	first, err := tb.first(prefix, layout.PrefixEnd(prefix))
	if err != nil || first != nil {
		return "", err
	}
	return fmt.Sprintf("there is a counter of the collection of %s, which has no items", values[0]), nil
}

// readCounters returns the counters in a value; none, where there is no value.
func readCounters(value []byte, found bool) ([]int64, error) {
	if !found {
		return nil, nil
	}
	slots, err := kv.ParseCounters(nil, value)
	if err == nil && len(slots) > 0 && slots[len(slots)-1] == 0 {
		err = errors.New("it ends in a zero")
	}
	return slots, err
}

// at returns a counter of a vector that may be shorter.
func at(slots []int64, slot int) int64 {
	if slot >= len(slots) {
		return 0
	}
	return slots[slot]
}
