package pebble

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"

	engine "github.com/cockroachdb/pebble/v2"

	"github.com/gramme-db/gramme/internal/kv/driver"
)

// committer commits updates in groups. An update enqueues its writes; if nobody
// leads, it leads: it takes what is queued, its own writes first, and commits
// one batch with one sync, while others queue up behind it. Then it wakes those
// of its group, and makes the first that is still queued the next leader.
//
// One group is on its way at a time. That keeps two things simple: nothing is
// handed to Pebble after a sync that failed, and one pointer tells readers what
// is visible but not durable yet.
type committer struct {
	db         *engine.DB
	durability Durability
	disk       *disk
	seed       maphash.Seed

	inflight atomic.Pointer[group] // nil: all that is visible is durable
	groups   atomic.Int64
	syncs    atomic.Int64
	unsynced chan struct{} // with Interval and None: holds one token when there is something to sync

	mu struct {
		sync.Mutex
		queue   []*request
		leading bool
	}

	// The leader's:
	counters counters
	taken    []*request
	scratch  []byte
}

// request is one update's commit. It is used again and again.
type request struct {
	writes     *driver.Writes
	stampBound uint64 // not 0: write this reservation of stamps
	sync       bool   // sync, whatever the store's durability

	wake chan role // capacity 1
	err  error     // the outcome; after wake said served
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
	requests := c.take()
	c.commitGroup(requests)
	for _, r := range requests {
		if r != own {
			r.wake <- served
		}
	}
	clear(requests) // they are their updates' again

	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.mu.queue) == 0 {
		c.mu.leading = false
		return
	}
	c.mu.queue[0].wake <- leads
}

// take takes the next group from the queue.
func (c *committer) take() []*request {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, size := 0, 0
	for n < len(c.mu.queue) && (n == 0 || size < groupBytesMax) {
		if writes := c.mu.queue[n].writes; writes != nil {
			size += writes.Size()
		}
		n++
	}
	c.taken = append(c.taken[:0], c.mu.queue[:n]...)
	rest := copy(c.mu.queue, c.mu.queue[n:])
	clear(c.mu.queue[rest:])
	c.mu.queue = c.mu.queue[:rest]
	return c.taken
}

// commitGroup commits the requests and leaves each its outcome.
func (c *committer) commitGroup(requests []*request) {
	if err := c.disk.failure(); err != nil {
		settle(requests, err)
		return
	}
	batch, g := c.build(requests)
	defer func() { _ = batch.Close() }()
	asked := slices.ContainsFunc(requests, func(r *request) bool { return r.sync && r.err == nil })
	if batch.Empty() && !asked {
		return
	}
	err := c.apply(batch, g, c.durability == Sync || asked && c.durability != Volatile)
	if err != nil {
		c.counters.forget()
	}
	settle(requests, err)
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

// apply commits the batch.
func (c *committer) apply(batch *engine.Batch, g *group, synced bool) error {
	if !batch.Empty() {
		c.groups.Add(1)
	}
	if !synced {
		c.noteUnsynced()
		return batch.Commit(engine.NoSync)
	}
	if batch.Empty() { // a sync of what was committed before
		if err := batch.LogData(nil, nil); err != nil {
			return err
		}
	}
	if g != nil {
		before, err := c.db.NewIter(nil)
		if err != nil {
			return readError(err)
		}
		g.before.entries = before
	}
	c.inflight.Store(g) // nil if reads do not wait
	c.syncs.Add(1)
	err := c.db.ApplyNoSyncWait(batch, engine.Sync) // shows it to readers
	if err == nil {
		err = batch.SyncWait()
	}
	if err != nil {
		c.disk.keep("commit to", c.disk.dir, err)
	}
	err = c.disk.failure() // where it comes out that the log was not synced
	if g != nil {
		c.land(g, err)
	}
	return err
}

// land lets the group's readers go on. A group that failed stays in flight, so
// that nobody is ever shown what it wrote, but what was there before.
func (c *committer) land(g *group, err error) {
	g.failed = err != nil
	if g.failed {
		close(g.done)
		return
	}
	c.inflight.Store(nil)
	close(g.done)
	_ = g.before.entries.Close() // it has read nothing
}

// close lets go of a group that failed. Nobody reads any more.
func (c *committer) close() {
	if g := c.inflight.Load(); g != nil {
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
