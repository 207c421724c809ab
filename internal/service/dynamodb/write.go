package dynamodb

import (
	"bytes"
	"context"
	"errors"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// keyRoomBytes is room for the key of an ordinary item on the stack.
const keyRoomBytes = 128

// outcome is what a write does to one item.
type outcome struct {
	table    *schema.Table
	key      schema.Key
	itemKey  []byte // the key's bytes in the store
	blind    bool   // of what was there the size alone is taken up: old has an empty item
	stored   []byte // the record that was there
	old, new schema.Image
	entries  []schema.EntryChange

	collection *collection // that the item is in; nil for tables without local indexes

	shard *schema.JournalShard // that has got the change record; nil: there is none
	upper bool                 // the item's hash is in the upper half of the shard's
}

// write changes the item at a key, durably: it reads what is there, lets decide
// say what shall be there, and stores it together with the index entries and
// counts that follow from it. decide gets nil for an item that is not there and
// returns nil for one that shall not be; an error of its leaves all as it was.
// It may run more than once. The caller holds the table's gate. An item that a
// transaction is at work on is refused with TransactionConflictException.
//
// It costs one engine read, for the size that was there counts in the table's
// totals; a table with local indexes costs one more, for the collection's size,
// and a changed entry of an index that is being built another.
func (s *Service) write(ctx context.Context, t *schema.Table, key schema.Key, decide decision) (outcome, error) {
	return s.writeOne(ctx, outcome{table: t, key: key}, decide)
}

// overwrite is write for a decide that does not look at what is there. Unless
// something else follows from that, its size is enough, which costs a read only
// the first time.
func (s *Service) overwrite(ctx context.Context, t *schema.Table, key schema.Key, decide decision) (outcome, error) {
	return s.writeOne(ctx, outcome{table: t, key: key, blind: !t.Derives()}, decide)
}

// decision says what shall be there in the place of an item.
type decision func(old item.Item) (item.Item, error)

func (s *Service) writeOne(ctx context.Context, done outcome, decide decision) (outcome, error) {
	var room [keyRoomBytes]byte
	itemKey := layout.AppendItemKey(room[:0], done.table.ID, done.key.Partition, done.key.Sort)
	hash := s.conflicts.hash(itemKey)
	if !s.conflicts.beginWrite(hash) {
		return outcome{}, transactionConflict()
	}
	defer s.conflicts.endWrite(hash)
	err := s.store.Update(ctx, [][]byte{itemKey}, func(tx *kv.Tx) error {
		done = outcome{table: done.table, key: done.key, itemKey: itemKey, blind: done.blind}
		if err := done.read(tx); err != nil {
			return err
		}
		new, err := decide(done.old.Item)
		if err != nil {
			return err
		}
		if err := done.plan(tx, new); err != nil {
			return err
		}
		if err := s.checkCollections(ctx, &done); err != nil {
			return err
		}
		return done.store(tx, s.note(0))
	})
	if err == nil {
		s.tell(&done)
	}
	return done, err
}

// read takes up what is there.
func (o *outcome) read(tx *kv.Tx) (err error) {
	if o.blind {
		return o.readSize(tx)
	}
	o.stored, err = tx.Get(o.itemKey, nil)
	if err != nil && !errors.Is(err, kv.ErrNotFound) {
		return err
	}
	o.old.Item, o.old.Size, err = layout.ParseRecord(o.stored)
	return err
}

// readSize takes up how large what is there is.
func (o *outcome) readSize(tx *kv.Tx) error {
	head, err := tx.Head(o.itemKey)
	if errors.Is(err, kv.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	o.old.Item = item.Item{}
	o.old.Size, err = layout.ParseRecordSize(head.Bytes())
	return err
}

// plan takes up what shall be there, and what follows from it for the indexes.
func (o *outcome) plan(tx *kv.Tx, new item.Item) error {
	o.new = schema.ImageOf(new)
	o.entries = o.table.PlanIndexes(o.old, o.new)
	return o.forgetUnbuilt(tx)
}

// forgetUnbuilt takes the old entries out of the changes that an index which is
// being built does not have yet: they are not to be counted as gone.
func (o *outcome) forgetUnbuilt(tx *kv.Tx) error {
	if x := o.table.Unsettled(); x == nil || !x.Building() {
		return nil
	}
	kept := o.entries[:0]
	for _, c := range o.entries {
		if c.Index.Building() && c.OldKey != nil {
			_, err := tx.Get(c.OldKey, nil)
			if err != nil && !errors.Is(err, kv.ErrNotFound) {
				return err
			}
			if err != nil {
				c.OldKey, c.Old = nil, schema.Image{}
			}
		}
		if c.OldKey != nil || c.NewKey != nil {
			kept = append(kept, c)
		}
	}
	o.entries = kept
	return nil
}

// store writes the outcome, and notes the change in the table's journal. What is
// known to be as it was is not written again.
func (o *outcome) store(tx *kv.Tx, n note) error {
	if o.new.Item == nil {
		if o.old.Item == nil {
			return nil
		}
		if err := tx.Delete(o.itemKey); err != nil {
			return err
		}
		return o.storeRest(tx, n)
	}
	if o.old.Item != nil && o.new.Size == o.old.Size && bytes.Equal(o.new.Item, o.old.Item) {
		return nil
	}
	if err := setRecord(tx, o.itemKey, o.new); err != nil {
		return err
	}
	return o.storeRest(tx, n)
}

// storeRest writes what follows from the change of the item.
func (o *outcome) storeRest(tx *kv.Tx, n note) error {
	if err := o.record(tx, n); err != nil {
		return err
	}
	return o.storeEntries(tx)
}

// setRecord stores an item, or an index entry.
func setRecord(tx *kv.Tx, key []byte, im schema.Image) error {
	return tx.SetTo(key, recordHeadBytes+len(im.Item), func(dst []byte) []byte {
		return layout.AppendRecord(dst, im.Item, im.Size)
	})
}

// recordHeadBytes is the most that a record has before the item.
const recordHeadBytes = 8

// storeEntries writes the changes of index entries, and counts.
func (o *outcome) storeEntries(tx *kv.Tx) error {
	var room [keyRoomBytes]byte
	counters := layout.AppendCountersKey(room[:0], o.table.ID)
	count(tx, counters, layout.SlotItems, o.old, o.new)
	for i := range o.entries {
		c := &o.entries[i]
		if c.OldKey != nil && !bytes.Equal(c.OldKey, c.NewKey) {
			if err := tx.Delete(c.OldKey); err != nil {
				return err
			}
		}
		if c.NewKey != nil {
			if err := setRecord(tx, c.NewKey, c.New); err != nil {
				return err
			}
		}
		count(tx, counters, 2*int(c.Index.Number), c.Old, c.New)
	}
	if o.table.HasLocalIndexes() {
		tx.Add(layout.AppendCollectionKey(nil, o.table.ID, o.key.Partition), layout.SlotCollectionBytes, o.collectionGrowth())
	}
	return o.storeExpiry(tx)
}

// count adds a change to the pair of counters, of a number and of bytes, that
// begins at a slot.
func count(tx *kv.Tx, counters []byte, slot int, old, new schema.Image) {
	if n := int64(one(new)) - int64(one(old)); n != 0 {
		tx.Add(counters, slot, n)
	}
	if n := int64(new.Size - old.Size); n != 0 {
		tx.Add(counters, slot+1, n)
	}
}

// one counts an image.
func one(im schema.Image) int {
	if im.Item == nil {
		return 0
	}
	return 1
}
