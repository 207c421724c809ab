package streams

import (
	"context"
	"errors"

	api "github.com/gramme-db/gramme/internal/api/dynamodbstreams"
	"github.com/gramme-db/gramme/internal/journal"
	"github.com/gramme-db/gramme/internal/wire"
)

// GetRecords returns the records behind an iterator, and the iterator behind
// these, which is left out when the shard is closed and read to its end. It
// does not wait for records to come.
func (s *Service) GetRecords(ctx context.Context, in *api.GetRecordsInput) (*api.GetRecordsOutput, error) {
	if in.Limit.Value > recordsMax {
		return nil, tooManyRecords()
	}
	now := s.env.Now()
	it, err := s.iterators.open(in.ShardIterator.Value, now)
	if err != nil {
		return nil, err
	}
	stream, err := s.stream(ctx, it.arn)
	if err != nil {
		return nil, err
	}
	page, err := s.journal.Read(ctx, journal.Query{
		Table: stream.TableID, Shard: it.shard, After: it.after, FromHorizon: it.horizon,
		RecordsMax: int(in.Limit.Or(recordsMax)), BytesMax: recordsBytesMax,
	})
	switch {
	case errors.Is(err, journal.ErrTrimmed):
		return nil, trimmed()
	case errors.Is(err, journal.ErrNoShard):
		return nil, shardNotFound()
	case err != nil:
		return nil, err
	}
	out := &api.GetRecordsOutput{Records: describeRecords(&stream, page.Records)}
	if !page.Done {
		it.after, it.issued = page.Next, now.UnixMilli()
		it.horizon = it.horizon && len(page.Records) == 0
		out.NextShardIterator = wire.Some(s.iterators.seal(it))
	}
	return out, nil
}
