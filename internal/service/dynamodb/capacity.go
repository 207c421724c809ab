package dynamodb

import (
	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// readUnits returns what reading an item of a size costs. A missing item costs
// as much as the smallest.
func readUnits(size int, consistent bool) float64 {
	units := float64(max(1, (size+readUnitBytes-1)/readUnitBytes))
	if !consistent {
		units /= 2
	}
	return units
}

// writeUnits returns what writing an item or index entry of a size costs.
func writeUnits(size int) float64 {
	return float64(max(1, (size+writeUnitBytes-1)/writeUnitBytes))
}

// readCapacity is what ReturnConsumedCapacity asks for of a read of one item.
func readCapacity(asked wire.Opt[string], tableName string, size int, consistent bool) *api.ConsumedCapacity {
	if asked.Or(none) == none {
		return nil
	}
	units := readUnits(size, consistent)
	c := &api.ConsumedCapacity{TableName: wire.Some(tableName), CapacityUnits: wire.Some(units)}
	if asked.Value == "INDEXES" {
		c.Table = &api.Capacity{CapacityUnits: wire.Some(units)}
	}
	return c
}

// writeCapacity is what ReturnConsumedCapacity asks for of a write of one item.
func writeCapacity(asked wire.Opt[string], tableName string, o outcome) *api.ConsumedCapacity {
	if asked.Or(none) == none {
		return nil
	}
	table := writeUnits(max(o.old.Size, o.new.Size))
	total := table
	c := &api.ConsumedCapacity{TableName: wire.Some(tableName)}
	for i := range o.entries {
		units := entryUnits(&o.entries[i])
		total += units
		if asked.Value == "INDEXES" {
			addIndexCapacity(c, o.entries[i].Index, units)
		}
	}
	c.CapacityUnits = wire.Some(total)
	if asked.Value == "INDEXES" {
		c.Table = &api.Capacity{CapacityUnits: wire.Some(table)}
	}
	return c
}

// entryUnits returns what a change of an index entry costs. An entry that moves
// is deleted and written, each at its own size.
func entryUnits(c *schema.EntryChange) float64 {
	if c.Moved() {
		return writeUnits(c.Old.Size) + writeUnits(c.New.Size)
	}
	return writeUnits(max(c.Old.Size, c.New.Size))
}

func addIndexCapacity(c *api.ConsumedCapacity, x *schema.Index, units float64) {
	entry := wire.Entry[*api.Capacity]{Key: x.Name, Value: &api.Capacity{CapacityUnits: wire.Some(units)}}
	if x.Local {
		c.LocalSecondaryIndexes = append(c.LocalSecondaryIndexes, entry)
	} else {
		c.GlobalSecondaryIndexes = append(c.GlobalSecondaryIndexes, entry)
	}
}

// sumIndexCapacity adds to what an index costs, which several items may change.
func sumIndexCapacity(c *api.ConsumedCapacity, change *schema.EntryChange, units float64) {
	arms := &c.GlobalSecondaryIndexes
	if change.Index.Local {
		arms = &c.LocalSecondaryIndexes
	}
	if arm, ok := arms.Get(change.Index.Name); ok {
		units += arm.CapacityUnits.Value
		*arm = *writeArm(units)
		return
	}
	*arms = append(*arms, wire.Entry[*api.Capacity]{Key: change.Index.Name, Value: writeArm(units)})
}
