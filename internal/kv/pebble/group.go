package pebble

import (
	"context"
	"hash/maphash"
)

// group is a commit group on its way to the disk: Pebble already shows its
// writes, but they are not durable yet. Who has read what it may have written
// waits for it before answering.
type group struct {
	done chan struct{} // closed when the group is durable, or will not be
	err  error         // why it is not known to be durable; read after done

	// filter has, for each key that the group writes, the two bits that the
	// key's hash names. A key that has them by chance waits without need.
	filter [filterWords]uint64
	all    bool // the group deletes a range: any key may be touched
}

const filterWords = 64

func newGroup() *group { return &group{done: make(chan struct{})} }

// add notes that the group writes the key that hashes so. A nil group, of a
// store whose reads do not wait, notes nothing.
func (g *group) add(seed maphash.Seed, key []byte) {
	if g == nil {
		return
	}
	hash := maphash.Bytes(seed, key)
	g.filter[hash>>6%filterWords] |= 1 << (hash % 64)
	hash >>= 32
	g.filter[hash>>6%filterWords] |= 1 << (hash % 64)
}

func (g *group) addAll() {
	if g != nil {
		g.all = true
	}
}

func (g *group) touches(hash uint64) bool {
	one := g.filter[hash>>6%filterWords] >> (hash % 64) & 1
	hash >>= 32
	two := g.filter[hash>>6%filterWords] >> (hash % 64) & 1
	return g.all || one&two == 1
}

// wait waits until the group is durable.
func (g *group) wait(ctx context.Context) error {
	select {
	case <-g.done:
		return g.err
	default:
	}
	select {
	case <-g.done:
		return g.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// awaitKey returns when what was read at key before the call is durable.
func (c *committer) awaitKey(ctx context.Context, key []byte) error {
	g := c.inflight.Load()
	if g == nil || !g.touches(maphash.Bytes(c.seed, key)) {
		return nil
	}
	return g.wait(ctx)
}

// awaitAll returns when everything that was visible before the call is durable.
func (c *committer) awaitAll(ctx context.Context) error {
	g := c.inflight.Load()
	if g == nil {
		return nil
	}
	return g.wait(ctx)
}
