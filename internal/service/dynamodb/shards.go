package dynamodb

import (
	"context"
	"errors"
	"time"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// The shards of a table's journal are opened and closed by updates that hold
// the table's gate alone and own its descriptor: no write to the table is under
// way. So the stamp of such an update parts the records: all in the shards that
// it closes have smaller ones, and all to come in those that it opens have
// greater ones. And who reads the list of shards in one snapshot sees a shard
// open, or closed with its children there.

// openShards opens the first shards of a table that nobody has followed: as
// many as it has partitions. t is the caller's.
func openShards(tx *kv.Tx, t *schema.Table, now time.Time) error {
	base.Must(len(t.Journal.Shards) == 0, "table %s has open shards already", t.Name)
	n := partitions(t.Capacity)
	t.Journal.Next = max(t.Journal.Next, 1)
	for i := range n {
		first := uint32(uint64(i) << 32 / uint64(n))
		t.Journal.Shards = append(t.Journal.Shards, schema.JournalShard{Number: t.Journal.Next, FirstHash: first})
		t.Journal.Next++
	}
	for at := range t.Journal.Shards {
		if err := putOpenShard(tx, t, at, layout.Shard{}, now); err != nil {
			return err
		}
	}
	return nil
}

// partitions is how many partitions DynamoDB gives a table of such throughput.
func partitions(c schema.Capacity) int {
	if c.OnDemandMode {
		return 1
	}
	n := (c.Throughput.Write+partitionWriteUnits-1)/partitionWriteUnits + c.Throughput.Read/partitionReadUnits
	return int(min(max(n, 1), openShardsMax))
}

// putOpenShard writes the open shard at a place of the table's list as a new
// one. The zero Shard is no parent.
func putOpenShard(tx *kv.Tx, t *schema.Table, at int, parent layout.Shard, now time.Time) error {
	shard := layout.Shard{
		Parent: parent.Number, ParentCreatedAt: parent.CreatedAt, FirstHash: t.Journal.Shards[at].FirstHash, LastHash: t.Journal.LastHash(at),
		Start:     uint64(tx.Stamp()),
		CreatedAt: max(now.UnixMilli(), parent.CreatedAt), // ids sort by it; a clock may be set back
	}
	return tx.Set(layout.AppendShardKey(nil, t.ID, t.Journal.Shards[at].Number), layout.AppendShard(nil, shard))
}

// closeShard closes a shard of a table in the store, and returns it.
func closeShard(tx *kv.Tx, table uint64, number uint32, now time.Time) (layout.Shard, error) {
	key := layout.AppendShardKey(nil, table, number)
	stored, err := tx.Get(key, nil)
	if err != nil {
		return layout.Shard{}, err
	}
	shard, err := layout.ParseShard(key, stored)
	if err != nil {
		return layout.Shard{}, err
	}
	shard.End, shard.ClosedAt = uint64(tx.Stamp()), now.UnixMilli()
	return shard, tx.Set(key, layout.AppendShard(nil, shard))
}

// closeShards closes all open shards of a table. t is the caller's.
func closeShards(tx *kv.Tx, t *schema.Table, now time.Time) error {
	for _, open := range t.Journal.Shards {
		if _, err := closeShard(tx, t.ID, open.Number, now); err != nil {
			return err
		}
	}
	t.Journal.Shards = nil
	return nil
}

// reshard puts children in the place of open shards: as many as children says,
// which is 0 for those that stay, 1 or 2. t is the caller's.
func reshard(tx *kv.Tx, t *schema.Table, children map[uint32]int, now time.Time) error {
	before := t.Journal
	after := schema.Journal{Next: before.Next}
	parents := map[uint32]layout.Shard{} // of the new ones
	add := func(parent layout.Shard, firstHash uint32) {
		after.Shards = append(after.Shards, schema.JournalShard{Number: after.Next, FirstHash: firstHash})
		parents[after.Next] = parent
		after.Next++
	}
	for at, open := range before.Shards {
		n := children[open.Number]
		if n == 0 {
			after.Shards = append(after.Shards, open)
			continue
		}
		parent, err := closeShard(tx, t.ID, open.Number, now)
		if err != nil {
			return err
		}
		add(parent, open.FirstHash)
		if n > 1 && open.FirstHash < before.LastHash(at) {
			add(parent, before.Middle(at))
		}
	}
	t.Journal = after
	for at, open := range after.Shards {
		if parent, isNew := parents[open.Number]; isNew {
			if err := putOpenShard(tx, t, at, parent, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// enableStream begins the stream that t asks for. t is the caller's, and in the
// state that it will be stored in. ready is when the change is over.
func enableStream(tx *kv.Tx, t *schema.Table, now, ready time.Time) error {
	if err := labelStream(tx, t, now); err != nil {
		return err
	}
	if err := openShards(tx, t, now); err != nil {
		return err
	}
	stream := layout.Stream{
		TableID: t.ID, View: t.Stream.View, Keys: []layout.StreamKey{{Name: t.Partition.Name, Role: "HASH"}},
		Created: now.UnixMilli(), Ready: ready.UnixMilli(), First: t.Journal.Shards[0].Number,
	}
	if t.Sort != nil {
		stream.Keys = append(stream.Keys, layout.StreamKey{Name: t.Sort.Name, Role: "RANGE"})
	}
	return tx.Set(streamKey(t), layout.AppendStream(nil, stream))
}

func streamKey(t *schema.Table) []byte {
	return layout.AppendStreamKey(nil, t.Account, t.Region, t.Name, t.Stream.Label)
}

// labelStream gives the stream a label that no other of the table's name has:
// the time, or the next millisecond that is free.
func labelStream(tx *kv.Tx, t *schema.Table, now time.Time) error {
	for {
		t.Stream.Label = streamLabel(now)
		_, err := tx.Get(streamKey(t), nil)
		if errors.Is(err, kv.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		now = now.Add(time.Millisecond)
	}
}

// streamLabel is the name of a stream made at a time.
func streamLabel(now time.Time) string {
	return now.UTC().Format("2006-01-02T15:04:05.000")
}

// disableStream ends the latest stream of the table: its shards close, and stay
// readable for as long as their records are kept. t is the caller's. gone is
// when the change is over.
func disableStream(tx *kv.Tx, t *schema.Table, now, gone time.Time) error {
	key := streamKey(t)
	stored, err := tx.Get(key, nil)
	if err != nil {
		return err
	}
	stream, err := layout.ParseStream(key, stored)
	if err != nil {
		return err
	}
	stream.Disabled, stream.Gone, stream.Last = now.UnixMilli(), gone.UnixMilli(), t.Journal.Next-1
	if err := closeShards(tx, t, now); err != nil {
		return err
	}
	return tx.Set(key, layout.AppendStream(nil, stream))
}

// adoptStreams begins the streams of tables that were given one by a version of
// Gramme that recorded nothing.
func (s *Service) adoptStreams(ctx context.Context) error {
	var silent []tableRef
	snap, err := s.store.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer snap.Close()
	start, end := layout.DescriptorRange()
	err = scan(snap, layout.Range{Start: start, End: end}, func(_, value []byte) error {
		t, err := schema.ParseTable(value)
		if err == nil && isSilent(t) {
			silent = append(silent, tableRef{t.Account, t.Region, t.Name})
		}
		return err
	})
	for _, ref := range silent {
		err = errors.Join(err, s.catalog.change(ctx, ref, func(tx *kv.Tx, t *schema.Table) (*schema.Table, error) {
			if t == nil || !isSilent(t) {
				return t, nil
			}
			after, now := *t, s.env.Now()
			return &after, enableStream(tx, &after, now, now)
		}))
	}
	return err
}

func isSilent(t *schema.Table) bool {
	deleted := t.Transition != nil && t.Transition.From == schema.Deleting
	return t.Stream.Enabled && len(t.Journal.Shards) == 0 && !deleted
}
