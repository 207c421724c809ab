// Package pebble is the embedded engine of package kv: cockroachdb/pebble in
// one directory of one process. It adds what the contract asks beyond Pebble:
// latches for owned keys (latches.go), commits in groups with one sync each
// (commit.go), reads that never show what is not durable (group.go), counters
// (counters.go), stamps and their watermark (stamps.go), a look at the directory
// before Pebble has its way with it (directory.go, seal.go, logs.go), an orderly
// end when the disk refuses a write (disk.go), and refusals in place of waiting
// for a disk that is full (tables.go, backlog.go). It is not for callers of kv,
// who use a kv.Store over it. Opened by the server and by kv/memory.
package pebble

import (
	"errors"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	engine "github.com/cockroachdb/pebble/v2"

	"github.com/gramme-db/gramme/internal/kv/driver"
)

// DB is an open data directory. It implements driver.Driver and
// driver.Inspector.
type DB struct {
	durability Durability
	disk       *disk
	lock       *engine.Lock
	engine     *engine.DB

	latches latches
	stamps  stamps
	commits committer
	updates chan struct{} // holds a token for each update that is running
	txs     sync.Pool     // *tx

	created          bool // the store was empty
	recovered        bool
	writeStalls      atomic.Int64
	backgroundErrors atomic.Int64
	troubled         chan struct{} // holds a token after a background error

	stop    chan struct{} // closed to end the background syncs, and what waits to try again
	stopped sync.WaitGroup
}

var (
	_ driver.Driver    = (*DB)(nil)
	_ driver.Inspector = (*DB)(nil)
)

// Recovered reports whether the last process that had the directory open ended
// without closing it. Whatever was acknowledged is there nevertheless.
func (d *DB) Recovered() bool { return d.recovered }

// ReplayedBytes returns how many bytes of log were read when the store was
// opened.
func (d *DB) ReplayedBytes() int64 { return d.disk.logged.Load() }

// start sets up what stands above the engine.
func (d *DB) start(o Options, stampBound uint64) {
	d.durability = o.Durability
	d.stamps.open(stampBound)
	d.updates = make(chan struct{}, updatesMax)
	d.txs.New = func() any {
		t := &tx{db: d, request: newRequest(), waiter: newLatchWaiter()}
		t.request.latches = &d.latches
		return t
	}
	c := &d.commits
	c.db, c.disk, c.durability = d.engine, d.disk, o.Durability
	c.seed = maphash.MakeSeed()
	c.room = make(chan struct{}, flightsMax)
	c.unsynced = make(chan struct{}, 1)
	c.backlog = backlog{
		db: d.engine, disk: d.disk, log: o.Logger,
		bytesMax: memtablesMax * uint64(o.MemtableBytes), stalls: &d.writeStalls,
	}
	c.counters = counters{db: d.engine, vectors: make(map[string]*vector)}
	c.heads.init(o.valueBytes())
	if o.Durability == Interval || o.Durability == None {
		d.stopped.Add(1)
		go d.syncEvery(o.SyncInterval)
	}
}

// syncEvery syncs at most once an interval, and only what there is to sync.
// Before that, what was committed is in this process and in no file: Pebble
// writes its log when it has a block of it, or syncs it.
func (d *DB) syncEvery(interval time.Duration) {
	defer d.stopped.Done()
	for {
		select {
		case <-d.stop:
			return
		case <-d.commits.unsynced:
		}
		select {
		case <-d.stop:
			return
		case <-time.After(interval):
		}
		r := newRequest()
		r.sync = true
		_ = d.commits.commit(&r) // a failure freezes the disk, and the next update reports it
	}
}

// Close implements driver.Driver. In order: the background ends, what is in
// memory is flushed to tables so that the next Open has little to do, and when
// all of it is on the disk, the directory is marked as closed in order.
func (d *DB) Close() error {
	close(d.stop)
	d.stopped.Wait()
	d.flush()
	d.commits.close()
	err := d.engine.Close()
	if failure := d.disk.failure(); failure != nil {
		err = failure
	}
	if err == nil && d.durability != Volatile {
		err = markClean(d.disk)
	}
	return errors.Join(err, d.disk.closeSeal(), d.lock.Close())
}

// flush flushes the memtables, unless the disk gives trouble: then the next
// Open replays the log.
func (d *DB) flush() {
	written := d.created || d.commits.groups.Load() > 0
	if !written || d.durability == Volatile || d.disk.frozen() || d.disk.tables.failure() != nil {
		return
	}
	select {
	case <-d.troubled:
		return
	default:
	}
	flushed, err := d.engine.AsyncFlush()
	if err != nil {
		return
	}
	select {
	case <-flushed:
	case <-d.troubled:
	}
}

// markClean says durably that the directory was closed in order.
func markClean(disk *disk) error {
	f, err := disk.Create(disk.PathJoin(disk.dir, cleanFile), writeCategory)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close(), syncDir(disk)); err != nil {
		return err
	}
	return disk.failure()
}
