package streams

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodbstreams"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/wire"
)

// ListStreams lists the caller's streams, or those of one table name, in the
// order of names and labels, a page at a time. Those that are disabled are
// among them as long as their records are kept, even if their table is gone. A
// name that no table has is no error: it may have had one.
func (s *Service) ListStreams(ctx context.Context, in *api.ListStreamsInput) (*api.ListStreamsOutput, error) {
	caller := wire.CallerFrom(ctx)
	keys := layout.PrefixRange(layout.AppendStreamPrefix(nil, caller.Account, caller.Region, in.TableName.Value))
	if in.ExclusiveStartStreamArn.Set {
		ref, err := refOf(ctx, in.ExclusiveStartStreamArn.Value)
		if err != nil {
			return nil, err
		}
		if start := ref.key(); string(start) > string(keys.Start) {
			keys = keys.After(start)
		}
	}
	found, more, err := s.list(ctx, keys, int(min(in.Limit.Or(streamsMax), streamsMax)))
	if err != nil {
		return nil, err
	}
	out := &api.ListStreamsOutput{Streams: make([]*api.Stream, len(found))}
	for i := range found {
		out.Streams[i] = &api.Stream{
			StreamArn:   wire.Some(arn(&found[i])),
			StreamLabel: wire.Some(found[i].Label),
			TableName:   wire.Some(found[i].Table),
		}
	}
	if more {
		out.LastEvaluatedStreamArn = out.Streams[len(found)-1].StreamArn
	}
	return out, nil
}

// list returns the first streams of a range; more says that there are others.
func (s *Service) list(ctx context.Context, keys layout.Range, most int) (found []layout.Stream, more bool, err error) {
	if string(keys.Start) >= string(keys.End) {
		return nil, false, nil
	}
	snap, err := s.store.Snapshot(ctx)
	if err != nil {
		return nil, false, err
	}
	defer snap.Close()
	it := snap.Scan(keys.Start, keys.End, false)
	defer it.Close()
	for it.Next() {
		if len(found) == most {
			return found, true, nil
		}
		stream, err := layout.ParseStream(it.Key(), it.Value())
		if err != nil {
			return nil, false, err
		}
		found = append(found, stream)
	}
	return found, false, it.Err()
}
