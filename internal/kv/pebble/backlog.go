package pebble

import (
	"log/slog"
	"sync/atomic"
	"time"

	engine "github.com/cockroachdb/pebble/v2"
)

// backlog lets updates into the engine, or makes them wait while memtables are
// flushed, or refuses them because they cannot be. Pebble would make them wait
// as well, but without an end where flushing fails, and without a way to call
// it off. So our bound is reached before Pebble's. Of use to the leader of the
// committer alone.
type backlog struct {
	db       *engine.DB
	disk     *disk
	log      *slog.Logger
	bytesMax uint64 // of memtables
	stalls   *atomic.Int64

	flushed bool             // memtables were flushed since the disk ran out of room
	unseen  int              // bytes let in since the last look
	due     <-chan time.Time // tells when the next look is due in any case; nil: it is
}

// admit returns when there is room for so many bytes of writes, or an
// ErrUnavailable. Nothing of an update that was refused is in the engine.
func (b *backlog) admit(size int) error {
	if err := b.disk.tables.failure(); err != nil {
		return err
	}
	b.unseen += size
	if !b.isDue() {
		return nil
	}
	if err := b.await(); err != nil {
		return err
	}
	if err := b.checkRoom(); err != nil {
		return err
	}
	b.unseen, b.due = 0, time.After(backlogLookInterval)
	return nil
}

func (b *backlog) isDue() bool {
	if b.due == nil || uint64(b.unseen) >= b.bytesMax/backlogLooks {
		return true
	}
	select {
	case <-b.due:
		b.due = nil
		return true
	default:
		return false
	}
}

// await waits until memtables take less than their bound.
func (b *backlog) await() error {
	for waited := false; ; waited = true {
		change := b.disk.tables.change()
		if err := b.disk.tables.failure(); err != nil {
			return err
		}
		m := b.db.Metrics()
		b.disk.tables.unflushed.Store(m.WAL.Size)
		if m.MemTable.Size < b.bytesMax {
			return nil
		}
		if !waited {
			b.stalls.Add(1)
			b.log.Debug("writes wait for the disk", "reason", "memtables are being flushed")
		}
		<-change
	}
}

// checkRoom returns an error when the disk has no room. What is flushed then
// needs no room kept for it any more, and its log can be used again.
func (b *backlog) checkRoom() error {
	err := b.disk.room()
	if err == nil {
		b.flushed = false
	} else if !b.flushed && b.disk.tables.unflushed.Load() > shortFlushBytes {
		b.flushed = true
		_, _ = b.db.AsyncFlush() // tables.flushed is told of the end
	}
	return err
}

// refuse gives the error to those requests that have writes.
func refuse(requests []*request, err error) {
	for _, r := range requests {
		if r.writes != nil && r.err == nil {
			r.err = err
		}
	}
}

// sizeOf returns how many bytes of writes are in requests.
func sizeOf(requests []*request) (size int) {
	for _, r := range requests {
		if r.writes != nil {
			size += r.writes.Size()
		}
	}
	return size
}
