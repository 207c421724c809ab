package dynamodb

import (
	"context"
	"errors"
	"time"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// view is what a description shows besides the descriptor.
type view struct {
	status   schema.Status
	capacity schema.Capacity
	now      time.Time
	counters []int64 // the table's; empty for a new one
}

// look returns the view of a table as it stands. A table that is being deleted
// counts nothing: its data is going, nobody can say how much is left.
func (s *Service) look(ctx context.Context, t *schema.Table) (view, error) {
	now := s.env.Now()
	status := t.StatusAt(now)
	if status == schema.Deleting {
		return view{status: status, capacity: t.Capacity, now: now}, nil
	}
	counters, err := s.store.Counters(ctx, layout.AppendCountersKey(nil, t.ID))
	if err != nil && !errors.Is(err, kv.ErrNotFound) {
		return view{}, err
	}
	return view{status, t.CapacityAt(now), now, counters}, nil
}

// describe returns the TableDescription of a table.
func describe(t *schema.Table, v view) *api.TableDescription {
	d := &api.TableDescription{
		AttributeDefinitions:      definitions(t),
		CreationDateTime:          timestamp(&t.CreatedAt),
		DeletionProtectionEnabled: wire.Some(t.DeletionProtected),
		ItemCount:                 wire.Some(counterAt(v.counters, layout.SlotItems)),
		KeySchema:                 tableKeySchema(t),
		ProvisionedThroughput:     throughput(v.capacity.Throughput, v.now),
		TableArn:                  wire.Some(t.ARN()),
		TableId:                   wire.Some(t.UUID),
		TableName:                 wire.Some(t.Name),
		TableSizeBytes:            wire.Some(counterAt(v.counters, layout.SlotBytes)),
		TableStatus:               wire.Some(string(v.status)),
		OnDemandThroughput:        onDemand(v.capacity.OnDemand),
		WarmThroughput:            tableWarm(v),
	}
	if v.capacity.OnDemandAt != nil {
		d.BillingModeSummary = billing(v)
	}
	if t.Class.Name != "" {
		d.TableClassSummary = &api.TableClassSummary{
			TableClass:         wire.Some(t.Class.Name),
			LastUpdateDateTime: timestamp(t.Class.ChangedAt),
		}
	}
	describeStream(d, t)
	for i := range t.Indexes {
		describeIndex(d, t, &t.Indexes[i], v)
	}
	return d
}

func definitions(t *schema.Table) []*api.AttributeDefinition {
	var defs []*api.AttributeDefinition
	for _, k := range t.Definitions() {
		defs = append(defs, &api.AttributeDefinition{
			AttributeName: wire.Some(k.Name),
			AttributeType: wire.Some(k.Kind.String()),
		})
	}
	return defs
}

func tableKeySchema(t *schema.Table) []*api.KeySchemaElement {
	keys := keySchema(nil, "HASH", t.Partition)
	if t.Sort != nil {
		keys = keySchema(keys, "RANGE", *t.Sort)
	}
	return keys
}

func keySchema(dst []*api.KeySchemaElement, keyType string, keys ...schema.KeyAttribute) []*api.KeySchemaElement {
	for _, k := range keys {
		dst = append(dst, &api.KeySchemaElement{AttributeName: wire.Some(k.Name), KeyType: wire.Some(keyType)})
	}
	return dst
}

// billing tells when a table became on-demand, but not while it is being created.
func billing(v view) *api.BillingModeSummary {
	b := &api.BillingModeSummary{BillingMode: wire.Some(provisioned)}
	if v.capacity.OnDemandMode {
		b.BillingMode = wire.Some(payPerRequest)
	}
	if v.status != schema.Creating {
		b.LastUpdateToPayPerRequestDateTime = timestamp(v.capacity.OnDemandAt)
	}
	return b
}

func describeStream(d *api.TableDescription, t *schema.Table) {
	if t.Stream.Label != "" {
		d.LatestStreamLabel = wire.Some(t.Stream.Label)
		d.LatestStreamArn = wire.Some(t.ARN() + "/stream/" + t.Stream.Label)
	}
	if t.Stream.Enabled {
		d.StreamSpecification = &api.StreamSpecification{
			StreamEnabled:  wire.Some(true),
			StreamViewType: wire.Some(t.Stream.View),
		}
	}
}

// describeIndex adds the description of an index.
func describeIndex(d *api.TableDescription, t *schema.Table, x *schema.Index, v view) {
	keys := keySchema(keySchema(nil, "HASH", x.Partition...), "RANGE", x.Sort...)
	projection := &api.Projection{ProjectionType: wire.Some(x.Projection.Type), NonKeyAttributes: x.Projection.NonKey}
	arn := wire.Some(t.ARN() + "/index/" + x.Name)
	count := wire.Some(counterAt(v.counters, 2*int(x.Number)))
	size := wire.Some(counterAt(v.counters, 2*int(x.Number)+1))
	if x.Local {
		d.LocalSecondaryIndexes = append(d.LocalSecondaryIndexes, &api.LocalSecondaryIndexDescription{
			IndexArn: arn, IndexName: wire.Some(x.Name), IndexSizeBytes: size, ItemCount: count,
			KeySchema: keys, Projection: projection,
		})
		return
	}
	status, backfilling := indexStatus(x, v.status)
	d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, &api.GlobalSecondaryIndexDescription{
		IndexArn: arn, IndexName: wire.Some(x.Name), IndexSizeBytes: size, ItemCount: count,
		IndexStatus:           wire.Some(string(status)),
		Backfilling:           backfilling,
		KeySchema:             keys,
		OnDemandThroughput:    onDemand(x.OnDemand),
		Projection:            projection,
		ProvisionedThroughput: throughput(x.Throughput, v.now),
		WarmThroughput:        indexWarm(x, v, status),
	})
}

