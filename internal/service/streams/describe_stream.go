package streams

import (
	"context"
	"time"

	api "github.com/gramme-db/gramme/internal/api/dynamodbstreams"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/wire"
)

// DescribeStream describes a stream and a page of its shards, parents before
// children. All is read in one snapshot: a shard is seen open, or closed with
// its children there.
func (s *Service) DescribeStream(ctx context.Context, in *api.DescribeStreamInput) (*api.DescribeStreamOutput, error) {
	want, err := wantedShards(in)
	if err != nil {
		return nil, err
	}
	snap, err := s.store.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	stream, err := streamIn(ctx, snap, in.StreamArn.Value)
	if err != nil {
		return nil, err
	}
	shards, more, err := shardsIn(snap, &stream, want)
	if err != nil {
		return nil, err
	}
	d := s.describe(&stream)
	d.Shards = make([]*api.Shard, len(shards))
	for i := range shards {
		d.Shards[i] = describeShard(&stream, &shards[i])
	}
	if more {
		d.LastEvaluatedShardId = d.Shards[len(shards)-1].ShardId
	}
	return &api.DescribeStreamOutput{StreamDescription: d}, nil
}

// wanted says which shards of a stream are asked for.
type wanted struct {
	after  uint32 // those with a greater number
	parent uint32 // the children of this one alone; 0: all
	most   int
}

func wantedShards(in *api.DescribeStreamInput) (w wanted, err error) {
	w.most = int(min(in.Limit.Or(shardsMax), shardsMax))
	var ok bool
	if in.ExclusiveStartShardId.Set {
		if _, w.after, ok = parseShardID(in.ExclusiveStartShardId.Value); !ok {
			return w, invalidShardID("ExclusiveStartShardId", in.ExclusiveStartShardId.Value)
		}
	}
	if in.ShardFilter == nil {
		return w, nil
	}
	if !in.ShardFilter.Type.Set || !in.ShardFilter.ShardId.Set {
		return w, incompleteFilter()
	}
	if _, w.parent, ok = parseShardID(in.ShardFilter.ShardId.Value); !ok || w.parent == 0 {
		return w, invalidShardID("ShardFilter.ShardId", in.ShardFilter.ShardId.Value)
	}
	w.after = max(w.after, w.parent) // children come after their parent
	return w, nil
}

// shardsIn returns the first shards of a stream that are wanted; more says that
// there are others.
func shardsIn(snap *kv.Snapshot, stream *layout.Stream, w wanted) (shards []layout.Shard, more bool, err error) {
	keys := layout.Shards(stream.TableID)
	keys.Start = layout.AppendShardKey(nil, stream.TableID, stream.First)
	if w.after >= stream.First {
		keys = keys.After(layout.AppendShardKey(nil, stream.TableID, w.after))
	}
	it := snap.Scan(keys.Start, keys.End, false)
	defer it.Close()
	for it.Next() {
		shard, err := layout.ParseShard(it.Key(), it.Value())
		if err != nil {
			return nil, false, err
		}
		if !stream.Has(shard.Number) {
			break // of a later stream
		}
		if w.parent != 0 && len(shards) > 0 && shard.Start > shards[0].Start {
			break // siblings are opened together
		}
		if w.parent != 0 && shard.Parent != w.parent {
			continue
		}
		if len(shards) == w.most {
			return shards, true, nil
		}
		shards = append(shards, shard)
	}
	return shards, false, it.Err()
}

// describe returns what is to be said of a stream without its shards.
func (s *Service) describe(stream *layout.Stream) *api.StreamDescription {
	d := &api.StreamDescription{
		CreationRequestDateTime: wire.Some(float64(stream.Created) / millisPerSecond),
		StreamArn:               wire.Some(arn(stream)),
		StreamLabel:             wire.Some(stream.Label),
		StreamStatus:            wire.Some(statusAt(stream, s.env.Now())),
		StreamViewType:          wire.Some(stream.View),
		TableName:               wire.Some(stream.Table),
	}
	for _, k := range stream.Keys {
		d.KeySchema = append(d.KeySchema, &api.KeySchemaElement{AttributeName: wire.Some(k.Name), KeyType: wire.Some(k.Role)})
	}
	return d
}

const millisPerSecond = 1000

func statusAt(s *layout.Stream, now time.Time) string {
	switch at := now.UnixMilli(); {
	case s.Disabled != 0 && at < s.Gone:
		return "DISABLING"
	case s.Disabled != 0:
		return "DISABLED"
	case at < s.Ready:
		return "ENABLING"
	}
	return "ENABLED"
}

// describeShard names the parent also when it is trimmed away, as AWS does; one
// that is of an earlier stream is none of this one.
func describeShard(stream *layout.Stream, s *layout.Shard) *api.Shard {
	d := &api.Shard{
		ShardId:             wire.Some(shardID(s.CreatedAt, s.Number)),
		SequenceNumberRange: &api.SequenceNumberRange{StartingSequenceNumber: wire.Some(starting(s))},
	}
	if s.Closed() {
		d.SequenceNumberRange.EndingSequenceNumber = wire.Some(ending(s))
	}
	if s.Parent != 0 && stream.Has(s.Parent) {
		d.ParentShardId = wire.Some(shardID(s.ParentCreatedAt, s.Parent))
	}
	return d
}
