package journal

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// news tells readers in this process that there are new records, and counts the
// records for whoever splits shards that are too busy. What it knows is a hint:
// a reader looks into the store, and waits no longer than waitMax without.
type news struct {
	tables sync.Map // table id -> *tableNews; made when a table is first told of
}

type tableNews struct {
	loads   sync.Map // shard number -> *Load
	waiting atomic.Int64

	mu struct {
		sync.Mutex
		told chan struct{} // closed at the next news; nil: nobody waits
	}
}

// Load counts the records of one shard since the process began, those of the
// lower half of its hashes and those of the upper half.
type Load struct {
	Lower, Upper atomic.Int64
}

func (n *news) of(table uint64) *tableNews {
	if found, ok := n.tables.Load(table); ok {
		return found.(*tableNews)
	}
	made, _ := n.tables.LoadOrStore(table, new(tableNews))
	return made.(*tableNews)
}

func (t *tableNews) load(shard uint32) *Load {
	if found, ok := t.loads.Load(shard); ok {
		return found.(*Load)
	}
	made, _ := t.loads.LoadOrStore(shard, new(Load))
	return made.(*Load)
}

// Tell says that a record was committed to a shard, of an item in the upper or
// in the lower half of the shard's hashes.
func (j *Journal) Tell(table uint64, shard uint32, upper bool) {
	t := j.news.of(table)
	load := t.load(shard)
	if upper {
		load.Upper.Add(1)
	} else {
		load.Lower.Add(1)
	}
	if t.waiting.Load() == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.told != nil {
		close(t.mu.told)
		t.mu.told = nil
	}
}

// LoadOf returns the counts of a shard.
func (j *Journal) LoadOf(table uint64, shard uint32) *Load { return j.news.of(table).load(shard) }

// Forget lets go of what is known of a table that is gone.
func (j *Journal) Forget(table uint64) { j.news.tables.Delete(table) }

// forgetShard lets go of the counts of a shard that is gone.
func (j *Journal) forgetShard(table uint64, shard uint32) {
	if found, ok := j.news.tables.Load(table); ok {
		found.(*tableNews).loads.Delete(shard)
	}
}

// Watch returns a channel that is closed when the table has new records, or
// after a while in any case. The caller gets it, then looks into the store, and
// then waits; and calls stop when it waits no longer.
func (j *Journal) Watch(table uint64) (told <-chan struct{}, stop func()) {
	t := j.news.of(table)
	t.waiting.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.told == nil {
		t.mu.told = make(chan struct{})
	}
	return t.mu.told, func() { t.waiting.Add(-1) }
}

// await waits for told, for waitMax at the most.
func await(ctx context.Context, told <-chan struct{}) error {
	timer := time.NewTimer(waitMax)
	defer timer.Stop()
	select {
	case <-told:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
