package dynamodb

import (
	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/wire"
)

// What a transaction costs: twice the units of the same operations without it,
// for it is prepared and committed. Entries of indexes cost what they always do.

// transactionUnits is how much more the table's part costs in a transaction.
const transactionUnits = 2

// writeCapacity is what ReturnConsumedCapacity asks for of a transaction that
// has been done: an entry for each table, in the order of first use.
func (x *transaction) writeCapacity(asked wire.Opt[string]) []*api.ConsumedCapacity {
	if asked.Or(none) == none {
		return nil
	}
	tables := make([]float64, len(x.tables))
	list := make([]*api.ConsumedCapacity, len(x.tables))
	for i, name := range x.tables {
		list[i] = &api.ConsumedCapacity{TableName: wire.Some(name)}
	}
	for i := range x.outcomes {
		o, place := &x.outcomes[i], x.actions[i].place
		units := transactionUnits * writeUnits(max(o.old.Size, o.new.Size))
		tables[place] += units
		c := list[place]
		c.CapacityUnits = wire.Some(c.CapacityUnits.Value + units)
		for j := range o.entries {
			units := entryUnits(&o.entries[j])
			c.CapacityUnits.Value += units
			if asked.Value == "INDEXES" {
				sumIndexCapacity(c, &o.entries[j], units)
			}
		}
	}
	for i, c := range list {
		c.WriteCapacityUnits = c.CapacityUnits
		if asked.Value == "INDEXES" {
			c.Table = writeArm(tables[i])
		}
	}
	return list
}

// writeArm is one arm of a transaction's capacity.
func writeArm(units float64) *api.Capacity {
	return &api.Capacity{CapacityUnits: wire.Some(units), WriteCapacityUnits: wire.Some(units)}
}

// replayUnits returns what the same transaction costs when it is sent again
// under its token, for each table: it then reads the items.
func (x *transaction) replayUnits() []uint64 {
	units := make([]uint64, len(x.tables))
	for i := range x.outcomes {
		o := &x.outcomes[i]
		units[x.actions[i].place] += uint64(transactionUnits * readUnits(max(o.old.Size, o.new.Size), true))
	}
	return units
}

// replayCapacity is what ReturnConsumedCapacity asks for of a transaction that
// was done before, with the units of each table.
func replayCapacity(asked wire.Opt[string], tables []string, units []uint64) []*api.ConsumedCapacity {
	list := make([]float64, len(tables))
	for i := range min(len(units), len(list)) {
		list[i] = float64(units[i])
	}
	return transactionReadCapacity(asked, tables, list)
}

// transactionReadCapacity is what ReturnConsumedCapacity asks for of reads in a
// transaction.
func transactionReadCapacity(asked wire.Opt[string], tables []string, units []float64) []*api.ConsumedCapacity {
	if asked.Or(none) == none {
		return nil
	}
	list := make([]*api.ConsumedCapacity, len(tables))
	for i, name := range tables {
		n := wire.Some(units[i])
		list[i] = &api.ConsumedCapacity{TableName: wire.Some(name), CapacityUnits: n, ReadCapacityUnits: n}
		if asked.Value == "INDEXES" {
			list[i].Table = &api.Capacity{CapacityUnits: n, ReadCapacityUnits: n}
		}
	}
	return list
}
