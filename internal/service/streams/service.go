// Package streams is Amazon DynamoDB Streams: it shows what package journal
// reads in the form that AWS sends. A stream is a window on the journal of a
// table, from the shard that was opened when it was enabled to those that were
// closed when it was disabled. Who writes records, opens, closes and trims
// shards, enables and disables streams is service/dynamodb; here nothing is
// written but, once, the secret of the iterators.
//
//	ListStreams, DescribeStream    one snapshot of the descriptors that service/dynamodb keeps
//	GetShardIterator               a position, sealed (iterator.go): no state stays here
//	GetRecords                     a page of the journal (record.go)
//
// What a client holds leads back to the journal without a table in memory:
//
//	shard id         its time of creation, and its number       (shard_id.go)
//	sequence number  the stamp and the ordinal of a record      (sequence.go)
//	iterator         stream, shard, position, time, and a MAC   (iterator.go)
//
// Each operation has a file of its own. Called through the operation table by
// internal/gateway, and opened by internal/server.
package streams

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	api "github.com/gramme-db/gramme/internal/api/dynamodbstreams"
	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/journal"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// Options configures a Service.
type Options struct {
	Store   *kv.Store        // stays its owner's, who closes it after the Service
	Journal *journal.Journal // over the same store
	Env     base.Env         // clock and chance

	// IteratorLifetime is how long a shard iterator may be used; default 15
	// minutes as on AWS.
	IteratorLifetime time.Duration
}

// Service is DynamoDB Streams. It is safe for concurrent use.
type Service struct {
	store     *kv.Store
	journal   *journal.Journal
	env       base.Env
	iterators *sealer
}

// Open returns the service over a store.
func Open(ctx context.Context, o Options) (*Service, error) {
	if o.IteratorLifetime <= 0 {
		o.IteratorLifetime = iteratorLifetime
	}
	secret, err := iteratorSecret(ctx, o.Store, o.Env)
	if err != nil {
		return nil, fmt.Errorf("streams: the secret of shard iterators: %w", err)
	}
	return &Service{
		store: o.Store, journal: o.Journal, env: o.Env,
		iterators: &sealer{secret: secret, lifetime: o.IteratorLifetime},
	}, nil
}

// Operations returns the operation table.
func (s *Service) Operations() *api.Operations {
	return &api.Operations{
		DescribeStream:   s.DescribeStream,
		GetRecords:       s.GetRecords,
		GetShardIterator: s.GetShardIterator,
		ListStreams:      s.ListStreams,
	}
}

// iteratorSecret returns the secret of the store, which it makes when there is
// none: iterators outlive the process.
func iteratorSecret(ctx context.Context, store *kv.Store, env base.Env) (secret []byte, err error) {
	key := layout.AppendIteratorSecretKey(nil)
	err = store.Update(ctx, [][]byte{key}, func(tx *kv.Tx) error {
		if secret, err = tx.Get(key, nil); !errors.Is(err, kv.ErrNotFound) {
			return err
		}
		secret = nil
		for len(secret) < layout.IteratorSecretBytes {
			secret = binary.BigEndian.AppendUint64(secret, env.Rand())
		}
		return tx.Set(key, secret)
	})
	return secret, err
}
