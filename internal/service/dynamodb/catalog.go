package dynamodb

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// catalog finds tables and changes their descriptors. The truth is in the
// store; what it keeps in memory is a cache of descriptors.
//
// A write to a table holds the table's gate shared, from the lookup of the
// descriptor to the end of its update; a change of the descriptor holds it
// alone. So no write that was planned with an old descriptor is still under
// way when a change has been made: none lands in a table whose data is being
// removed, or misses an index.
type catalog struct {
	store *kv.Store
	env   base.Env

	gates [gatesMax]sync.RWMutex // by table id: tables may share one

	// changing lets one change of a name's descriptor happen at a time, from its
	// update to the cache: the cache follows the store in the store's order.
	changing [gatesMax]sync.Mutex // by the hash of the name: names may share one
	seed     maphash.Seed

	mu struct {
		sync.RWMutex
		tables  map[tableRef]*schema.Table
		changes uint64 // how many changes the cache has followed
	}
}

// tableRef names a table.
type tableRef struct {
	account, region, name string
}

func newCatalog(store *kv.Store, env base.Env) *catalog {
	c := &catalog{store: store, env: env, seed: maphash.MakeSeed()}
	c.mu.tables = make(map[tableRef]*schema.Table)
	return c
}

// find returns the table as it stands, or nil when there is none; a table whose
// deletion is over is none.
func (c *catalog) find(ctx context.Context, ref tableRef) (*schema.Table, error) {
	c.mu.RLock()
	t := c.mu.tables[ref]
	c.mu.RUnlock()
	if t == nil {
		var err error
		if t, err = c.load(ctx, ref); err != nil || t == nil {
			return nil, err
		}
	}
	if t.StatusAt(c.env.Now()) == schema.Gone {
		return nil, nil
	}
	return t, nil
}

