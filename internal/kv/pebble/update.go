package pebble

import (
	"context"
	"errors"
	"hash/maphash"

	"github.com/gramme-db/gramme/internal/kv/driver"
)

// Update implements driver.Driver: latch the owned keys, run the body, commit
// with others, release. The latches are held until the writes are durable, so
// an update never builds on what may still be lost.
func (d *DB) Update(ctx context.Context, own [][]byte, body driver.Body) error {
	if err := d.disk.failure(); err != nil {
		return err
	}
	if err := d.admit(ctx); err != nil {
		return err
	}
	defer d.leave()
	tx := d.txs.Get().(*tx)
	defer tx.release()
	tx.ctx = ctx
	if err := tx.latch(own); err != nil {
		return err
	}
	writes, err := body.Run(tx)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil || len(writes.All()) == 0 {
		return err
	}
	tx.request.writes = writes
	err = d.commits.commit(&tx.request)
	tx.request.writes = nil
	tx.unsettled = err != nil && d.disk.frozen()
	return err
}

// admit waits until fewer than updatesMax updates are running.
func (d *DB) admit(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case d.updates <- struct{}{}:
		return nil
	default:
	}
	select {
	case d.updates <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *DB) leave() { <-d.updates }

// tx is an update under way; it is used again and again.
type tx struct {
	db      *DB
	ctx     context.Context // of the update
	request request
	stripes []uint32 // room
	latched []uint32 // held now
	stamp   uint64   // 0: none was asked for

	// unsettled: the update failed, but may be there when the store is opened
	// again. Its stamp stays in flight, and the watermark below it.
	unsettled bool
}

func (t *tx) latch(own [][]byte) error {
	t.stripes = t.stripes[:0]
	for _, key := range own {
		t.stripes = append(t.stripes, uint32(maphash.Bytes(t.db.commits.seed, key)%latchStripes))
	}
	var err error
	t.latched, err = t.db.latches.acquire(t.ctx, t.stripes)
	return err
}

// release gives back what the update holds. The stamp is settled first: who
// has the latches next gets a greater one, and may be seen at once.
func (t *tx) release() {
	if t.stamp != 0 && !t.unsettled {
		t.db.stamps.settle(t.stamp)
	}
	t.db.latches.release(t.latched)
	t.ctx, t.latched, t.stamp, t.unsettled = nil, nil, 0, false
	t.db.txs.Put(t)
}

// Get implements driver.Tx.
func (t *tx) Get(key, dst []byte) ([]byte, error) { return t.db.Get(t.ctx, key, dst) }

// Scan implements driver.Tx.
func (t *tx) Scan(start, end []byte, reverse bool) driver.Iterator {
	entries := scan(t.db.engine, start, end, reverse)
	instead, err := t.db.commits.awaitAll(t.ctx)
	if err == nil && instead == nil {
		return entries
	}
	if err := errors.Join(err, entries.Close()); err != nil {
		return &iterator{err: err}
	}
	return instead.Scan(start, end, reverse)
}

// Stamp implements driver.Tx.
func (t *tx) Stamp() (uint64, error) {
	if t.stamp != 0 {
		return t.stamp, nil
	}
	stamp, err := t.db.stamps.take(t.db.reserveStamps)
	t.stamp = stamp
	return stamp, err
}

// reserveStamps makes it durable that stamps below bound may be handed out.
func (d *DB) reserveStamps(bound uint64) error {
	r := newRequest()
	r.stampBound, r.sync = bound, true
	return d.commits.commit(&r)
}

// Watermark implements driver.Driver.
func (d *DB) Watermark() uint64 { return d.stamps.watermark() }
