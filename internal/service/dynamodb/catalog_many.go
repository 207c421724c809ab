package dynamodb

import (
	"context"
	"slices"
	"sync"

	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// enterAll is enter for a write to several tables, which are all there or none
// is returned. The caller lets go of the gates with leaveAll.
//
// Tables may share a gate, and a gate that is held shared must not be taken
// again: a change that waits for it in between would wait for ever, and keep
// both out. So each gate is taken once; and in the order of their numbers, so
// that no two writes and changes wait for each other in a circle.
func (c *catalog) enterAll(ctx context.Context, refs []tableRef) ([]*schema.Table, []*sync.RWMutex, error) {
	for {
		tables, err := c.findAll(ctx, refs)
		if err != nil || tables == nil {
			return nil, nil, err
		}
		gates := c.gatesOf(tables)
		for _, gate := range gates {
			gate.RLock()
		}
		now, err := c.findAll(ctx, refs)
		if err == nil && slices.Equal(now, tables) {
			return tables, gates, nil
		}
		leaveAll(gates) // one has changed meanwhile: again with what stands now
		if err != nil {
			return nil, nil, err
		}
	}
}

// leaveAll lets go of gates that enterAll has taken.
func leaveAll(gates []*sync.RWMutex) {
	for _, gate := range gates {
		gate.RUnlock()
	}
}

// findAll returns the tables as they stand, or nil when one is not there.
func (c *catalog) findAll(ctx context.Context, refs []tableRef) ([]*schema.Table, error) {
	tables := make([]*schema.Table, len(refs))
	for i, ref := range refs {
		t, err := c.find(ctx, ref)
		if err != nil || t == nil {
			return nil, err
		}
		tables[i] = t
	}
	return tables, nil
}

// gatesOf returns the gates of the tables, each once, in order.
func (c *catalog) gatesOf(tables []*schema.Table) []*sync.RWMutex {
	numbers := make([]uint64, len(tables))
	for i, t := range tables {
		numbers[i] = t.ID % gatesMax
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	gates := make([]*sync.RWMutex, len(numbers))
	for i, n := range numbers {
		gates[i] = &c.gates[n]
	}
	return gates
}
