package dynamodb

import (
	"bytes"
	"context"
	"errors"
	"slices"

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

// collection is an item collection that writes of one update change.
type collection struct {
	before int64 // bytes
	growth int64 // what all of the writes together make of it
}

func (c *collection) bytes() int64 { return c.before + c.growth }

// takeCollections takes up the collections of several writes, which may have
// some in common. It costs one engine read for each.
func (s *Service) takeCollections(ctx context.Context, outcomes ...*outcome) error {
	for i, o := range outcomes {
		if !o.table.HasLocalIndexes() {
			continue
		}
		if first := slices.IndexFunc(outcomes[:i], o.sharesCollection); first >= 0 {
			o.collection = outcomes[first].collection
		} else {
			before, err := s.collectionBytes(ctx, layout.AppendCollectionKey(nil, o.table.ID, o.key.Partition))
			if err != nil {
				return err
			}
			o.collection = &collection{before: before}
		}
		o.collection.growth += o.collectionGrowth()
	}
	return nil
}

func (o *outcome) sharesCollection(other *outcome) bool {
	return o.table.ID == other.table.ID && bytes.Equal(o.key.Partition, other.key.Partition)
}

// overfills reports whether the write helps to make its collection grow beyond a
// size. One that is too large already may shrink.
func (o *outcome) overfills(max int64) bool {
	c := o.collection
	return c != nil && c.growth > 0 && c.bytes() > max && o.collectionGrowth() > 0
}

// checkCollections refuses writes that together would make a collection too
// large.
func (s *Service) checkCollections(ctx context.Context, outcomes ...*outcome) error {
	if err := s.takeCollections(ctx, outcomes...); err != nil {
		return err
	}
	for _, o := range outcomes {
		if o.overfills(s.collectionBytesMax) {
			return api.ItemCollectionSizeLimitExceededException(textCollectionFull)
		}
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
	gigabytes := float64(o.collection.bytes() >> 30)
	return &api.ItemCollectionMetrics{
		ItemCollectionKey:   b.Item(),
		SizeEstimateRangeGB: []float64{gigabytes, gigabytes + 1},
	}
}
