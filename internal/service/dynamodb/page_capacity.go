package dynamodb

import (
	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/wire"
)

// capacity is what ReturnConsumedCapacity asks for. The sizes of all entries of
// a page are summed up before they are rounded to units; items that were
// fetched from the table are rounded one by one, and charged to the table.
func (p *page) capacity(asked wire.Opt[string], tableName string) *api.ConsumedCapacity {
	if asked.Or(none) == none {
		return nil
	}
	units := readUnits(p.bytes, p.consistent)
	table := units
	if p.view.Index != nil {
		table = p.fetchedUnits
	}
	c := &api.ConsumedCapacity{TableName: wire.Some(tableName), CapacityUnits: wire.Some(units + p.fetchedUnits)}
	if asked.Value != "INDEXES" {
		return c
	}
	c.Table = &api.Capacity{CapacityUnits: wire.Some(table)}
	if x := p.view.Index; x != nil {
		addIndexCapacity(c, x, units)
	}
	return c
}
