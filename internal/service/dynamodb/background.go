package dynamodb

import (
	"context"
	"sync"
	"time"
)

// background is a goroutine that works when there may be something to do. What
// it has to do stands in the store; it is only told to look.
type background struct {
	wake   chan struct{} // holds one: there may be work
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// untilPoked is how long a work rests that has nothing left to do.
const untilPoked time.Duration = -1

func newBackground() background {
	ctx, cancel := context.WithCancel(context.Background())
	return background{wake: make(chan struct{}, 1), ctx: ctx, cancel: cancel}
}

// start lets work run, first with what an earlier process left. work returns
// after how long it is to run again, if nobody pokes before.
func (b *background) start(work func(ctx context.Context) (again time.Duration)) {
	b.done.Go(func() {
		for b.rest(work(b.ctx)) {
		}
	})
}

// rest waits, and reports whether the work goes on.
func (b *background) rest(again time.Duration) bool {
	if again == 0 {
		return b.ctx.Err() == nil
	}
	var over <-chan time.Time
	if again != untilPoked {
		timer := time.NewTimer(again)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-b.ctx.Done():
		return false
	case <-b.wake:
	case <-over:
	}
	return true
}

// poke says that there may be work.
func (b *background) poke() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// stop ends the work and waits for it.
func (b *background) stop() {
	b.cancel()
	b.done.Wait()
}
