// Package driver is what a storage engine has to do for package kv. Callers of
// kv never see it: kv.Store checks keys and sizes, counts, and keeps the closed
// state; only it calls a Driver, with keys that are valid and in range. What a
// driver must promise beyond its signatures is tested by package kvtest.
//
// Two very different engines fit under it. For the embedded one see kv/pebble.
// One over TiKV, with the transactions of tikv/client-go (Percolator), does it
// so:
//
//   - Get reads at a fresh timestamp of the placement driver. Percolator shows
//     no write before its primary key is committed, and TiKV answers only what
//     its Raft group has stored, so nothing that may be lost is ever shown.
//   - Snapshot and Scan take one timestamp and read at it. They keep the context
//     they were opened with for the reads that follow.
//   - Update begins a pessimistic transaction, locks the owned keys in it, runs
//     the body, puts the Writes into the transaction's buffer, and commits. A
//     write conflict or a deadlock runs the body again; that is why a body may
//     run more than once. The locks do what the latches do on one machine. An
//     undetermined commit is resolved by reading the primary key before Update
//     returns.
//   - A stamp is the transaction's start timestamp, taken again after the locks
//     are held, so that two updates with a common owned key are stamped as they
//     commit. A commit that comes later than a fixed bound after its stamp is
//     refused, and Watermark trails the placement driver's clock by that bound.
//   - An Add goes to a key of its own for each process, the counter's key and
//     the process's number, so that processes do not wait for each other;
//     Counters sums over those keys. That is why reading counters is an
//     operation of its own and not a Get.
//   - Head is a Get, cut short: what one process remembers of a key says nothing
//     where others write it too.
//   - A DeleteRange alone in an update is TiKV's own deletion of a range, which
//     stands outside transactions; among other writes it is a bounded scan and
//     deletions.
package driver

import "context"

// Driver is a storage engine. It is safe for concurrent use. Byte slices given
// to a driver are the caller's again when the method returns.
type Driver interface {
	// Get appends the value at key to dst. It returns kv.ErrNotFound when there
	// is none. It sees every update that has returned, and nothing that a crash
	// could still take back (unless the engine was opened to allow that).
	Get(ctx context.Context, key, dst []byte) ([]byte, error)

	// Counters appends the counters at key to dst; kv.ErrNotFound when there
	// are none. It shows what Get would show.
	Counters(ctx context.Context, key []byte, dst []int64) ([]int64, error)

	// Snapshot opens a view of the store as it is now. It shows what Get would
	// show, and does not move.
	Snapshot(ctx context.Context) (Snapshot, error)

	// Scan goes through [start, end) in a view of its own, which is like a
	// snapshot that is taken now. Bounds are as in Snapshot.Scan.
	Scan(ctx context.Context, start, end []byte, reverse bool) (Iterator, error)

	// Update owns the given keys, runs the body and commits what it wrote, all
	// or nothing. Updates that own a common key happen one after the other. An
	// error of the body aborts and is returned as it is. The context aborts the
	// update until its commit is under way; then the result is waited for. When
	// Update returns nil the writes are durable as the engine was opened for.
	Update(ctx context.Context, own [][]byte, body Body) error

	// Watermark returns a stamp of which the engine promises that no update
	// with it or a smaller one can still appear: whatever there is of them, a
	// Get or Snapshot from now on sees. It never goes back.
	Watermark() uint64

	// Close ends all that the driver has started. It is called once, when no
	// other method is running and every snapshot and iterator is closed.
	Close() error
}

// Inspector is the side of an engine that operators and tests look at.
type Inspector interface {
	// EstimateSize returns about how many bytes the keys in [start, end) take
	// on disk. It may leave out what was written lately.
	EstimateSize(start, end []byte) (uint64, error)

	// Commits counts cheaply what golden cost tests compare.
	Commits() Commits

	// Metrics may cost some microseconds.
	Metrics() Metrics

	// Health returns why the engine takes no more writes; nil when it does.
	Health() error
}

// Snapshot is a view that does not move. It is safe for concurrent use.
type Snapshot interface {
	Get(key, dst []byte) ([]byte, error)
	// Scan goes through [start, end), upwards or, in reverse, downwards. start
	// is not empty; a nil end is the end of the store.
	Scan(start, end []byte, reverse bool) Iterator
	// Close is called once, after the snapshot's iterators are closed.
	Close() error
}

// Iterator goes through entries in order. It is for one goroutine. It stands
// before the first entry until Next is called.
type Iterator interface {
	Next() bool
	Key() []byte   // until the next call of Next or Close
	Value() []byte // likewise
	Err() error    // what ended the scan early, if anything did
	Close() error  // called once
}

// Head is how a value begins: its first bytes, or all of it if it is short.
type Head struct {
	bytes [headBytes]byte
	len   uint8
}

// HeadOf returns the head of a value.
func HeadOf(value []byte) Head {
	var h Head
	h.len = uint8(copy(h.bytes[:], value))
	return h
}

// Bytes returns the bytes. They are the head's own.
func (h *Head) Bytes() []byte { return h.bytes[:h.len] }

// Tx is what the body of an update reads through. It reads what is committed,
// durable or not: whatever its outcome, an update is answered when all that it
// has read is durable. It does not read the update's own writes: those are the
// body's until it returns.
type Tx interface {
	Get(key, dst []byte) ([]byte, error)
	// Head returns how the value at an owned key begins. An engine that remembers
	// it from an earlier update of the key, which none but its owner writes, does
	// not read it: read is false then.
	Head(key []byte) (head Head, read bool, err error)
	Scan(start, end []byte, reverse bool) Iterator
	// Stamp returns the update's stamp, the same on every call of one run.
	Stamp() (uint64, error)
}

// Body is the function of one update. The driver may run it more than once; the
// Writes of the last run are the ones that count. They are the driver's until
// Update returns.
type Body interface {
	Run(tx Tx) (*Writes, error)
}
