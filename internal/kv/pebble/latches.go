package pebble

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// latches give updates their keys: a key hashes to a stripe, and a stripe has
// one owner at a time. Stripes are taken in order, so nobody waits in a circle;
// who waits for one gets it in turn. A stripe that nobody waits for costs one
// word of memory, which is all that taking it and giving it back touches.
type latches struct {
	stripes [latchStripes]atomic.Uint32
	queues  [latchQueues]latchQueue // of those who wait, for all stripes of one remainder
}

// What a stripe is.
const (
	latchFree   uint32 = iota
	latchHeld          // and nobody waits for it
	latchWanted        // held, and whoever gives it back looks into the queue
)

type latchQueue struct {
	mu   sync.Mutex
	list []*latchWaiter
}

// latchWaiter is an update that waits for a stripe. It is used again and again.
type latchWaiter struct {
	stripe uint32
	turn   chan struct{} // capacity 1: told when the stripe is the waiter's
}

func newLatchWaiter() latchWaiter { return latchWaiter{turn: make(chan struct{}, 1)} }

// acquire takes the stripes, which it sorts and dedupes in place, and returns
// what is to be released. It takes all or, when the context ends first, none.
func (l *latches) acquire(ctx context.Context, stripes []uint32, w *latchWaiter) ([]uint32, error) {
	slices.Sort(stripes)
	stripes = slices.Compact(stripes)
	for i, stripe := range stripes {
		if l.stripes[stripe].CompareAndSwap(latchFree, latchHeld) {
			continue
		}
		if err := l.await(ctx, stripe, w); err != nil {
			l.release(stripes[:i])
			return nil, err
		}
	}
	return stripes, nil
}

func (l *latches) queue(stripe uint32) *latchQueue { return &l.queues[stripe%latchQueues] }

// await takes a stripe that was held.
func (l *latches) await(ctx context.Context, stripe uint32, w *latchWaiter) error {
	q := l.queue(stripe)
	q.mu.Lock()
	if l.stripes[stripe].Swap(latchWanted) == latchFree { // given back meanwhile
		q.mu.Unlock()
		return nil
	}
	w.stripe = stripe
	q.list = append(q.list, w)
	q.mu.Unlock()
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
	}
	if !q.leave(w) { // its turn has come all the same
		<-w.turn
		l.giveBack(stripe)
	}
	return ctx.Err()
}

// leave reports whether the waiter was still waiting, and has it wait no more.
func (q *latchQueue) leave(w *latchWaiter) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.list, w)
	if i < 0 {
		return false
	}
	q.list = slices.Delete(q.list, i, i+1)
	return true
}

func (l *latches) release(stripes []uint32) {
	for _, stripe := range stripes {
		if !l.stripes[stripe].CompareAndSwap(latchHeld, latchFree) {
			l.giveBack(stripe)
		}
	}
}

// giveBack gives a stripe to the one who has waited longest for it.
func (l *latches) giveBack(stripe uint32) {
	q := l.queue(stripe)
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.IndexFunc(q.list, func(w *latchWaiter) bool { return w.stripe == stripe })
	if i < 0 {
		l.stripes[stripe].Store(latchFree)
		return
	}
	w := q.list[i]
	q.list = slices.Delete(q.list, i, i+1)
	w.turn <- struct{}{} // there is room: it waits for one stripe
}
