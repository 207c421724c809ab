package check

import (
	"fmt"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// strays are the entries of an index number that the table does not have, as
// many as were seen so far.
type strays struct {
	index uint16
	seen  int64
}

// countEntry takes an entry that the pass over the keys has come to.
func (tb *table) countEntry(number uint16) error {
	if x := tb.index(number); x != nil {
		x.seen++
		return nil
	}
	if tb.strays.index != number {
		if err := tb.closeStrays(); err != nil {
			return err
		}
		tb.strays.index = number
	}
	tb.strays.seen++
	return nil
}

// closeStrays reports the strays of one number.
func (tb *table) closeStrays() error {
	s := tb.strays
	tb.strays = strays{}
	if s.seen == 0 {
		return nil
	}
	prefix := layout.AppendIndexPrefix(nil, tb.t.ID, s.index)
	return tb.foundMendable(fmt.Sprintf("%s of an index of the number %d, which is not there", count(s.seen, "key", "keys"), s.index),
		deleteRange("removed", prefix, layout.PrefixEnd(prefix)))
}

// checkSurplusEntries goes through the indexes that have more entries than
// items call for. One that is being deleted is left to whoever deletes it.
func (tb *table) checkSurplusEntries() error {
	for i := range tb.indexes {
		x := &tb.indexes[i]
		if x.seen == x.there || !x.Maintained() {
			continue
		}
		prefix := layout.AppendIndexPrefix(nil, tb.t.ID, x.Number)
		err := tb.scan(prefix, layout.PrefixEnd(prefix), func(key, _ []byte) error {
			return tb.checkCalledFor(x, key)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// checkCalledFor reports an entry that no item calls for. It goes by the
// entry's key alone. The entry of an item that cannot be read is let be.
func (tb *table) checkCalledFor(x *index, key []byte) error {
	values, err := layout.PlaceOf(key).KeyValues(tb.entryKinds(x))
	if err != nil {
		return tb.surplus(x, key, fmt.Sprintf("%x, which is no key of it", key))
	}
	k := tb.keyInEntry(x, values)
	itemKey := layout.AppendItemKey(nil, tb.t.ID, k.Partition, k.Sort)
	record, found, err := tb.lookUp(itemKey)
	if err != nil {
		return err
	}
	if !found {
		return tb.surplus(x, key, fmt.Sprintf("an entry of the item %s, which is not there", tb.keyText(k)))
	}
	it, _, _, fault := tb.readItem(itemKey, record)
	if fault != "" {
		return nil
	}
	if want, _ := tb.t.Entry(x.Index, schema.ImageOf(it)); string(want) == string(key) {
		return nil
	}
	return tb.surplus(x, key, fmt.Sprintf("an entry of the item %s that the item does not call for, at %x", tb.keyText(k), key))
}

func (tb *table) surplus(x *index, key []byte, what string) error {
	return tb.foundMendable(fmt.Sprintf("index %s has %s", x.Name, what), deleteKey("removed", key))
}

// entryKinds returns the kinds of the key values of an index's entries.
func (tb *table) entryKinds(x *index) (partition, others []item.Kind) {
	for _, k := range x.Partition {
		partition = append(partition, k.Kind)
	}
	for _, k := range x.Sort {
		others = append(others, k.Kind)
	}
	base, sort := tb.keyKinds()
	if !x.Local {
		others = append(others, base...)
	}
	return partition, append(others, sort...)
}

// keyInEntry returns the key of the item that an entry with these key values is
// of.
func (tb *table) keyInEntry(x *index, values []item.Value) schema.Key {
	own := len(x.Partition) + len(x.Sort)
	if !x.Local {
		return keyOf(values[own:])
	}
	return keyOf(append(values[:1:1], values[own:]...))
}
