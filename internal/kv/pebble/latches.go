package pebble

import (
	"context"
	"slices"
	"sync/atomic"
)

// latches give updates their keys: a key hashes to a stripe, and a stripe has
// one owner at a time. Stripes are taken in order, so nobody waits in a circle.
type latches struct {
	stripes [latchStripes]atomic.Pointer[latch] // made on first use
}

// latch is free when it is empty.
type latch chan struct{}

// acquire takes the stripes, which it sorts and dedupes in place, and returns
// what is to be released. It takes all or, when the context ends first, none.
func (l *latches) acquire(ctx context.Context, stripes []uint32) ([]uint32, error) {
	slices.Sort(stripes)
	stripes = slices.Compact(stripes)
	for i, stripe := range stripes {
		if err := l.latch(stripe).take(ctx); err != nil {
			l.release(stripes[:i])
			return nil, err
		}
	}
	return stripes, nil
}

func (l *latches) release(stripes []uint32) {
	for _, stripe := range stripes {
		<-*l.stripes[stripe].Load()
	}
}

func (l *latches) latch(stripe uint32) latch {
	at := &l.stripes[stripe]
	if found := at.Load(); found != nil {
		return *found
	}
	made := make(latch, 1)
	if at.CompareAndSwap(nil, &made) {
		return made
	}
	return *at.Load()
}

func (l latch) take(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	default:
	}
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
