package gateway

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gramme-db/gramme/internal/base"
)

// A gate lets requests work as long as what they weigh together is what the
// machine can do at once. The others wait in a row, in the order in which they
// came, for as long as an answer is worth it; then they are refused. When the
// row has not been empty for a while there is more to do than can be done, and
// whoever comes from then on waits for less.
//
// As long as nobody waits, to enter and to leave cost an atomic operation each.
type gate struct {
	max       int64            // of what is inside
	unitBytes int64            // of memory, for each unit of weight
	now       func() time.Time // the machine's clock
	used      atomic.Int64     // never above max
	waiting   atomic.Int64     // length of the row

	// Nothing is allocated under the lock: whoever allocates may have to help the
	// garbage collector first, and all others would wait for that.
	mu struct {
		sync.Mutex
		row      waiter    // the row is a ring, and this is where it begins and ends
		standing time.Time // since when the row was not empty
	}
}

// waiter is a request in the row.
type waiter struct {
	weight         int64
	in             chan struct{} // closed when it was let in
	before, behind *waiter       // in the row; nil: it is not there any more
}

func (g *gate) init(weightMax, memory int64) {
	g.max, g.unitBytes, g.now = weightMax, max(1, memory/weightMax), base.RealEnv().Now
	g.mu.row.before, g.mu.row.behind = &g.mu.row, &g.mu.row
}

// enter returns nil when the request may work; it must leave then, with the same
// weight, which is max at most.
func (g *gate) enter(ctx context.Context, weight int64) error {
	if g.waiting.Load() == 0 && g.take(weight) {
		if weight >= weightYieldMin {
			runtime.Gosched() // who has come in meanwhile joins the row, where it is seen that there are many
		}
		return nil
	}
	return g.wait(ctx, weight)
}

// leave makes room. Whoever joins the row announces it before looking for room,
// so either it finds what was given back here, or it is seen here.
func (g *gate) leave(weight int64) {
	g.used.Add(-weight)
	if g.waiting.Load() > 0 {
		g.mu.Lock()
		g.admitLocked()
		g.mu.Unlock()
	}
}

// take reports whether there was room.
func (g *gate) take(weight int64) bool {
	for {
		used := g.used.Load()
		if used+weight > g.max {
			return false
		}
		if g.used.CompareAndSwap(used, used+weight) {
			return true
		}
	}
}

func (g *gate) wait(ctx context.Context, weight int64) error {
	w := &waiter{weight: weight, in: make(chan struct{})}
	patience, err := g.join(w)
	if err != nil {
		return err
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-w.in:
		return nil
	case <-timer.C:
		err = errGateTime
	case <-ctx.Done():
		err = ctx.Err()
	}
	if g.quit(w) {
		return err
	}
	return nil // it was let in just now
}

// join adds a request to the row, and tells how long it may wait there.
func (g *gate) join(w *waiter) (patience time.Duration, err error) {
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	switch g.waiting.Add(1) {
	case 1:
		g.mu.standing = now
	case gateWaitersMax + 1:
		g.waiting.Add(-1)
		return 0, errGateFull
	}
	patience = gateWaitMax
	if now.Sub(g.mu.standing) >= gateStandingAfter {
		patience = gateStandingWaitMax
	}
	last := g.mu.row.before
	w.before, w.behind = last, &g.mu.row
	last.behind, g.mu.row.before = w, w
	g.admitLocked()
	return patience, nil
}

// quit takes a request out of the row; false: it was let in before.
func (g *gate) quit(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.behind == nil {
		return false
	}
	g.removeLocked(w)
	g.admitLocked() // the next one may weigh less
	return true
}

// admitLocked lets in from the front of the row what there is room for.
func (g *gate) admitLocked() {
	for {
		first := g.mu.row.behind
		if first == &g.mu.row || !g.take(first.weight) {
			return
		}
		g.removeLocked(first)
		close(first.in)
	}
}

func (g *gate) removeLocked(w *waiter) {
	w.before.behind, w.behind.before = w.behind, w.before
	w.before, w.behind = nil, nil
	g.waiting.Add(-1)
}
