package proof

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// historyMutants are servers that break a promise, with the checkers that must
// see it.
var historyMutants = []struct {
	build
	caught []string
}{
	{build{name: "without locks", bad: func(d driver.Driver) driver.Driver { return unownedEngine{d} }},
		[]string{"linearizable", "serializable", "stream"}},
	{build{name: "without syncs of the log", fs: lying(".log")},
		[]string{"linearizable", "serializable", "fresh", "stream"}},
	{build{name: "items dropped", bad: dropping(layout.PartItem)},
		[]string{"linearizable", "serializable", "fresh", "stream"}},
	{build{name: "entries of indexes dropped", bad: dropping(layout.PartEntry)},
		[]string{"linearizable", "fresh"}},
	{build{name: "no tokens", bad: func(d driver.Driver) driver.Driver {
		return &droppingEngine{Driver: d, part: layout.PartToken, every: 1}
	}},
		[]string{"linearizable", "stream"}},
	{build{name: "reads of an older snapshot", bad: func(d driver.Driver) driver.Driver { return &staleEngine{Driver: d} }},
		[]string{"linearizable", "serializable", "fresh"}},
	{build{name: "reads ahead of the disk", bad: func(d driver.Driver) driver.Driver { return &eagerEngine{Driver: d} }},
		[]string{"linearizable", "fresh"}},
	{build{name: "updates in two halves", bad: func(d driver.Driver) driver.Driver { return tornEngine{d} }},
		[]string{"serializable"}},
	{build{name: "snapshots that move", bad: func(d driver.Driver) driver.Driver { return movingEngine{d} }},
		[]string{"serializable"}},
	{build{name: "records dropped", bad: dropping(layout.PartJournal)},
		[]string{"stream"}},
	{build{name: "records twice", bad: func(d driver.Driver) driver.Driver { return &garblingEngine{Driver: d, twice: true} }},
		[]string{"stream"}},
	{build{name: "records in another order", bad: func(d driver.Driver) driver.Driver { return &garblingEngine{Driver: d} }},
		[]string{"stream"}},
	{build{name: "a watermark ahead", bad: func(d driver.Driver) driver.Driver { return aheadEngine{d} }},
		[]string{"stream"}},
}

// unownedEngine lets updates of the same keys run at the same time.
type unownedEngine struct{ driver.Driver }

func (e unownedEngine) Update(ctx context.Context, _ [][]byte, body driver.Body) error {
	return e.Driver.Update(ctx, nil, bodyFunc(func(tx driver.Tx) (*driver.Writes, error) {
		writes, err := body.Run(tx)
		runtime.Gosched()
		return writes, err
	}))
}

// movingEngine has snapshots that show what came after them.
type movingEngine struct{ driver.Driver }

func (e movingEngine) Snapshot(ctx context.Context) (driver.Snapshot, error) {
	snap, err := e.Driver.Snapshot(ctx)
	return movingSnapshot{snap, e.Driver}, err
}

type movingSnapshot struct {
	driver.Snapshot
	engine driver.Driver
}

func (s movingSnapshot) Get(key, dst []byte) ([]byte, error) {
	runtime.Gosched()
	return s.engine.Get(context.Background(), key, dst)
}

// staleEngine answers every fifth read of an item from a snapshot that it has
// kept for a while.
type staleEngine struct {
	driver.Driver
	n atomic.Int64

	mu   sync.Mutex
	kept driver.Snapshot
	uses int
}