// load reads the descriptor, and keeps it unless a change came between: what
// was read may then be what the change has just replaced.
func (c *catalog) load(ctx context.Context, ref tableRef) (*schema.Table, error) {
	c.mu.RLock()
	changes := c.mu.changes
	c.mu.RUnlock()
	stored, err := c.store.Get(ctx, layout.AppendDescriptorKey(nil, ref.account, ref.region, ref.name), nil)
	if errors.Is(err, kv.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t, err := schema.ParseTable(stored)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.changes != changes {
		return t, nil
	}
	if kept := c.mu.tables[ref]; kept != nil { // somebody else has read it as well
		return kept, nil
	}
	c.keepLocked(t)
	return t, nil
}

// keepLocked puts a descriptor into the cache. A full cache is emptied: it
// fills again from the store at a read a table.
func (c *catalog) keepLocked(t *schema.Table) {
	if len(c.mu.tables) >= cachedTablesMax {
		clear(c.mu.tables)
	}
	c.mu.tables[tableRef{t.Account, t.Region, t.Name}] = t
}

// enter returns the table, or nil when there is none, and holds its gate for a
// write. The caller unlocks the gate, which is nil when the table is.
func (c *catalog) enter(ctx context.Context, ref tableRef) (*schema.Table, *sync.RWMutex, error) {
	for {
		t, err := c.find(ctx, ref)
		if err != nil || t == nil {
			return nil, nil, err
		}
		gate := c.gate(t)
		gate.RLock()
		now, err := c.find(ctx, ref)
		if err == nil && now == t {
			return t, gate, nil
		}
		gate.RUnlock() // changed meanwhile: again with what stands now
		if err != nil || now == nil {
			return nil, nil, err
		}
	}
}

func (c *catalog) gate(t *schema.Table) *sync.RWMutex {
	return &c.gates[t.ID%gatesMax]
}

// edit returns the descriptor that is to take the place of t, which is nil when
// there is no table; nil takes the table away. It may run more than once.
type edit func(tx *kv.Tx, t *schema.Table) (*schema.Table, error)

// change replaces a table's descriptor, durably, and in the cache.
func (c *catalog) change(ctx context.Context, ref tableRef, edit edit) error {
	changing := &c.changing[maphash.Comparable(c.seed, ref)%gatesMax]
	changing.Lock()
	defer changing.Unlock()
	gate, err := c.closeGate(ctx, ref)
	if err != nil {
		return err
	}
	if gate != nil {
		defer gate.Unlock()
	}
	key := layout.AppendDescriptorKey(nil, ref.account, ref.region, ref.name)
	own := [][]byte{key, layout.AppendSequenceKey(nil, layout.TableIDSequence)}
	var after *schema.Table
	err = c.store.Update(ctx, own, func(tx *kv.Tx) error {
		before, err := c.stored(tx, key)
		if err != nil {
			return err
		}
		if after, err = edit(tx, before); err != nil {
			return err
		}
		return putDescriptor(tx, key, after)
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.changes++
	delete(c.mu.tables, ref)
	if after != nil {
		c.keepLocked(after)
	}
	return nil
}

// closeGate waits until no write to the table is under way and keeps new ones
// out. The gate is nil when there is no table.
func (c *catalog) closeGate(ctx context.Context, ref tableRef) (*sync.RWMutex, error) {
	for {
		t, err := c.find(ctx, ref)
		if err != nil || t == nil {
			return nil, err
		}
		gate := c.gate(t)
		gate.Lock()
		now, err := c.find(ctx, ref)
		if err == nil && now != nil && now.ID == t.ID {
			return gate, nil
		}
		gate.Unlock()
		if err != nil {
			return nil, err
		}
	}
}

// stored returns the descriptor as the store has it. A table whose deletion is
// over is none.
func (c *catalog) stored(tx *kv.Tx, key []byte) (*schema.Table, error) {
	value, err := tx.Get(key, nil)
	if errors.Is(err, kv.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t, err := schema.ParseTable(value)
	if err != nil || t.StatusAt(c.env.Now()) == schema.Gone {
		return nil, err
	}
	return t, nil
}

func putDescriptor(tx *kv.Tx, key []byte, t *schema.Table) error {
	if t == nil {
		return tx.Delete(key)
	}
	value, err := t.Append(nil)
	if err != nil {
		return err
	}
	return tx.Set(key, value)
}

// names returns the names of up to max tables of an account and region, in the
// order of their bytes, that come after a name; more says that others follow.
func (c *catalog) names(ctx context.Context, account, region, after string, max int) (names []string, more bool, err error) {
	snap, err := c.store.Snapshot(ctx)
	if err != nil {
		return nil, false, err
	}
	defer snap.Close()
	prefix := layout.AppendDescriptorPrefix(nil, account, region)
	start := append(append([]byte(nil), prefix...), after...)
	it := snap.Scan(start, layout.PrefixEnd(prefix), false)
	defer it.Close()
	for it.Next() {
		name := string(it.Key()[len(prefix):])
		gone, err := c.isGone(it.Value())
		if err != nil {
			return nil, false, err
		}
		if gone || name == after {
			continue
		}
		if len(names) == max {
			return names, true, nil
		}
		names = append(names, name)
	}
	return names, false, it.Err()
}

func (c *catalog) isGone(stored []byte) (bool, error) {
	t, err := schema.ParseTable(stored)
	if err != nil {
		return false, err
	}
	return t.StatusAt(c.env.Now()) == schema.Gone, nil
}

// sweep removes the descriptors of tables whose deletion is over.
func (c *catalog) sweep(ctx context.Context) error {
	gone, err := c.allGone(ctx)
	if err != nil {
		return err
	}
	for _, key := range gone {
		err := c.store.Update(ctx, [][]byte{key}, func(tx *kv.Tx) error {
			t, err := c.stored(tx, key)
			if err != nil || t != nil { // there is a new table of that name
				return err
			}
			return tx.Delete(key)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *catalog) allGone(ctx context.Context) (keys [][]byte, err error) {
	snap, err := c.store.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	start, end := layout.DescriptorRange()
	it := snap.Scan(start, end, false)
	defer it.Close()
	for it.Next() {
		gone, err := c.isGone(it.Value())
		if err != nil {
			return nil, err
		}
		if gone {
			keys = append(keys, append([]byte(nil), it.Key()...))
		}
	}
	return keys, it.Err()
}
