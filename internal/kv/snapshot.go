package kv

import (
	"context"

	"github.com/gramme-db/gramme/internal/kv/driver"
)

// Snapshot is a view of the store that does not move. It is safe for concurrent
// use. It holds back the store's Close, and old versions of what it shows, until
// it is closed.
type Snapshot struct {
	store *Store
	view  driver.Snapshot
}

// Get appends the value at key to dst and returns the result. It returns
// ErrNotFound when there is none.
func (s *Snapshot) Get(key, dst []byte) ([]byte, error) {
	if err := checkKey(key); err != nil {
		return dst, err
	}
	value, err := s.view.Get(key, dst)
	s.store.counts.get(key, len(value)-len(dst))
	return value, err
}

// Scan goes through the keys in [start, end), upwards or, in reverse, from the
// last one down. An empty start is the beginning of the store, a nil end its
// end. The iterator has to be closed.
func (s *Snapshot) Scan(start, end []byte, reverse bool) *Iterator {
	it := &Iterator{store: s.store}
	if start, end, ok := bounds(start, end); ok {
		it.entries = s.view.Scan(start, end, reverse)
	}
	return it
}

// Close ends the view. Its iterators are closed before. It is called once.
func (s *Snapshot) Close() {
	_ = s.view.Close() // nothing was written, so nothing is lost
	s.store.gate.leave()
}

// Iterator goes through entries in order:
//
//	it := snapshot.Scan(start, end, false)
//	defer it.Close()
//	for it.Next() {
//		... it.Key(), it.Value()
//	}
//	return it.Err()
//
// It is for one goroutine.
type Iterator struct {
	store   *Store
	entries driver.Iterator // nil: there are none, or the iterator is closed
	err     error
	seen    int64
	bytes   int64
	gated   bool // it is inside the store's gate by itself, not with a snapshot or an update
}

// begin begins a scan that stands by itself.
func (it *Iterator) begin(ctx context.Context, s *Store, start, end []byte, reverse bool) {
	if !s.gate.enter() {
		it.err = ErrClosed
		return
	}
	it.store, it.gated = s, true
	if start, end, ok := bounds(start, end); ok {
		it.entries, it.err = s.driver.Scan(ctx, start, end, reverse)
	}
}

// Next goes to the next entry, and reports whether there is one.
func (it *Iterator) Next() bool {
	if it.entries == nil || !it.entries.Next() {
		return false
	}
	it.seen++
	it.bytes += int64(len(it.entries.Key()) + len(it.entries.Value()))
	return true
}

// Key returns the entry's key. It is the iterator's, and valid until the next
// call of Next or Close.
func (it *Iterator) Key() []byte { return it.entries.Key() }

// Value returns the entry's value, which is valid as long as Key is.
func (it *Iterator) Value() []byte { return it.entries.Value() }

// Err returns what ended the scan early, if anything did.
func (it *Iterator) Err() error {
	if it.entries == nil {
		return it.err
	}
	return it.entries.Err()
}

// Close ends the scan. Err goes on to work. Closing again does nothing.
func (it *Iterator) Close() {
	if it.store == nil {
		return
	}
	if it.entries != nil {
		it.err = it.entries.Err()
		if err := it.entries.Close(); it.err == nil {
			it.err = err
		}
	}
	it.store.counts.scan(it.seen, it.bytes)
	if it.gated {
		it.store.gate.leave()
	}
	it.store, it.entries = nil, nil
}
