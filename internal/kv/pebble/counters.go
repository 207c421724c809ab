package pebble

import (
	"bytes"
	"errors"
	"fmt"

	engine "github.com/cockroachdb/pebble/v2"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/driver"
)

// counters knows the values of counter vectors, so that a group of commits
// writes each of them once, whole. All commits go through it, hence what it
// has in memory is what is stored, or will be when the group is. It is used by
// the one goroutine that leads the committer.
type counters struct {
	db      *engine.DB
	vectors map[string]*vector

	// Of the group being built:
	changed []*vector
	deleted []keyRange
}

type vector struct {
	key     []byte
	slots   []int64
	stored  bool // there is a value at key
	changed bool
}

type keyRange struct{ start, end []byte }

func (r keyRange) holds(key []byte) bool {
	return bytes.Compare(r.start, key) <= 0 && bytes.Compare(key, r.end) < 0
}

// add adds to a counter.
func (c *counters) add(w *driver.Write) error {
	v := c.vectors[string(w.Key)]
	if v == nil {
		var err error
		if v, err = c.load(w.Key); err != nil {
			return err
		}
	}
	for len(v.slots) <= int(w.Slot) {
		v.slots = append(v.slots, 0)
	}
	v.slots[w.Slot] += w.Delta
	if !v.changed {
		v.changed = true
		c.changed = append(c.changed, v)
	}
	return nil
}

func (c *counters) load(key []byte) (*vector, error) {
	v := &vector{key: bytes.Clone(key)}
	for _, r := range c.deleted {
		if r.holds(key) {
			c.vectors[string(v.key)] = v
			return v, nil
		}
	}
	value, closer, err := c.db.Get(key)
	if errors.Is(err, engine.ErrNotFound) {
		c.vectors[string(v.key)] = v
		return v, nil
	}
	if err != nil {
		return nil, readError(err)
	}
	defer func() { _ = closer.Close() }()
	if v.slots, err = kv.ParseCounters(nil, value); err != nil {
		return nil, &kv.CorruptionError{Err: fmt.Errorf("a vector of counters: %w", err)} // its key would tell an item's, in the log
	}
	v.stored = true
	c.vectors[string(v.key)] = v
	return v, nil
}

// deleteRange forgets what the group has added so far in a range that is
// deleted. The group's batch gets the deletion before the changed vectors.
func (c *counters) deleteRange(start, end []byte) {
	r := keyRange{start, end}
	c.deleted = append(c.deleted, r)
	for _, v := range c.vectors {
		if r.holds(v.key) {
			v.slots = v.slots[:0]
			v.stored = false
		}
	}
}

// finish writes the changed vectors to the group's batch.
func (c *counters) finish(batch *engine.Batch, scratch []byte) ([]byte, error) {
	for _, v := range c.changed {
		v.changed = false
		scratch = kv.AppendCounters(scratch[:0], v.slots)
		stored := len(scratch) > 0
		var err error
		switch {
		case stored:
			err = batch.Set(v.key, scratch, nil)
		case v.stored:
			err = batch.Delete(v.key, nil)
		}
		if err != nil {
			return scratch, err
		}
		v.stored = stored
	}
	c.changed, c.deleted = c.changed[:0], c.deleted[:0]
	if len(c.vectors) > counterCacheMax {
		clear(c.vectors)
	}
	return scratch, nil
}

// forget drops everything after a group that was not committed.
func (c *counters) forget() {
	clear(c.vectors)
	c.changed, c.deleted = c.changed[:0], c.deleted[:0]
}
