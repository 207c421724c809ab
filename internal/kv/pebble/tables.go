package pebble

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv"
)

// What Pebble calls the tables that memtables are flushed to, and those that
// compactions write.
const (
	flushCategory      vfs.DiskWriteCategory = "pebble-memtable-flush"
	compactionCategory vfs.DiskWriteCategory = "pebble-compaction"
)

// tables is how it goes with the sorted tables that Pebble writes while the
// store is open. One that cannot be written costs nothing by itself: it is a
// new file that nothing refers to yet, and Pebble tries again, at once and for
// ever. So it is made to wait a little before it does. And as long as memtables
// cannot be flushed, no updates are let in (backlog.go): they would fill the
// memory, then wait for the disk, for ever too, with all their latches.
type tables struct {
	log      *slog.Logger
	stop     <-chan struct{} // closed when the store is
	failures atomic.Int32    // in a row
	refusal  atomic.Pointer[frost]

	unflushed atomic.Uint64 // bytes of the logs that are not in tables, when they were last looked at

	mu struct {
		sync.Mutex
		failed  bool          // the flush that runs, or ran last, could not write a table
		changed chan struct{} // closed, and made anew, when a flush has failed or ended
	}
}

func (t *tables) open(log *slog.Logger, stop <-chan struct{}) {
	t.log, t.stop = log, stop
	t.mu.changed = make(chan struct{})
}

// failure returns why memtables cannot be flushed: nil, or an ErrUnavailable.
func (t *tables) failure() error {
	if frost := t.refusal.Load(); frost != nil {
		return frost.unavailable
	}
	return nil
}

// change returns what is closed when a flush has failed or ended.
func (t *tables) change() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.mu.changed
}

func (t *tables) tellLocked() {
	close(t.mu.changed)
	t.mu.changed = make(chan struct{})
}

// flushing is told when Pebble begins a flush; there is one at a time.
func (t *tables) flushing() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mu.failed = false
}

// fail is told when a flush cannot write a table. The first of several in a row
// is logged.
func (t *tables) fail(cause error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mu.failed = true
	unavailable := fmt.Errorf("%w until tables can be written: %w", kv.ErrUnavailable, cause)
	if t.refusal.Swap(&frost{cause, unavailable}) == nil {
		t.log.Error("the disk refused a table; no writes are taken until it takes one, which is tried again; reads go on", "err", cause)
	}
	t.tellLocked()
}

// flushed is told when a flush has ended.
func (t *tables) flushed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.mu.failed && t.refusal.Swap(nil) != nil {
		t.log.Info("the disk takes tables again; writes are taken")
	}
	t.tellLocked()
}

// pause makes Pebble wait before it tries again, longer each time.
func (t *tables) pause() {
	n := t.failures.Load()
	if n == 0 {
		return
	}
	select {
	case <-time.After(min(retryPauseMin<<min(n-1, 20), retryPauseMax)):
	case <-t.stop:
	}
}

// table is a sorted table that is being written.
type table struct {
	vfs.File
	disk      *disk
	name      string
	flush     bool // or else a compaction writes it
	failed    bool
	unchecked int // bytes since the room was looked at
}

func (d *disk) createTable(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	d.tables.pause()
	t := &table{disk: d, name: name, flush: category == flushCategory}
	err := t.checkRoom()
	if err == nil {
		t.File, err = d.FS.Create(name, category)
	}
	if err != nil {
		return nil, t.note("create", err)
	}
	return t, nil
}

// note notes an error, and returns it with the file's name.
func (t *table) note(op string, err error) error {
	if err == nil {
		return nil
	}
	err = named(op, t.name, err)
	if !t.failed {
		t.failed = true
		t.disk.tables.failures.Add(1)
	}
	if t.flush {
		t.disk.tables.fail(err)
	}
	return err
}

// checkRoom returns an error when there is no room for tables any more. A flush
// may take the room that is kept for it.
func (t *table) checkRoom() error {
	if t.flush {
		return t.disk.spare(1, 0)
	}
	return t.disk.spare(1, t.disk.tables.unflushed.Load())
}

// Write appends.
func (t *table) Write(p []byte) (int, error) {
	t.unchecked += len(p)
	if t.unchecked >= spareCheckBytes {
		t.unchecked = 0
		if err := t.checkRoom(); err != nil {
			return 0, t.note("write", err)
		}
	}
	n, err := t.File.Write(p)
	return n, t.note("write", err)
}

// Sync syncs content and metadata.
func (t *table) Sync() error { return t.note("sync", t.File.Sync()) }

// SyncData syncs the content.
func (t *table) SyncData() error { return t.note("sync", t.File.SyncData()) }

// SyncTo begins to sync.
func (t *table) SyncTo(length int64) (fullSync bool, err error) {
	fullSync, err = t.File.SyncTo(length)
	return fullSync, t.note("sync", err)
}

// Close closes.
func (t *table) Close() error {
	err := t.note("close", t.File.Close())
	if !t.failed {
		t.disk.tables.failures.Store(0)
	}
	return err
}
