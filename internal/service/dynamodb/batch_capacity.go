package dynamodb

import (
	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// batchCapacity is what ReturnConsumedCapacity asks for of a batch: an entry for
// each table, in the request's order, that sums up what each item cost by
// itself. It is nil when nothing is asked for.
type batchCapacity []*api.ConsumedCapacity

func newBatchCapacity[V any](asked wire.Opt[string], requests wire.Map[V]) batchCapacity {
	if asked.Or(none) == none {
		return nil
	}
	list := make(batchCapacity, len(requests))
	for i := range requests {
		list[i] = &api.ConsumedCapacity{TableName: wire.Some(requests[i].Key), CapacityUnits: wire.Some(0.0)}
		if asked.Value == "INDEXES" {
			list[i].Table = &api.Capacity{CapacityUnits: wire.Some(0.0)}
		}
	}
	return list
}

// addRead adds the read of an item of a size from the table at a place.
func (list batchCapacity) addRead(place, size int, consistent bool) {
	if list != nil {
		addTableUnits(list[place], readUnits(size, consistent))
	}
}

// addWrite adds a write to the table at a place.
func (list batchCapacity) addWrite(place int, o *outcome) {
	if list == nil {
		return
	}
	c := list[place]
	addTableUnits(c, writeUnits(max(o.old.Size, o.new.Size)))
	for i := range o.entries {
		units := entryUnits(&o.entries[i])
		c.CapacityUnits.Value += units
		if c.Table != nil {
			addIndexUnits(c, o.entries[i].Index, units)
		}
	}
}

func addTableUnits(c *api.ConsumedCapacity, units float64) {
	c.CapacityUnits.Value += units
	if c.Table != nil {
		c.Table.CapacityUnits.Value += units
	}
}

// addIndexUnits adds to what an index costs, which many items may change.
func addIndexUnits(c *api.ConsumedCapacity, x *schema.Index, units float64) {
	arms := c.GlobalSecondaryIndexes
	if x.Local {
		arms = c.LocalSecondaryIndexes
	}
	if arm, ok := arms.Get(x.Name); ok {
		arm.CapacityUnits.Value += units
		return
	}
	addIndexCapacity(c, x, units)
}