func (e *staleEngine) Get(ctx context.Context, key, dst []byte) ([]byte, error) {
	if layout.PlaceOf(key).Part != layout.PartItem || e.n.Add(1)%5 > 0 {
		return e.Driver.Get(ctx, key, dst)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.refreshLocked(ctx); err != nil {
		return dst, err
	}
	return e.kept.Get(key, dst)
}

// refreshLocked takes another snapshot, now and then.
func (e *staleEngine) refreshLocked(ctx context.Context) error {
	const usesMax = 4
	if e.uses++; e.kept != nil && e.uses%usesMax > 0 {
		return nil
	}
	if err := e.closeLocked(); err != nil {
		return err
	}
	var err error
	e.kept, err = e.Driver.Snapshot(ctx)
	return err
}

func (e *staleEngine) closeLocked() error {
	if e.kept == nil {
		return nil
	}
	old := e.kept
	e.kept = nil
	return old.Close()
}

func (e *staleEngine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.closeLocked(); err != nil {
		return err
	}
	return e.Driver.Close()
}

// eagerEngine shows items while their update is on its way to the disk, for
// which it takes its time.
type eagerEngine struct {
	driver.Driver
	pending sync.Map // value by key
}

func (e *eagerEngine) Get(ctx context.Context, key, dst []byte) ([]byte, error) {
	if value, ok := e.pending.Load(string(key)); ok {
		return append(dst, value.([]byte)...), nil
	}
	return e.Driver.Get(ctx, key, dst)
}

func (e *eagerEngine) Update(ctx context.Context, own [][]byte, body driver.Body) error {
	var shown []string
	err := e.Driver.Update(ctx, own, bodyFunc(func(tx driver.Tx) (*driver.Writes, error) {
		writes, err := body.Run(tx)
		if err != nil {
			return nil, err
		}
		for _, w := range writes.All() {
			if w.Kind == driver.Set && layout.PlaceOf(w.Key).Part == layout.PartItem {
				shown = append(shown, string(w.Key))
				e.pending.Store(string(w.Key), bytes.Clone(w.Value))
			}
		}
		dawdle()
		return writes, nil
	}))
	for _, key := range shown {
		e.pending.Delete(key)
	}
	return err
}

// dawdle lets others run.
func dawdle() {
	for range 100 {
		runtime.Gosched()
	}
}

// garblingEngine tells records of the journal twice, or one before the one that
// it follows.
type garblingEngine struct {
	driver.Driver
	twice bool
	n     atomic.Int64
}

func (e *garblingEngine) Snapshot(ctx context.Context) (driver.Snapshot, error) {
	snap, err := e.Driver.Snapshot(ctx)
	return garblingSnapshot{snap, e}, err
}

type garblingSnapshot struct {
	driver.Snapshot
	engine *garblingEngine
}

func (s garblingSnapshot) Scan(start, end []byte, reverse bool) driver.Iterator {
	return &garblingIterator{Iterator: s.Snapshot.Scan(start, end, reverse), engine: s.engine}
}

// garblingIterator holds entries of a scan that come before what the iterator
// stands at.
type garblingIterator struct {
	driver.Iterator
	engine *garblingEngine
	queue  []driver.Write // the first is the current one
}

func (i *garblingIterator) Next() bool {
	if len(i.queue) > 0 {
		i.queue = i.queue[1:]
	}
	if len(i.queue) > 0 {
		return true
	}
	if !i.take() {
		return false
	}
	if _, err := layout.ParseChangeKey(i.Key()); err != nil || i.engine.n.Add(1)%5 > 0 {
		return true
	}
	if i.engine.twice {
		i.queue = append(i.queue, i.queue[0])
	} else if i.take() {
		i.queue[0], i.queue[1] = i.queue[1], i.queue[0]
	}
	return true
}

// take appends the next entry to the queue.
func (i *garblingIterator) take() bool {
	if !i.Iterator.Next() {
		return false
	}
	var w driver.Writes
	w.Set(i.Iterator.Key(), i.Iterator.Value())
	i.queue = append(i.queue, w.All()[0])
	return true
}

func (i *garblingIterator) Key() []byte   { return i.queue[0].Key }
func (i *garblingIterator) Value() []byte { return i.queue[0].Value }

// aheadEngine says of stamps that are still in flight that they are settled. It
// takes its time with updates, so that there are some in flight.
type aheadEngine struct{ driver.Driver }

func (e aheadEngine) Update(ctx context.Context, own [][]byte, body driver.Body) error {
	return e.Driver.Update(ctx, own, bodyFunc(func(tx driver.Tx) (*driver.Writes, error) {
		writes, err := body.Run(tx)
		dawdle()
		return writes, err
	}))
}

func (e aheadEngine) Watermark() uint64 { return e.Driver.Watermark() + 8 }
