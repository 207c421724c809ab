package pebble

import (
	"context"
	"errors"

	engine "github.com/cockroachdb/pebble/v2"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/driver"
)

// Get implements driver.Driver. It reads first and asks then whether what it
// read is durable: a group is in flight before Pebble shows its writes.
func (d *DB) Get(ctx context.Context, key, dst []byte) ([]byte, error) {
	value, err := d.getApplied(key, dst)
	instead, wait := d.commits.awaitKey(ctx, key)
	switch {
	case wait != nil:
		return dst, wait
	case instead != nil:
		return instead.Get(key, dst)
	}
	return value, err
}

// getApplied appends the value that is applied at a key. If it is small, it is
// remembered. Without syncs it is not: others are answered before it is, and the
// body of an update may read a key of theirs.
func (d *DB) getApplied(key, dst []byte) ([]byte, error) {
	if d.durability != Sync {
		return get(d.engine, key, dst)
	}
	heads := &d.commits.heads
	place := heads.place(key)
	value, found := heads.get(place, dst)
	switch {
	case found.known && !found.present:
		return dst, kv.ErrNotFound
	case found.whole:
		return value, nil
	}
	value, err := get(d.engine, key, dst)
	if read := value[len(dst):]; err == nil && len(read) <= headValueMax {
		heads.learn(place, knownHead{driver.HeadOf(read), true}, read, found.since)
	}
	return value, err
}

// Counters implements driver.Driver.
func (d *DB) Counters(ctx context.Context, key []byte, dst []int64) ([]int64, error) {
	value, err := d.Get(ctx, key, nil)
	if err != nil {
		return dst, err
	}
	slots, err := kv.ParseCounters(dst, value)
	if err != nil {
		return dst, &kv.CorruptionError{Err: err}
	}
	return slots, nil
}

// Snapshot implements driver.Driver.
func (d *DB) Snapshot(ctx context.Context) (driver.Snapshot, error) {
	view := d.engine.NewSnapshot()
	instead, err := d.commits.awaitAll(ctx)
	if instead == nil && err == nil {
		return snapshot{view}, nil
	}
	if err := errors.Join(err, view.Close()); err != nil {
		return nil, err
	}
	return instead, nil
}

// Scan implements driver.Driver. An iterator of Pebble is a view that does not
// move, and costs less than a snapshot.
func (d *DB) Scan(ctx context.Context, start, end []byte, reverse bool) (driver.Iterator, error) {
	entries := scan(d.engine, start, end, reverse)
	instead, err := d.commits.awaitRange(ctx, start, end)
	if instead == nil && err == nil {
		return entries, nil
	}
	if err := errors.Join(err, entries.Close()); err != nil {
		return nil, err
	}
	return instead.Scan(start, end, reverse), nil
}

// snapshot shows what was durable when Snapshot returned it, and nothing else.
type snapshot struct{ view *engine.Snapshot }

// Get implements driver.Snapshot.
func (s snapshot) Get(key, dst []byte) ([]byte, error) { return get(s.view, key, dst) }

// Scan implements driver.Snapshot.
func (s snapshot) Scan(start, end []byte, reverse bool) driver.Iterator {
	return scan(s.view, start, end, reverse)
}

// Close implements driver.Snapshot.
func (s snapshot) Close() error { return s.view.Close() }

func get(from engine.Reader, key, dst []byte) ([]byte, error) {
	value, closer, err := from.Get(key)
	if err != nil {
		return dst, readError(err)
	}
	dst = append(dst, value...)
	_ = closer.Close()
	return dst, nil
}

// scannable is an engine.DB, an engine.Snapshot or a past.
type scannable interface {
	NewIter(o *engine.IterOptions) (*engine.Iterator, error)
}

func scan(from scannable, start, end []byte, reverse bool) driver.Iterator {
	it := &iterator{reverse: reverse}
	it.options.LowerBound, it.options.UpperBound = start, end
	it.entries, it.err = from.NewIter(&it.options)
	return it
}

// iterator is driver.Iterator over Pebble's.
type iterator struct {
	entries *engine.Iterator // nil if it could not be opened
	value   []byte
	err     error
	reverse bool
	started bool
	options engine.IterOptions // Pebble has a copy; it lies here for want of an allocation of its own
}

// Next implements driver.Iterator.
func (it *iterator) Next() bool {
	if it.err != nil || !it.move() {
		return false
	}
	it.value, it.err = it.entries.ValueAndErr()
	return it.err == nil
}

func (it *iterator) move() bool {
	started := it.started
	it.started = true
	switch {
	case !started && it.reverse:
		return it.entries.Last()
	case !started:
		return it.entries.First()
	case it.reverse:
		return it.entries.Prev()
	default:
		return it.entries.Next()
	}
}

// Key implements driver.Iterator.
func (it *iterator) Key() []byte { return it.entries.Key() }

// Value implements driver.Iterator.
func (it *iterator) Value() []byte { return it.value }

// Err implements driver.Iterator.
func (it *iterator) Err() error {
	if it.err == nil && it.entries != nil {
		it.err = it.entries.Error()
	}
	return readError(it.err)
}

// Close implements driver.Iterator.
func (it *iterator) Close() error {
	if it.entries == nil {
		return nil
	}
	return readError(it.entries.Close())
}

// readError says in kv's words why a read failed.
func readError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, engine.ErrNotFound):
		return kv.ErrNotFound
	case !engine.IsCorruptionError(err):
		return err
	}
	return corruption(err)
}

// corruption says in kv's words what Pebble found damaged.
func corruption(err error) *kv.CorruptionError {
	if info := engine.ExtractDataCorruptionInfo(err); info != nil {
		return &kv.CorruptionError{File: info.Path, Err: info.Details} // err is joined to one that only carries info
	}
	return &kv.CorruptionError{Err: oneLine{err}}
}
