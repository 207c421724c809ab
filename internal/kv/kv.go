// Package kv is the contract between Gramme's services and the storage engine
// under them: ordered byte keys, snapshots, serializable updates, commuting
// counters and commit stamps. It is the only place where state lives. It knows
// nothing of what keys and values mean (that is kv/layout) and does no I/O of
// its own: a Store is shared logic over a driver.Driver, which is kv/pebble or
// kv/memory. Called by the services; opened and closed by the server.
//
// What holds for every engine, and is tested for each by kv/kvtest:
//
//   - A read sees every update that returned before it began, and nothing that
//     a crash could still take back.
//   - Updates that own a common key are serializable: they happen one after the
//     other, and each sees all of the ones before. Keys that an update writes
//     without owning must be written by the owner of some other key only, as
//     the entries of an index are by the owner of their item.
//   - Stamps of two updates with a common owned key are ordered as they are,
//     and a stamp never comes twice. A reader that has taken everything up to
//     Watermark misses nothing that appears later.
//   - Counters are added to without owning them and without waiting.
//
// Keys that begin with EnginePrefix belong to the engine:
//
//	+------+------------------------------+
//	| 0x00 | the engine's; see kv/pebble  |
//	| 1    |                              |
//	+------+------------------------------+
//
// A Store refuses them, and no scan shows them.
package kv

import (
	"context"
	"errors"
	"sync"

	"github.com/gramme-db/gramme/internal/kv/driver"
)

// EnginePrefix is the first byte of the engine's own keys.
const EnginePrefix = 0x00

// Head is how a value begins: its first 5 bytes, or all of it if it is shorter.
type Head = driver.Head

// Stamp is a commit stamp. 0 is none.
type Stamp uint64

// Metrics are the engine's figures for operators.
type Metrics = driver.Metrics

// Store is an open store. It is safe for concurrent use.
type Store struct {
	driver driver.Driver
	gate   gate
	counts tally
	stamps stamped
	txs    sync.Pool // *Tx
}

// Open returns a Store over d. The Store closes d.
func Open(d driver.Driver) *Store {
	s := &Store{driver: d}
	s.gate.init()
	s.txs.New = func() any { return &Tx{store: s} }
	return s
}

// Close waits for what is running and for open snapshots and iterators to be
// closed, then closes the engine. Everything begun later returns ErrClosed.
func (s *Store) Close() error {
	if !s.gate.shut() {
		return ErrClosed
	}
	return s.driver.Close()
}

// Get appends the value at key to dst and returns the result. It returns
// ErrNotFound when there is none.
func (s *Store) Get(ctx context.Context, key, dst []byte) ([]byte, error) {
	if err := checkKey(key); err != nil {
		return dst, err
	}
	if !s.gate.enter() {
		return dst, ErrClosed
	}
	defer s.gate.leave()
	value, err := s.driver.Get(ctx, key, dst)
	s.counts.get(key, len(value)-len(dst))
	return value, err
}

// Counters returns the counters at key. A slot beyond the last is 0; with no
// counter but zeros it returns ErrNotFound.
func (s *Store) Counters(ctx context.Context, key []byte) ([]int64, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if !s.gate.enter() {
		return nil, ErrClosed
	}
	defer s.gate.leave()
	s.counts.get(key, 0)
	return s.driver.Counters(ctx, key, nil)
}

// Snapshot opens a view of the store as it is now. The context is for opening
// it and for what is read through it.
func (s *Store) Snapshot(ctx context.Context) (*Snapshot, error) {
	if !s.gate.enter() {
		return nil, ErrClosed
	}
	view, err := s.driver.Snapshot(ctx)
	if err != nil {
		s.gate.leave()
		return nil, err
	}
	return &Snapshot{store: s, view: view}, nil
}

// Scan goes through the keys in [start, end) as they are now: the view does not
// move. It is what to use where one scan is all that a snapshot would be for, and
// costs less. It waits only for updates that may write such keys, as Get does; see
// StemBytes. Bounds are as in Snapshot.Scan. The iterator holds back the store's
// Close until it is closed, which it has to be. Its Err also tells why the scan
// could not begin.
func (s *Store) Scan(ctx context.Context, start, end []byte, reverse bool) *Iterator {
	it := new(Iterator)
	it.begin(ctx, s, start, end, reverse)
	return it
}

// Update runs fn against a transaction that owns the given keys, and commits
// what it wrote: all of it or nothing. It is durable when Update returns nil.
//
// An error of fn aborts, and is returned as it is. fn may run more than once,
// must not keep tx, and must not call Update: it would wait for itself. The
// context aborts the update until its commit is under way; from there on the
// outcome is waited for, so that what was written is not reported as failed.
func (s *Store) Update(ctx context.Context, own [][]byte, fn func(tx *Tx) error) error {
	for _, key := range own {
		if err := checkKey(key); err != nil {
			return err
		}
	}
	if !s.gate.enter() {
		return ErrClosed
	}
	defer s.gate.leave()
	tx := s.txs.Get().(*Tx)
	tx.fn = fn
	err := s.driver.Update(ctx, own, (*body)(tx))
	s.counts.update(tx.writes.Size(), err)
	if tx.stamped {
		s.stamps.tell()
	}
	tx.reset()
	s.txs.Put(tx)
	return err
}

// DeleteRange deletes all keys in [start, end). It costs one write, however
// many there are. No key is owned meanwhile: keys that are written at the same
// time may survive.
func (s *Store) DeleteRange(ctx context.Context, start, end []byte) error {
	return s.Update(ctx, nil, func(tx *Tx) error {
		return tx.DeleteRange(start, end)
	})
}

// EstimateSize returns about how many bytes [start, end) takes on disk. What
// was written lately may be left out. Bounds are as in Snapshot.Scan.
func (s *Store) EstimateSize(start, end []byte) (uint64, error) {
	if !s.gate.enter() {
		return 0, ErrClosed
	}
	defer s.gate.leave()
	inspector, ok := s.driver.(driver.Inspector)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	start, end, ok = bounds(start, end)
	if !ok {
		return 0, nil
	}
	return inspector.EstimateSize(start, end)
}

// Metrics returns the engine's figures, zero when the store is closed.
func (s *Store) Metrics() Metrics {
	if !s.gate.enter() {
		return Metrics{}
	}
	defer s.gate.leave()
	inspector, ok := s.driver.(driver.Inspector)
	if !ok {
		return Metrics{}
	}
	return inspector.Metrics()
}

// Health returns nil as long as the store takes writes, and else why it does
// not: ErrClosed, or an error that wraps ErrUnavailable.
func (s *Store) Health() error {
	if !s.gate.enter() {
		return ErrClosed
	}
	defer s.gate.leave()
	if inspector, ok := s.driver.(driver.Inspector); ok {
		return inspector.Health()
	}
	return nil
}
