package dynamodb

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/memory"
)

func memoryEngine(t testing.TB) driver.Driver {
	t.Helper()
	engine, err := memory.Open(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// heldEngine can hold an update, before it begins, for as long as a test likes.
type heldEngine struct {
	driver.Driver
	next atomic.Pointer[hold] // for the next update
}

// hold is a stop on the way of one update.
type hold struct {
	reached, over chan struct{}
}

// holdNext lets the next update wait, and returns where.
func (e *heldEngine) holdNext() *hold {
	h := &hold{make(chan struct{}), make(chan struct{})}
	e.next.Store(h)
	return h
}

func (e *heldEngine) Update(ctx context.Context, own [][]byte, body driver.Body) error {
	if h := e.next.Swap(nil); h != nil {
		close(h.reached)
		<-h.over
	}
	return e.Driver.Update(ctx, own, body)
}

// The engines that follow break one promise each, so that a test can show that
// it would notice.

// unownedEngine lets updates of the same keys run at the same time.
type unownedEngine struct{ driver.Driver }

func (e unownedEngine) Update(ctx context.Context, _ [][]byte, body driver.Body) error {
	return e.Driver.Update(ctx, nil, bodyFunc(func(tx driver.Tx) (*driver.Writes, error) {
		writes, err := body.Run(tx)
		runtime.Gosched()
		return writes, err
	}))
}

// tornEngine commits the first half of an update before the rest.
type tornEngine struct{ driver.Driver }

func (e tornEngine) Update(ctx context.Context, own [][]byte, body driver.Body) error {
	var all []driver.Write
	err := e.Driver.Update(ctx, own, bodyFunc(func(tx driver.Tx) (*driver.Writes, error) {
		writes, err := body.Run(tx)
		if err != nil {
			return nil, err
		}
		all = writes.All()
		return writesOf(all[:len(all)/2]), nil
	}))
	if err != nil {
		return err
	}
	runtime.Gosched()
	return e.Driver.Update(ctx, own, bodyFunc(func(driver.Tx) (*driver.Writes, error) {
		return writesOf(all[len(all)/2:]), nil
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

type bodyFunc func(tx driver.Tx) (*driver.Writes, error)

func (f bodyFunc) Run(tx driver.Tx) (*driver.Writes, error) { return f(tx) }

func writesOf(list []driver.Write) *driver.Writes {
	w := &driver.Writes{}
	for _, one := range list {
		switch one.Kind {
		case driver.Set:
			w.Set(one.Key, one.Value)
		case driver.Delete:
			w.Delete(one.Key)
		case driver.DeleteRange:
			w.DeleteRange(one.Key, one.Value)
		case driver.Add:
			w.Add(one.Key, int(one.Slot), one.Delta)
		}
	}
	return w
}