// indexStatus returns an index's status in a table of a status. Only an index
// that is being created on a live table tells whether it is being backfilled.
func indexStatus(x *schema.Index, table schema.Status) (status schema.Status, backfilling wire.Opt[bool]) {
	switch state := x.StateIn(table); {
	case table == schema.Creating || table == schema.Deleting:
		return table, backfilling
	case x.Building():
		return schema.Creating, wire.Some(state == schema.IndexBackfilling)
	case state == schema.IndexDeleting:
		return schema.Deleting, backfilling
	}
	return schema.Active, backfilling
}

func throughput(t schema.Throughput, now time.Time) *api.ProvisionedThroughputDescription {
	return &api.ProvisionedThroughputDescription{
		LastIncreaseDateTime:   timestamp(t.IncreaseAt),
		LastDecreaseDateTime:   timestamp(t.DecreaseAt),
		NumberOfDecreasesToday: wire.Some(t.DecreasesOn(now)),
		ReadCapacityUnits:      wire.Some(t.Read),
		WriteCapacityUnits:     wire.Some(t.Write),
	}
}

func onDemand(o schema.OnDemand) *api.OnDemandThroughput {
	if o == (schema.OnDemand{}) {
		return nil
	}
	out := &api.OnDemandThroughput{}
	if o.MaxRead > 0 {
		out.MaxReadRequestUnits = wire.Some(o.MaxRead)
	}
	if o.MaxWrite > 0 {
		out.MaxWriteRequestUnits = wire.Some(o.MaxWrite)
	}
	return out
}

// warmth is the warm throughput that is shown: what was asked for, and never
// less than what the capacity itself promises.
func warmth(asked schema.Warm, onDemandMode bool, t schema.Throughput) (read, write int64) {
	if onDemandMode {
		return max(asked.Read, onDemandWarmRead), max(asked.Write, onDemandWarmWrite)
	}
	return max(asked.Read, t.Read), max(asked.Write, t.Write)
}

func tableWarm(v view) *api.TableWarmThroughputDescription {
	read, write := warmth(v.capacity.Warm, v.capacity.OnDemandMode, v.capacity.Throughput)
	return &api.TableWarmThroughputDescription{
		ReadUnitsPerSecond:  wire.Some(read),
		WriteUnitsPerSecond: wire.Some(write),
		Status:              wire.Some(string(v.status)),
	}
}

func indexWarm(x *schema.Index, v view, status schema.Status) *api.GlobalSecondaryIndexWarmThroughputDescription {
	read, write := warmth(x.Warm, v.capacity.OnDemandMode, x.Throughput)
	return &api.GlobalSecondaryIndexWarmThroughputDescription{
		ReadUnitsPerSecond:  wire.Some(read),
		WriteUnitsPerSecond: wire.Some(write),
		Status:              wire.Some(string(status)),
	}
}

// timestamp is a time on the wire: seconds since 1970, to the millisecond.
func timestamp(t *time.Time) wire.Opt[float64] {
	if t == nil {
		return wire.Opt[float64]{}
	}
	return wire.Some(float64(t.UnixMilli()) / 1000)
}
