package pebble

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// Many take several stripes each, some of them with a context that ends while
// they wait: a stripe has one owner at a time, and in the end all are free.
func TestLatches(t *testing.T) {
	const takers, rounds, stripes = 16, 300, 5
	var l latches
	var owners [stripes]atomic.Int32
	var given atomic.Int64
	var all sync.WaitGroup
	for i := range uint64(takers) {
		all.Go(func() {
			r := rand.New(rand.NewPCG(i, 1))
			w := newLatchWaiter()
			for range rounds {
				ctx, cancel := context.WithCancel(context.Background())
				if r.IntN(3) == 0 {
					go cancel()
				}
				wanted := []uint32{r.Uint32N(stripes), r.Uint32N(stripes), r.Uint32N(stripes)}
				held, err := l.acquire(ctx, wanted, &w)
				if err != nil {
					if !errors.Is(err, context.Canceled) || held != nil {
						t.Errorf("%v, holding %v", err, held)
					}
					cancel()
					continue
				}
				given.Add(1)
				for _, stripe := range held {
					if owners[stripe].Add(1) != 1 {
						t.Errorf("stripe %d has two owners", stripe)
					}
				}
				for _, stripe := range held {
					owners[stripe].Add(-1)
				}
				l.release(held)
				cancel()
			}
		})
	}
	all.Wait()
	if given.Load() == 0 {
		t.Error("nobody got anything")
	}
	for i := range stripes {
		if state := l.stripes[i].Load(); state != latchFree {
			t.Errorf("stripe %d is in state %d", i, state)
		}
	}
	for i := range l.queues {
		if n := len(l.queues[i].list); n > 0 {
			t.Errorf("%d wait in queue %d", n, i)
		}
	}
}

// Those who wait for a stripe get it in turn, and one who has given up is
// passed over.
func TestLatchesInTurn(t *testing.T) {
	var l latches
	first := newLatchWaiter()
	held, err := l.acquire(context.Background(), []uint32{7}, &first)
	if err != nil {
		t.Fatal(err)
	}
	const waiters, quitter = 5, 2
	order := make(chan int, waiters)
	quit, giveUp := context.WithCancel(context.Background())
	defer giveUp()
	var all sync.WaitGroup
	waits := func(n int) bool {
		q := l.queue(7)
		q.mu.Lock()
		defer q.mu.Unlock()
		return len(q.list) == n
	}
	for i := range waiters {
		all.Go(func() {
			ctx := context.Background()
			if i == quitter {
				ctx = quit
			}
			w := newLatchWaiter()
			mine, err := l.acquire(ctx, []uint32{7}, &w)
			if err != nil {
				return
			}
			order <- i
			l.release(mine)
		})
		for !waits(i + 1) {
			runtime.Gosched()
		}
	}
	giveUp()
	for !waits(waiters - 1) {
		runtime.Gosched()
	}
	l.release(held)
	all.Wait()
	close(order)
	want := []int{0, 1, 3, 4}
	for i := range order {
		if i != want[0] {
			t.Fatalf("%d had its turn, want %v", i, want)
		}
		want = want[1:]
	}
}
