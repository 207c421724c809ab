package bench

import (
	"sync"
	"sync/atomic"
)

// population is the numbers of the items in a table: all below count, and some
// above that are being inserted, or were inserted before one that is not yet.
// It is safe for concurrent use.
type population struct {
	next  atomic.Int64
	count atomic.Int64

	mu struct {
		sync.Mutex
		above map[int64]bool // inserted, and not below count
	}
}

// begin returns the number of an item to insert.
func (p *population) begin() int64 { return p.next.Add(1) - 1 }

// done says that the item is there.
func (p *population) done(item int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.above == nil {
		p.mu.above = map[int64]bool{}
	}
	p.mu.above[item] = true
	count := p.count.Load()
	for p.mu.above[count] {
		delete(p.mu.above, count)
		count++
	}
	p.count.Store(count)
}
