package streams

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	api "github.com/gramme-db/gramme/internal/api/dynamodbstreams"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/wire"
)

// TestReadsWaitForEarlierWrites holds a write that has its stamp already, while
// a later one is done. Nobody is shown the later record before the earlier one
// is there, nor begins with the newest record in between.
func TestReadsWaitForEarlierWrites(t *testing.T) {
	g := newStage(t)
	g.shards(t, 0, 1)
	iterator := g.begin(t)
	stamped, release, written := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		written <- g.store.Update(context.Background(), nil, func(tx *kv.Tx) error {
			stamp := uint64(tx.Stamp())
			close(stamped)
			<-release
			return g.put(tx, stamp, image("earlier", ""))
		})
	}()
	<-stamped
	g.update(t, func(tx *kv.Tx) error { return g.put(tx, uint64(tx.Stamp()), image("later", "")) })

	short, cancel := context.WithTimeout(g.ctx, 20*time.Millisecond)
	defer cancel()
	read := &api.GetRecordsInput{ShardIterator: wire.Some(iterator)}
	if out, err := g.service.GetRecords(short, read); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("GetRecords answers before the write is over: %+v, %v", out, err)
	}
	latest := &api.GetShardIteratorInput{
		StreamArn: wire.Some(testARN), ShardId: wire.Some(shardID(1, 1)), ShardIteratorType: wire.Some(api.ShardIteratorTypeLatest),
	}
	if _, err := g.service.GetShardIterator(short, latest); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("GetShardIterator answers before the write is over: %v", err)
	}

	close(release)
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if _, seen := g.pages(t, wire.Opt[int64]{}); fmt.Sprint(seen) != `["earlier" "later"]` {
		t.Errorf("the records are %v", seen)
	}
}

// put puts an INSERT into shard 1.
func (g *stage) put(tx *kv.Tx, stamp uint64, now item.Item) error {
	key := layout.ChangeKey{Table: g.stream.TableID, Shard: 1, Position: layout.Position{Stamp: stamp}}
	return tx.Set(layout.AppendChangeKey(nil, key), layout.AppendChange(nil, layout.Change{Time: 1, New: now}))
}
