package dynamodb

import (
	"context"

	"github.com/gramme-db/gramme/internal/kv"
)

// writeBatch is a BatchWriteItem under way. Its writes are done in as few
// updates as hold them: one, as a rule, which costs one wait for the disk and
// shows all of them at once.
type writeBatch struct {
	service  *Service
	writes   []batchWrite
	capacity batchCapacity
	metrics  batchMetrics
}

// run does the writes. The caller holds the gates of all tables. Writes of items
// that a transaction is at work on stay undone. An error means that nothing has
// been done; when a part of the writes has, the others stay undone, and whoever
// sends them again meets what is in their way.
func (b *writeBatch) run(ctx context.Context) error {
	free := b.begin()
	defer b.end(free)
	for done := 0; done < len(free); {
		part := free[done:]
		part = part[:lengthOfPart(part)]
		if err := b.update(ctx, part); err != nil {
			if done > 0 {
				return nil
			}
			return err
		}
		for _, w := range part {
			b.finish(w)
		}
		done += len(part)
	}
	return nil
}

// begin notes what is going to be written, and returns it: all but the items
// that transactions are at work on.
func (b *writeBatch) begin() []*batchWrite {
	free := make([]*batchWrite, 0, len(b.writes))
	c := &b.service.conflicts
	for i := range b.writes {
		w := &b.writes[i]
		w.hash = c.hash(w.itemKey)
		if c.beginWrite(w.hash) {
			free = append(free, w)
		}
	}
	return free
}

func (b *writeBatch) end(begun []*batchWrite) {
	for _, w := range begun {
		b.service.conflicts.endWrite(w.hash)
	}
}

// lengthOfPart returns how many writes from the first on go into one update.
func lengthOfPart(writes []*batchWrite) int {
	total := 0
	for i, w := range writes {
		total += len(w.put) * (1 + len(w.table.Indexes))
		if total > batchUpdateBytesMax && i > 0 {
			return i
		}
	}
	return len(writes)
}

// update does a part of the writes: all of them or none. When it would make a
// collection too large, it does none: AWS has no word for a single request that
// it refuses so.
func (b *writeBatch) update(ctx context.Context, part []*batchWrite) error {
	own, outcomes := make([][]byte, len(part)), make([]*outcome, len(part))
	for i, w := range part {
		own[i], outcomes[i] = w.itemKey, &w.outcome
	}
	return b.service.store.Update(ctx, own, func(tx *kv.Tx) error {
		for _, w := range part {
			if err := w.plan(tx); err != nil {
				return err
			}
		}
		if err := b.service.checkCollections(ctx, outcomes...); err != nil {
			return err
		}
		for i, w := range part {
			if err := w.outcome.store(tx, b.service.note(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

// plan takes up what is there and what shall be there.
func (w *batchWrite) plan(tx *kv.Tx) error {
	w.outcome = outcome{table: w.table, key: w.key, itemKey: w.itemKey, blind: !w.table.Derives()}
	if err := w.outcome.read(tx); err != nil {
		return err
	}
	return w.outcome.plan(tx, w.put)
}

// finish counts a write that has been done, and lets go of what it has read.
func (b *writeBatch) finish(w *batchWrite) {
	w.done = true
	b.service.tell(&w.outcome)
	b.capacity.addWrite(w.place, &w.outcome)
	b.metrics.add(w)
	w.outcome = outcome{}
}
