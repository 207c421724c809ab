package check

import (
	"bytes"
	"fmt"

	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// expiries is what is known of the table's expiry index.
type expiries struct {
	cursor []byte // while it is being built: the items up to this key are in it
	there  int64  // expiries that items call for and that were found in their place
	seen   int64  // expiries under the table
}

// checkExpiryOf looks up the expiry that an item calls for.
func (tb *table) checkExpiryOf(itemKey []byte, k schema.Key, im schema.Image) error {
	key := tb.t.Expiry(itemKey, im.Item)
	if key == nil {
		return nil
	}
	value, found, err := tb.lookUp(key)
	if err != nil {
		return err
	}
	written := setKey("expiry written", key, nil)
	switch {
	case found:
		tb.expiries.there++
		if len(value) > 0 {
			return tb.foundMendable(fmt.Sprintf("the expiry of the item %s has a value", tb.keyText(k)), written)
		}
		return nil
	case tb.t.BuildsExpiries() && bytes.Compare(itemKey, tb.expiries.cursor) > 0:
		return nil // the one who builds it has not come to the item
	}
	return tb.foundMendable(fmt.Sprintf("the expiry of the item %s is missing", tb.keyText(k)), written)
}

// checkSurplusExpiries goes through the expiries, if there are more than items
// call for.
func (tb *table) checkSurplusExpiries() error {
	if tb.expiries.seen == tb.expiries.there {
		return nil
	}
	all := layout.AllExpiries(tb.t.ID)
	if !tb.t.Expires() {
		return tb.foundMendable(count(tb.expiries.seen, "expiry", "expiries")+", and items of the table do not expire",
			deleteRange("removed", all.Start, all.End))
	}
	return tb.scan(all.Start, all.End, func(key, _ []byte) error { return tb.checkExpiryCalledFor(key) })
}

// checkExpiryCalledFor reports an expiry that no item calls for. That of an
// item that cannot be read is let be.
func (tb *table) checkExpiryCalledFor(key []byte) error {
	place := layout.PlaceOf(key)
	values, err := place.KeyValues(tb.keyKinds())
	if err != nil {
		return tb.foundMendable(fmt.Sprintf("an expiry leads to no key of the table: %x", key), deleteKey("removed", key))
	}
	k := keyOf(values)
	itemKey := layout.AppendItemKey(nil, tb.t.ID, k.Partition, k.Sort)
	record, found, err := tb.lookUp(itemKey)
	if err != nil {
		return err
	}
	if !found {
		return tb.foundMendable(fmt.Sprintf("there is an expiry of the item %s, which is not there", tb.keyText(k)), deleteKey("removed", key))
	}
	it, _, _, fault := tb.readItem(itemKey, record)
	if fault != "" || bytes.Equal(tb.t.Expiry(itemKey, it), key) {
		return nil
	}
	return tb.foundMendable(fmt.Sprintf("there is an expiry of the item %s at %d, which the item does not call for", tb.keyText(k), place.Time),
		deleteKey("removed", key))
}

// mark takes the mark of a table with time to live.
func (c *checker) mark(key, value []byte) error {
	id, d, err := layout.ParseExpiring(key, value)
	if err != nil {
		return c.foundMendable(fmt.Sprintf("the mark of a table with time to live cannot be read: %x", key), deleteKey("removed", key))
	}
	t := c.tableOf(id)
	if t == nil && (c.unclear || c.passed[id]) {
		return nil // it may be that of a table which was not checked
	}
	name := nameOf(d.Account, d.Region, d.Name)
	if t == nil || tableName(t) != name || !t.Expires() || isDeleted(t) {
		return c.foundMendable(fmt.Sprintf("table %s of the id %d is marked as one with time to live, and has none", name, id), deleteKey("removed", key))
	}
	c.marked[id] = true
	return nil
}

// checkMarks reports the tables whose items nobody looks at when they expire.
func (c *checker) checkMarks() error {
	for _, t := range c.tables {
		if !t.Expires() || isDeleted(t) || c.marked[t.ID] {
			continue
		}
		d := layout.DescriptorKey{Account: t.Account, Region: t.Region, Name: t.Name}
		err := c.foundMendable(fmt.Sprintf("table %s has time to live, and no mark that leads to it", tableName(t)),
			setKey("mark written", layout.AppendExpiringKey(nil, t.ID), layout.AppendExpiring(nil, d)))
		if err != nil {
			return err
		}
	}
	return nil
}
