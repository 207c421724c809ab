package pebble

import (
	"context"
	"errors"
	"hash/maphash"

	engine "github.com/cockroachdb/pebble/v2"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/driver"
)

// Update implements driver.Driver: latch the owned keys, run the body, commit
// with others. The latches are held until the writes are applied; the update is
// answered when they are durable, and with them all that it has built on.
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
	if err == nil {
		err = ctx.Err()
	}
	if err != nil || len(writes.All()) == 0 {
		return tx.answer(err)
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
	waiter  latchWaiter
	seen    *group // the last in flight that it has read from, or nil
	stamp   uint64 // 0: none was asked for

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
	t.request.held, err = t.db.latches.acquire(t.ctx, t.stripes, &t.waiter)
	return err
}

func (t *tx) unlatch() {
	t.db.latches.release(t.request.held)
	t.request.held = nil
}

// answer returns the outcome of an update that writes nothing, when that on
// which it rests is durable.
func (t *tx) answer(outcome error) error {
	if t.seen == nil {
		return outcome
	}
	t.unlatch()
	if _, err := t.seen.wait(t.ctx); err != nil {
		return err
	}
	if t.seen.err != nil {
		return t.seen.err
	}
	return outcome
}

// saw notes that what was read may come from the group.
func (t *tx) saw(g *group) {
	if g != nil && (t.seen == nil || t.seen.number < g.number) {
		t.seen = g
	}
}

// release gives back what the update holds. Its writes are durable, and so its
// stamp is settled; who had the latches next has a greater one.
func (t *tx) release() {
	if t.stamp != 0 && !t.unsettled {
		t.db.stamps.settle(t.stamp)
	}
	t.unlatch()
	t.ctx, t.seen, t.stamp, t.unsettled = nil, nil, 0, false
	t.db.txs.Put(t)
}

// Get implements driver.Tx. It reads what is applied.
func (t *tx) Get(key, dst []byte) ([]byte, error) {
	if err := t.ctx.Err(); err != nil {
		return dst, err
	}
	value, err := t.db.getApplied(key, dst)
	t.saw(t.db.commits.touching(key))
	return value, err
}

// Head implements driver.Tx. What is remembered of a key is what is applied, as
// long as the update owns the key.
func (t *tx) Head(key []byte) (head driver.Head, read bool, err error) {
	if err := t.ctx.Err(); err != nil {
		return head, false, err
	}
	place := t.db.commits.heads.place(key)
	found := t.db.commits.heads.find(place)
	known := found.knownHead
	if !found.known {
		known, err = t.readHead(key, place, found.since)
	}
	t.saw(t.db.commits.touching(key))
	if err == nil && !known.present {
		err = kv.ErrNotFound
	}
	return known.Head, !found.known, err
}

// readHead reads how the value at key begins, and remembers it.
func (t *tx) readHead(key []byte, place headPlace, since uint64) (knownHead, error) {
	found := knownHead{}
	value, closer, err := t.db.engine.Get(key)
	switch {
	case err == nil:
		found = knownHead{driver.HeadOf(value), true}
		_ = closer.Close()
	case !errors.Is(err, engine.ErrNotFound):
		return found, readError(err)
	}
	t.db.commits.heads.learn(place, found, nil, since)
	return found, nil
}

// Scan implements driver.Tx.
func (t *tx) Scan(start, end []byte, reverse bool) driver.Iterator {
	entries := scan(t.db.engine, start, end, reverse)
	t.saw(t.db.commits.inflight.Load())
	return entries
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
