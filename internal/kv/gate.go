package kv

import (
	"math"
	"sync/atomic"
)

// gate lets operations in until it is shut, and tells when the last one has
// left.
type gate struct {
	inside atomic.Int64  // operations inside; counted from math.MinInt64 once shut
	empty  chan struct{} // closed when the gate is shut and nobody is inside
}

func (g *gate) init() { g.empty = make(chan struct{}) }

// enter reports whether the caller is inside, and has to leave.
func (g *gate) enter() bool {
	for {
		n := g.inside.Load()
		if n < 0 {
			return false
		}
		if g.inside.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (g *gate) leave() {
	if g.inside.Add(-1) == math.MinInt64 {
		close(g.empty)
	}
}

// shut lets nobody in from now on and waits until all have left. It reports
// false to all callers but the first.
func (g *gate) shut() bool {
	for {
		n := g.inside.Load()
		if n < 0 {
			return false
		}
		if g.inside.CompareAndSwap(n, n+math.MinInt64) {
			if n > 0 {
				<-g.empty
			}
			return true
		}
	}
}
