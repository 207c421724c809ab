package streams

import (
	"context"
	"errors"
	"math"
	"time"

	api "github.com/gramme-db/gramme/internal/api/dynamodbstreams"
	"github.com/gramme-db/gramme/internal/journal"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/wire"
)

// GetShardIterator returns where in a shard GetRecords is to begin.
func (s *Service) GetShardIterator(ctx context.Context, in *api.GetShardIteratorInput) (*api.GetShardIteratorOutput, error) {
	now := s.env.Now()
	if err := checkStart(in, now); err != nil {
		return nil, err
	}
	stream, err := s.stream(ctx, in.StreamArn.Value)
	if err != nil {
		return nil, err
	}
	tip, err := s.tip(ctx, &stream, in.ShardId.Value)
	if err != nil {
		return nil, err
	}
	it := iterator{arn: in.StreamArn.Value, shard: tip.Shard.Number, issued: now.UnixMilli()}
	switch in.ShardIteratorType.Value {
	case api.ShardIteratorTypeTrimHorizon:
		it.horizon = true
	case api.ShardIteratorTypeLatest:
		it.after = tip.Latest
	case api.ShardIteratorTypeAtTimestamp:
		it.after, it.horizon, err = s.since(ctx, &tip.Shard, in.Timestamp.Value)
	default:
		it.after, err = bySequence(in, &tip)
	}
	if err != nil {
		return nil, err
	}
	return &api.GetShardIteratorOutput{ShardIterator: wire.Some(s.iterators.seal(it))}, nil
}

// checkStart checks that the request has what its type of iterator asks for.
func checkStart(in *api.GetShardIteratorInput, now time.Time) error {
	kind := in.ShardIteratorType.Value
	bySequence := kind == api.ShardIteratorTypeAtSequenceNumber || kind == api.ShardIteratorTypeAfterSequenceNumber
	byTime := kind == api.ShardIteratorTypeAtTimestamp
	switch {
	case bySequence && !in.SequenceNumber.Set:
		return missing("SequenceNumber", kind)
	case !bySequence && in.SequenceNumber.Set:
		return surplus("SequenceNumber", kind)
	case byTime && !in.Timestamp.Set:
		return missing("Timestamp", kind)
	case !byTime && in.Timestamp.Set:
		return surplus("Timestamp", kind)
	case byTime && in.Timestamp.Value*millisPerSecond > float64(now.UnixMilli()):
		return inTheFuture(now)
	}
	return nil
}

// tip looks at a shard of a stream.
func (s *Service) tip(ctx context.Context, stream *layout.Stream, id string) (journal.Tip, error) {
	createdAt, number, ok := parseShardID(id)
	if !ok || !stream.Has(number) {
		return journal.Tip{}, shardNotFound()
	}
	tip, err := s.journal.Tip(ctx, stream.TableID, number)
	if errors.Is(err, journal.ErrNoShard) || err == nil && tip.Shard.CreatedAt != createdAt {
		return journal.Tip{}, shardNotFound()
	}
	return tip, err
}

// bySequence returns the position that a sequence number names. A number that
// no record has yet is refused: who began behind it would miss what comes.
func bySequence(in *api.GetShardIteratorInput, tip *journal.Tip) (journal.Position, error) {
	number := in.SequenceNumber.Value
	after, ok := parseSequence(number)
	if !ok || tip.Latest.Before(after) {
		return after, invalidSequenceNumber(number)
	}
	if in.ShardIteratorType.Value == api.ShardIteratorTypeAtSequenceNumber {
		after = before(after)
	}
	if after.Before(tip.Trimmed) {
		return after, trimmed()
	}
	return after, nil
}

// since returns the position before the first record of a shard that is as old
// as a time, in seconds since 1970, or younger; horizon says that all that are
// still there are.
func (s *Service) since(ctx context.Context, shard *layout.Shard, seconds float64) (after journal.Position, horizon bool, err error) {
	if seconds <= 0 {
		return after, true, nil
	}
	after, err = s.journal.Older(ctx, *shard, int64(math.Ceil(seconds*microsPerSecond)))
	return after, after == journal.Position{}, err
}

const microsPerSecond = 1_000_000
