package dynamodb

import (
	"context"
	"errors"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// An item collection is all items of one partition key with their entries in
// the table's local indexes. AWS knows collections only on tables with local
// indexes; only for these are sizes kept.

// collectionGrowth returns by how many bytes the write makes its collection
// larger.
func (o *outcome) collectionGrowth() int64 {
	n := o.new.Size - o.old.Size
	for i := range o.entries {
		if c := &o.entries[i]; c.Index.Local {
			n += c.New.Size - c.Old.Size
		}
	}
	return int64(n)
}

// checkCollection takes up the size that the write leaves its collection with,
// and refuses a write that would make it too large.
func (s *Service) checkCollection(ctx context.Context, o *outcome) error {
	if !o.table.HasLocalIndexes() {
		return nil
	}
	before, err := s.collectionBytes(ctx, layout.AppendCollectionKey(nil, o.table.ID, o.key.Partition))
	if err != nil {
		return err
	}
	growth := o.collectionGrowth()
	o.collectionBytes = before + growth
	if growth > 0 && o.collectionBytes > s.collectionBytesMax {
		return api.ItemCollectionSizeLimitExceededException(textCollectionFull)
	}
	return nil
}

const textCollectionFull = "Collection size exceeded."

// collectionBytes returns the size of a collection.
func (s *Service) collectionBytes(ctx context.Context, key []byte) (int64, error) {
	counters, err := s.store.Counters(ctx, key)
	if err != nil && !errors.Is(err, kv.ErrNotFound) {
		return 0, err
	}
	return counterAt(counters, layout.SlotCollectionBytes), nil
}

// counterAt returns a counter of a vector that may be shorter.
func counterAt(counters []int64, slot int) int64 {
	if slot >= len(counters) {
		return 0
	}
	return counters[slot]
}

// collectionMetrics is what ReturnItemCollectionMetrics asks for: the collection
// and two numbers of gigabytes that its size lies between.
func collectionMetrics(asked wire.Opt[string], key schema.Key, o outcome) *api.ItemCollectionMetrics {
	if asked.Value != "SIZE" || !o.table.HasLocalIndexes() {
		return nil
	}
	b := item.NewBuilder(nil)
	b.BeginMap()
	b.NameString(o.table.Partition.Name)
	b.Value(key.Partition)
	b.EndMap()
	gigabytes := float64(o.collectionBytes >> 30)
	return &api.ItemCollectionMetrics{
		ItemCollectionKey:   b.Item(),
		SizeEstimateRangeGB: []float64{gigabytes, gigabytes + 1},
	}
}
