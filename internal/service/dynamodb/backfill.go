package dynamodb

import (
	"bytes"
	"context"
	"errors"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// A backfill goes through a table's items in the order of their keys and puts
// their entries into an index that was made after them. Since the index was
// made, each write keeps it; so for each item one of both holds, and the
// backfill only ever turns the first into the second:
//
//   - no write came since, and the index has nothing of the item;
//   - the index has exactly the item's entry, or nothing if the item is not to
//     be in it.
//
// An entry is there or not: that tells the cases apart, and is looked up by the
// backfill before it puts and counts an entry, and by a write before it counts
// the entry of the old item as gone (see outcome.forgetUnbuilt). Both own the
// item's key. Expiries are not counted, hence need no looking up.

// batch is a run of items, as a snapshot shows them.
type batch struct {
	of   subject
	keys [][]byte // of the items that the index is to have
	upTo []uint64 // for each of them, the items in the run up to it
	seen uint64   // items in the run
	last []byte   // the key of the last of them
	end  bool     // nothing comes after
}

// backfill does one batch, and makes the index active when that was the last.
func (x *indexer) backfill(ctx context.Context, j job, s subject) error {
	if len(j.Cursor) == 0 {
		x.logger.Info("index backfill begins", "table", s.table.Name, "index", s.name())
	}
	b, err := x.nextBatch(ctx, j, s)
	if err != nil {
		return err
	}
	if b.seen > 0 {
		if j, err = x.put(ctx, j, b); err != nil {
			return err
		}
	}
	if !b.end || !bytes.Equal(j.Cursor, b.last) && b.seen > 0 {
		return nil
	}
	err = x.settle(ctx, j, s.ref, func(_ *kv.Tx, now subject) error {
		if !now.building() || !now.same(s) {
			return errJobMoved
		}
		now.built()
		return nil
	})
	if err == nil {
		x.logger.Info("index backfill complete", "table", s.table.Name, "index", s.name(), "items", j.Items, "entries", j.Entries)
	}
	return err
}

// nextBatch reads the batch behind the job's cursor. An item that is not to be
// in the index now needs no look later: whoever changes that writes the entry.
func (x *indexer) nextBatch(ctx context.Context, j job, s subject) (batch, error) {
	snap, err := x.catalog.store.Snapshot(ctx)
	if err != nil {
		return batch{}, err
	}
	defer snap.Close()
	items := layout.Segment{}.Items(j.Table)
	if len(j.Cursor) > 0 {
		items.Start = items.After(j.Cursor).Start
	}
	it := snap.Scan(items.Start, items.End, false)
	defer it.Close()
	b := batch{of: s}
	wanted, seen := 0, 0 // bytes
	for len(b.keys) < x.itemsMax && wanted < backfillBytesMax && b.seen < backfillSeenMax && seen < backfillSeenBytesMax {
		if !it.Next() {
			b.end = true
			break
		}
		stored, _, err := layout.ParseRecord(it.Value())
		if err != nil {
			return batch{}, err
		}
		b.seen++
		seen += len(it.Value())
		b.last = append(b.last[:0], it.Key()...)
		if s.holds(stored) {
			wanted += len(it.Value())
			b.keys, b.upTo = append(b.keys, bytes.Clone(it.Key())), append(b.upTo, b.seen)
		}
	}
	return b, it.Err()
}

// put puts the entries of a batch's items, as the items are now, and moves the
// job's cursor behind them, in one update. It returns the job as it is then.
// Items that have grown since the batch was read may be left to the next one.
func (x *indexer) put(ctx context.Context, j job, b batch) (job, error) {
	before := j.Percent()
	var after job
	var name string
	err := x.update(ctx, j, b.keys, func(tx *kv.Tx, s subject) error {
		if !s.building() || !s.same(b.of) {
			return errJobMoved
		}
		done, added, err := putEntries(tx, s, b.keys)
		if err != nil {
			return err
		}
		after = job{Job: j.Job, key: j.key}
		after.Items, after.Entries, after.Cursor = j.Items+b.seen, j.Entries+added, b.last
		if done < len(b.keys) {
			after.Items, after.Cursor = j.Items+b.upTo[done-1], b.keys[done-1]
		}
		after.stored = layout.AppendJob(nil, after.Job)
		name = s.name()
		return tx.Set(after.key, after.stored)
	})
	if err == nil && after.Percent()/10 > before/10 {
		x.logger.Info("index backfill", "table", j.Descriptor.Name, "index", name, "percent", after.Percent(), "items", after.Items, "entries", after.Entries)
	}
	return after, err
}

// putEntries puts and counts the entries that the index does not have of items.
// The update owns the items' keys. It stops when it has written enough, and
// returns how many of the items are done.
func putEntries(tx *kv.Tx, s subject, keys [][]byte) (done int, added uint64, err error) {
	var billed int64
	written := 0
	for ; done < len(keys) && written < backfillBytesMax; done++ {
		n, size, err := putEntry(tx, s, keys[done])
		if err != nil {
			return 0, 0, err
		}
		if n > 0 {
			added++
			billed += int64(size)
			written += n
		}
	}
	if added > 0 && s.index != nil {
		counters := layout.AppendCountersKey(nil, s.table.ID)
		tx.Add(counters, 2*int(s.index.Number), int64(added))
		tx.Add(counters, 2*int(s.index.Number)+1, billed)
	}
	return done, added, nil
}

// putEntry puts the entry of one item, unless it is there. It returns the bytes
// that it wrote and the billed size, both 0 when nothing was to be put.
func putEntry(tx *kv.Tx, s subject, itemKey []byte) (written, size int, err error) {
	stored, err := tx.Get(itemKey, nil)
	if errors.Is(err, kv.ErrNotFound) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	it, itemSize, err := layout.ParseRecord(stored)
	if err != nil {
		return 0, 0, err
	}
	if s.expiry != nil {
		expiry := s.table.Expiry(itemKey, it)
		if expiry == nil {
			return 0, 0, nil
		}
		return len(expiry), 0, tx.Set(expiry, nil)
	}
	key, entry := s.table.Entry(s.index, schema.Image{Item: it, Size: itemSize})
	if key == nil {
		return 0, 0, nil
	}
	if _, err := tx.Get(key, nil); !errors.Is(err, kv.ErrNotFound) {
		return 0, 0, err
	}
	record := layout.AppendRecord(make([]byte, 0, recordHeadBytes+len(entry.Item)), entry.Item, entry.Size)
	return len(record), entry.Size, tx.Set(key, record)
}
