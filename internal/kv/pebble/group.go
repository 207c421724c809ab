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

	keys  filter // that it writes
	stems filter // of these keys
	all   bool   // it deletes a range: any key may be touched
}

// filter is a set of which each member has the two bits that its hash names.
// What has them by chance seems to be a member.
type filter [filterWords]uint64

const filterWords = 64

func (f *filter) add(hash uint64) {
	f[hash>>6%filterWords] |= 1 << (hash % 64)
	hash >>= 32
	f[hash>>6%filterWords] |= 1 << (hash % 64)
}

func (f *filter) has(hash uint64) bool {
	one := f[hash>>6%filterWords] >> (hash % 64) & 1
	hash >>= 32
	two := f[hash>>6%filterWords] >> (hash % 64) & 1
	return one&two == 1
}

func newGroup() *group { return &group{done: make(chan struct{})} }

// add notes that the group writes a key. A nil group, of a store whose reads do
// not wait, notes nothing.
func (g *group) add(seed maphash.Seed, key []byte) {
	if g == nil {
		return
	}
	g.keys.add(maphash.Bytes(seed, key))
	if len(key) >= kv.StemBytes {
		g.stems.add(maphash.Bytes(seed, key[:kv.StemBytes]))
	}
}

func (g *group) addAll() {
	if g != nil {
		g.all = true
	}
}

// wait waits until the group is durable, and returns nil; or has failed, and
// returns what is to be read instead. For no group there is nothing to wait for.
func (g *group) wait(ctx context.Context) (*past, error) {
	if g == nil {
		return nil, nil
	}
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
	for g != nil && !g.all && !g.keys.has(hash) {
		g = g.older.Load()
	}
	return g
}

// touchingRange returns the last group in flight that may write a key in the
// range, or nil.
func (c *committer) touchingRange(start, end []byte) *group {
	g := c.inflight.Load()
	if g == nil {
		return nil
	}
	stem := stemOf(start, end)
	if stem == nil {
		return g
	}
	hash := maphash.Bytes(c.seed, stem)
	for g != nil && !g.all && !g.stems.has(hash) {
		g = g.older.Load()
	}
	return g
}

// stemOf returns the stem of all keys in a range, nil if they do not have the
// same. They have that of start if end begins with it too, or is the first key
// behind all those that do.
func stemOf(start, end []byte) []byte {
	if len(start) < kv.StemBytes {
		return nil
	}
	stem := start[:kv.StemBytes]
	if bytes.HasPrefix(end, stem) {
		return stem
	}
	last := kv.StemBytes - 1
	for last > 0 && stem[last] == 0xff {
		last--
	}
	if len(end) == last+1 && bytes.Equal(end[:last], stem[:last]) && end[last] == stem[last]+1 {
		return stem
	}
	return nil
}

// awaitKey returns when what was read at key before the call is durable. If it
// will not be, it returns what is to be read instead.
func (c *committer) awaitKey(ctx context.Context, key []byte) (*past, error) {
	return c.touching(key).wait(ctx)
}

// awaitRange is awaitKey for what was read of a range.
func (c *committer) awaitRange(ctx context.Context, start, end []byte) (*past, error) {
	return c.touchingRange(start, end).wait(ctx)
}

// awaitAll returns when everything that was visible before the call is durable.
// If something will not be, it returns what is to be read instead.
func (c *committer) awaitAll(ctx context.Context) (*past, error) {
	return c.inflight.Load().wait(ctx)
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
