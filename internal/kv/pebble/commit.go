package pebble

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"

	engine "github.com/cockroachdb/pebble/v2"

	"github.com/gramme-db/gramme/internal/kv/driver"
)

// committer commits updates in groups, and groups in a pipeline. An update
// enqueues its writes; if nobody leads, it leads: it takes what is queued, its
// own writes first, applies them as one batch, and gives back the latches of
// those in its group. Then the first that is queued leads the next group, while
// this leader waits until its own is durable, and wakes those in it.
//
// So an update may build on what is not durable yet. That is safe because the
// log is in order: a group is durable only if all before it are, and an update
// is answered when its own group is. An update that writes nothing is answered
// when the groups are durable that it has read from (tx.answer). Who reads
// outside an update waits for the groups in flight that touch what it reads.
//
// Groups land in order, and a failure of the disk is for good: whatever is in
// flight then, or comes later, fails.
type committer struct {
	db         *engine.DB
	durability Durability
	disk       *disk
	seed       maphash.Seed

	// inflight is the last group that is visible but not known to be durable,
	// and leads to those before it; nil: there is none. Changed under landing.
	inflight atomic.Pointer[group]
	landing  sync.Mutex
	room     chan struct{} // holds a token for each group in flight

	groups   atomic.Int64
	syncs    atomic.Int64
	unsynced chan struct{} // with Interval and None: holds one token when there is something to sync

	mu struct {
		sync.Mutex
		queue   []*request
		leading bool
	}

	// heads is changed by the leader when a group is applied, before it gives
	// back the latches.
	heads heads

	// The leader's:
	backlog  backlog
	counters counters
	applied  uint64 // the number of groups so far
	scratch  []byte
}

// request is one update's commit. It is used again and again.
type request struct {
	writes     *driver.Writes
	stampBound uint64 // not 0: write this reservation of stamps
	sync       bool   // sync, whatever the store's durability

	latches *latches // of which it holds
	held    []uint32 // these, until its writes are applied

	led  []*request // while it leads: the group, itself first
	wake chan role  // capacity 1
	err  error      // the outcome; after wake said served
}

// role is what a queued request is woken for.
type role uint8

const (
	served role = iota + 1 // the outcome is known
	leads                  // it is to lead the next group, in which it is the first
)

func newRequest() request { return request{wake: make(chan role, 1)} }

// commit commits r with others, and returns its outcome.
func (c *committer) commit(r *request) error {
	r.err = nil
	c.mu.Lock()
	c.mu.queue = append(c.mu.queue, r)
	lead := !c.mu.leading
	c.mu.leading = true
	c.mu.Unlock()
	if !lead && <-r.wake == served {
		return r.err
	}
	c.lead(r)
	return r.err
}

// lead commits one group. The request of the caller is the first in the queue.
func (c *committer) lead(own *request) {
	if c.durability == Sync {
		c.room <- struct{}{}
		defer func() { <-c.room }()
	}
	c.take(own)
	f := c.begin(own.led)
	c.pass()
	c.end(f, own.led)
	for _, r := range own.led {
		if r != own {
			r.wake <- served
		}
	}
	clear(own.led) // they are their updates' again
}

// pass makes the first that is queued the next leader.
func (c *committer) pass() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.mu.queue) == 0 {
		c.mu.leading = false
		return
	}
	c.mu.queue[0].wake <- leads
}

// take takes the next group from the queue.
func (c *committer) take(own *request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, size := 0, 0
	for n < len(c.mu.queue) && (n == 0 || size < groupBytesMax) {
		if writes := c.mu.queue[n].writes; writes != nil {
			size += writes.Size()
		}
		n++
	}
	own.led = append(own.led[:0], c.mu.queue[:n]...)
	rest := copy(c.mu.queue, c.mu.queue[n:])
	clear(c.mu.queue[rest:])
	c.mu.queue = c.mu.queue[:rest]
}

// flight is what was begun and is to be ended.
type flight struct {
	batch  *engine.Batch // nil: nothing was applied
	group  *group        // nil: reads do not wait
	synced bool          // it is to be synced
	wait   bool          // Pebble is syncing it
}

// begin applies the requests, in the order of the groups, and gives back the
// latches. A request that has failed has its error.
func (c *committer) begin(requests []*request) flight {
	if err := c.disk.failure(); err != nil {
		settle(requests, err)
		return flight{}
	}
	if err := c.backlog.admit(sizeOf(requests)); err != nil {
		refuse(requests, err)
	}
	batch, g := c.build(requests)
	f := flight{batch: batch, group: g}
	asked := slices.ContainsFunc(requests, func(r *request) bool { return r.sync && r.err == nil })
	if batch.Empty() && !asked {
		f.group = nil
		return f
	}
	f.synced = c.durability == Sync || asked && c.durability != Volatile
	if err := c.apply(&f); err != nil {
		c.counters.forget()
		c.heads.forget()
		settle(requests, err)
		f.group, f.synced = nil, false
	}
	c.remember(requests)
	for _, r := range requests {
		if r.latches != nil {
			r.latches.release(r.held)
			r.held = nil
		}
	}
	return f
}

// remember notes what the requests have made of keys whose heads are known.
func (c *committer) remember(requests []*request) {
	for _, r := range requests {
		if r.err == nil && r.writes != nil {
			c.heads.wrote(r.writes.All())
		}
	}
}

