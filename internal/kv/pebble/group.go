package pebble

import (
	"bytes"
	"context"
	"errors"
	"hash/maphash"
	"sync/atomic"

	engine "github.com/cockroachdb/pebble/v2"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/driver"
)

// group is a commit group on its way to the disk: Pebble already shows its
// writes, but they are not durable yet. Who has read what it may have written
// waits for it before answering. Several may be on their way; the last that
// touches a key stands for those before it, as they land in order.
type group struct {
	number  uint64                // groups are counted
	older   atomic.Pointer[group] // the one in flight before it; nil: none, any more
	done    chan struct{}         // closed when the group is durable, or will not be
	instead *past                 // not nil: it failed, and readers see this; read after done
	err     error                 // why it failed; read after done
	landed  bool                  // under the committer's landing

	// before shows the store without the group and those that came after it. If
	// it is the first that fails, readers see that for good.
	before past

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

// wait waits until the group is durable, and returns nil; or has failed, and
// returns what is to be read instead.
func (g *group) wait(ctx context.Context) (*past, error) {
	select {
	case <-g.done:
		return g.instead, nil
	default:
	}
	select {
	case <-g.done:
		return g.instead, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// land says how the group ended.
func (g *group) land(instead *past, err error) {
	if !g.landed {
		g.landed, g.instead, g.err = true, instead, err
		close(g.done)
	}
}

// touching returns the last group in flight that may write the key, or nil.
func (c *committer) touching(key []byte) *group {
	g := c.inflight.Load()
	if g == nil {
		return nil
	}
	hash := maphash.Bytes(c.seed, key)
	for g != nil && !g.touches(hash) {
		g = g.older.Load()
	}
	return g
}

// awaitKey returns when what was read at key before the call is durable. If it
// will not be, it returns what is to be read instead.
func (c *committer) awaitKey(ctx context.Context, key []byte) (*past, error) {
	g := c.touching(key)
	if g == nil {
		return nil, nil
	}
	return g.wait(ctx)
}

// awaitAll returns when everything that was visible before the call is durable.
// If something will not be, it returns what is to be read instead.
func (c *committer) awaitAll(ctx context.Context) (*past, error) {
	g := c.inflight.Load()
	if g == nil {
		return nil, nil
	}
	return g.wait(ctx)
}

// past is the store as it was at some moment. It is an iterator that is never
// moved, but cloned: to open one for each group costs less than a snapshot.
// Safe for concurrent use, and a driver.Snapshot.
type past struct{ entries *engine.Iterator }

// NewIter opens an iterator over the store as it was.
func (p *past) NewIter(o *engine.IterOptions) (*engine.Iterator, error) {
	return p.entries.Clone(engine.CloneOptions{IterOptions: o})
}

// Get implements driver.Snapshot.
func (p *past) Get(key, dst []byte) ([]byte, error) {
	next := append(bytes.Clone(key), 0)
	it := scan(p, key, next, false)
	found := it.Next()
	if found {
		dst = append(dst, it.Value()...)
	}
	switch err := errors.Join(it.Err(), it.Close()); {
	case err != nil:
		return dst, err
	case !found:
		return dst, kv.ErrNotFound
	}
	return dst, nil
}

// Scan implements driver.Snapshot.
func (p *past) Scan(start, end []byte, reverse bool) driver.Iterator {
	return scan(p, start, end, reverse)
}

// Close implements driver.Snapshot. The group keeps it open for others.
func (p *past) Close() error { return nil }
