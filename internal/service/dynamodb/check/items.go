package check

import (
	"fmt"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// checkItem checks an item, and that the entries that it calls for are there.
func (tb *table) checkItem(place layout.Place, key, record []byte) error {
	it, k, size, fault := tb.readItem(key, record)
	if fault != "" {
		return tb.unreadable(place, key, fault)
	}
	im := schema.ImageOf(it)
	if im.Size != size {
		err := tb.foundMendable(fmt.Sprintf("the item %s has %d bytes, and its record says %d", tb.keyText(k), im.Size, size),
			setKey("size set", key, layout.AppendRecord(nil, it, im.Size)))
		if err != nil {
			return err
		}
	}
	tb.itemBytes += int64(im.Size)
	if err := tb.enterCollection(k.Partition); err != nil {
		return err
	}
	tb.collection.bytes += int64(im.Size)
	if err := tb.checkExpiryOf(key, k, im); err != nil {
		return err
	}
	return tb.checkEntriesOf(key, k, im)
}

// readItem returns the item of a record at a key, its own key and the size that
// the record says; or, as fault, why it is no item of the table.
func (tb *table) readItem(key, record []byte) (it item.Item, k schema.Key, size int, fault string) {
	it, size, err := readRecord(record)
	if err != nil {
		return nil, k, 0, fmt.Sprintf("cannot be read: %v", err)
	}
	k, refusal := tb.t.KeyIn(it)
	if refusal != nil {
		return nil, k, 0, "breaks a rule of the table: " + refusal.Text
	}
	var room [128]byte // of an ordinary key; the record may be in the table's own room
	if want := layout.AppendItemKey(room[:0], tb.t.ID, k.Partition, k.Sort); string(want) != string(key) {
		return nil, k, 0, "holds the key " + tb.keyText(k)
	}
	if n := it.Size(); n > itemBytesMax {
		return nil, k, 0, fmt.Sprintf("has %d bytes, %d are the most", n, itemBytesMax)
	}
	return it, k, size, ""
}

// unreadable reports an item that is not one. Nothing is done about it: what
// it was, and which entries it calls for, is not known.
func (tb *table) unreadable(place layout.Place, key []byte, what string) error {
	tb.unread++
	partition, others := tb.keyKinds()
	values, err := place.KeyValues(partition, others)
	if err != nil {
		return tb.found(fmt.Sprintf("the item at %x, which is no key of the table, %s", key, what))
	}
	k := keyOf(values)
	if err := tb.enterCollection(k.Partition); err != nil {
		return err
	}
	tb.collection.unread = true
	return tb.found(fmt.Sprintf("the item at %s %s", tb.keyText(k), what))
}

// keyOf returns the key that is made of these values: one, or two.
func keyOf(values []item.Value) schema.Key {
	k := schema.Key{Partition: values[0]}
	if len(values) > 1 {
		k.Sort = values[1]
	}
	return k
}

// checkEntriesOf looks up the entries of one item.
func (tb *table) checkEntriesOf(itemKey []byte, k schema.Key, im schema.Image) error {
	for i := range tb.indexes {
		x := &tb.indexes[i]
		if !x.Maintained() {
			continue
		}
		var e entry
		if e.key, e.image = tb.t.Entry(x.Index, im); e.key == nil {
			continue
		}
		record, found, err := tb.lookUp(e.key)
		if err != nil {
			return err
		}
		if !found && x.mayLack(itemKey) {
			continue
		}
		x.called.add(e.image.Size)
		if x.Local {
			tb.collection.bytes += int64(e.image.Size)
		}
		if found {
			x.there++
			err = tb.checkEntry(x, k, e, record)
		} else {
			err = tb.foundMendable(fmt.Sprintf("index %s lacks the entry of the item %s", x.Name, tb.keyText(k)), e.written())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// entry is an index entry as an item calls for it.
type entry struct {
	key   []byte
	image schema.Image
}

func (e entry) written() remedy {
	return setKey("entry written", e.key, layout.AppendRecord(nil, e.image.Item, e.image.Size))
}

// checkEntry checks what an entry holds that is where it should be.
func (tb *table) checkEntry(x *index, k schema.Key, e entry, record []byte) error {
	var what string
	switch it, size, err := readRecord(record); {
	case err != nil:
		what = fmt.Sprintf("cannot be read: %v", err)
	case !it.Equal(e.image.Item):
		what = "does not hold what the index keeps of it"
	case size != e.image.Size:
		what = fmt.Sprintf("has %d bytes, and its record says %d", e.image.Size, size)
	default:
		return nil
	}
	return tb.foundMendable(fmt.Sprintf("index %s: the entry of the item %s %s", x.Name, tb.keyText(k), what), e.written())
}