// end waits until what was begun is durable.
func (c *committer) end(f flight, requests []*request) {
	if f.batch == nil {
		return
	}
	if f.wait {
		c.disk.keep("sync", c.disk.dir, f.batch.SyncWait())
	}
	if f.synced {
		settle(requests, c.land(f.group)) // where it comes out that the log was not synced
	}
	_ = f.batch.Close()
}

// settle gives this outcome to all requests that have no error of their own.
func settle(requests []*request, err error) {
	for _, r := range requests {
		if r.err == nil {
			r.err = err
		}
	}
}

// build makes the group's batch and what readers need to know of it. A request
// that cannot be built gets its error and is left out.
func (c *committer) build(requests []*request) (*engine.Batch, *group) {
	for {
		batch, g := c.db.NewBatch(), (*group)(nil)
		if c.durability == Sync {
			g = newGroup()
		}
		if c.fill(batch, g, requests) {
			return batch, g
		}
		_ = batch.Close()
		c.counters.forget()
	}
}

// fill fills the batch with all requests that have no error yet. It reports
// false when that failed; one of them at least has got an error then.
func (c *committer) fill(batch *engine.Batch, g *group, requests []*request) bool {
	for _, r := range requests {
		if r.err != nil {
			continue
		}
		if r.err = c.fillOne(batch, g, r); r.err != nil {
			return false
		}
	}
	var err error
	if c.scratch, err = c.counters.finish(batch, c.scratch); err != nil {
		settle(requests, err)
	}
	return err == nil
}

func (c *committer) fillOne(batch *engine.Batch, g *group, r *request) error {
	if r.stampBound != 0 {
		c.scratch = appendStampBound(c.scratch[:0], r.stampBound)
		if err := batch.Set(stampKey(), c.scratch, nil); err != nil {
			return err
		}
	}
	if r.writes == nil {
		return nil
	}
	writes := r.writes.All()
	for i := range writes {
		w := &writes[i]
		g.add(c.seed, w.Key)
		var err error
		switch w.Kind {
		case driver.Set:
			err = batch.Set(w.Key, w.Value, nil)
		case driver.Delete:
			err = batch.Delete(w.Key, nil)
		case driver.DeleteRange:
			g.addAll()
			c.counters.deleteRange(w.Key, w.Value)
			err = batch.DeleteRange(w.Key, w.Value, nil)
		case driver.Add:
			err = c.counters.add(w)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// apply shows the batch to readers. An error means that it did not.
func (c *committer) apply(f *flight) error {
	if !f.batch.Empty() {
		c.groups.Add(1)
	}
	if !f.synced {
		c.noteUnsynced()
		return f.batch.Commit(engine.NoSync)
	}
	if f.batch.Empty() { // a sync of what was committed before
		if err := f.batch.LogData(nil, nil); err != nil {
			return err
		}
	}
	if f.group != nil {
		before, err := c.db.NewIter(nil)
		if err != nil {
			return readError(err)
		}
		f.group.before.entries = before
		c.push(f.group)
	}
	c.syncs.Add(1)
	err := c.db.ApplyNoSyncWait(f.batch, engine.Sync)
	c.disk.keep("commit to", c.disk.dir, err)
	f.wait = err == nil
	return nil // if it failed, the disk is frozen, and the group fails when it lands
}

// push puts a group in flight, before Pebble shows its writes.
func (c *committer) push(g *group) {
	c.applied++
	g.number = c.applied
	c.landing.Lock()
	defer c.landing.Unlock()
	g.older.Store(c.inflight.Load())
	c.inflight.Store(g)
}

// land lets the readers of a group go on that Pebble has synced, and those of
// all groups before it, and returns the group's outcome. Groups that failed
// stay in flight, so that nobody is ever shown what they wrote, but what was
// there before the first of them.
func (c *committer) land(g *group) error {
	if g == nil {
		return c.disk.failure()
	}
	c.landing.Lock()
	defer c.landing.Unlock()
	if g.landed {
		return g.err
	}
	if err := c.disk.failure(); err != nil {
		c.fail(err)
		return err
	}
	if above := c.inflight.Load(); above == g {
		c.inflight.Store(nil)
	} else {
		for above.older.Load() != g {
			above = above.older.Load()
		}
		above.older.Store(nil)
	}
	for one := g; one != nil; {
		one.land(nil, nil)
		_ = one.before.entries.Close() // it has read nothing
		one = one.older.Swap(nil)
	}
	return nil
}

// fail lands all groups in flight as failed.
func (c *committer) fail(err error) {
	first := c.inflight.Load()
	for older := first; older != nil; older = older.older.Load() {
		first = older
	}
	for one := c.inflight.Load(); one != nil; one = one.older.Load() {
		one.land(&first.before, err)
	}
}

// close lets go of groups that failed. Nobody reads any more.
func (c *committer) close() {
	for g := c.inflight.Load(); g != nil; g = g.older.Load() {
		_ = g.before.entries.Close()
	}
}

func (c *committer) noteUnsynced() {
	if c.durability == Volatile {
		return
	}
	select {
	case c.unsynced <- struct{}{}:
	default:
	}
}
