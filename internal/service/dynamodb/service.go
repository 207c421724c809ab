// Package dynamodb is Amazon DynamoDB over a kv.Store. Each operation has a
// file of its own that reads from top to bottom: check, look up, read, decide,
// write, answer. What a value, an expression and a table are is in the pure
// packages item, expr and schema; signatures, HTTP and JSON are behind the
// gateway. Called through the operation table by internal/gateway, and opened
// by internal/server.
//
// The way of a write:
//
//	PutItem, UpdateItem, DeleteItem   checks in AWS's order, an intent of what to do
//	  -> catalog                      the table, held against schema changes
//	  -> write.go                     one kv update: item, index entries, counters
//	  -> change.go                    in the same update: the change record, if somebody follows the table
//	  -> capacity.go, collection.go   what the answer says of cost
//
//	TransactWriteItems                the same for up to 100 items in one update (transact.go),
//	  -> conflict.go, token.go        refused while another is at work on one, done once for a token
//
// BatchGetItem and BatchWriteItem do the same for many items (batch_read.go,
// batch_write.go); what they leave comes back as unprocessed. TransactWriteItems
// and TransactGetItems do it for many items as one (transact.go).
//
// The way of a read of many items:
//
//	Query, Scan                       checks in AWS's order (read_request.go, select.go)
//	  -> schema                       the view, the bounds of the key condition, the start key
//	  -> page.go                      one engine scan, and a copy of what is asked for
//
// A statement of PartiQL is one of these: ExecuteStatement, BatchExecuteStatement
// and ExecuteTransaction have it parsed by partiql and planned to keys
// (statement_select.go, statement_write.go), and go the same ways.
//
// Time to live:
//
//	UpdateTimeToLive                  what there is to know, in the descriptor; a mark of the table
//	  -> expiry.go, backfill.go       the expiry index: kept by each write, built for older items
//	  -> expirer.go                   in the background: what is due, found in the index
//	  -> expire.go                    and deleted like by any other write
package dynamodb

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/journal"
	"github.com/gramme-db/gramme/internal/kv"
)

// Options configures a Service.
type Options struct {
	Store   *kv.Store        // stays its owner's, who closes it after the Service
	Journal *journal.Journal // over the same store; default: one of its own
	Env     base.Env         // clock and chance
	Logger  *slog.Logger     // default: none

	// ControlPlaneDelay is how long a table stays in CREATING, UPDATING and
	// DELETING; 0 is immediate. AWS takes seconds.
	ControlPlaneDelay time.Duration

	// TTLInterval is how long after it has found nothing to delete time to live
	// looks again for items that are due; default a second.
	TTLInterval time.Duration

	// TTLCooldown is how long after a change of a table's time to live another
	// one is refused; 0 is not at all. On AWS it is half an hour to an hour.
	TTLCooldown time.Duration

	Stream StreamOptions

	// ItemCollectionBytesMax bounds an item collection of a table with local
	// indexes; default 10 GB as on AWS.
	ItemCollectionBytesMax int64
}

// StreamOptions says how the shards of changes come and go. The zero value is
// as on AWS.
type StreamOptions struct {
	Rotation  time.Duration // how long a shard is open; default 4 hours
	Retention time.Duration // how long a record is kept; default 24 hours

	// SplitWrites is how many writes a second, all through a SplitWindow, split
	// a shard in two; default 1,000, what a partition of DynamoDB takes.
	SplitWrites int
	SplitWindow time.Duration // default a minute
}

func (o StreamOptions) withDefaults() StreamOptions {
	if o.Rotation <= 0 {
		o.Rotation = shardRotation
	}
	if o.Retention <= 0 {
		o.Retention = changeRetention
	}
	if o.SplitWrites <= 0 {
		o.SplitWrites = partitionWriteUnits
	}
	if o.SplitWindow <= 0 {
		o.SplitWindow = splitWindow
	}
	return o
}

// Service is DynamoDB. It is safe for concurrent use.
type Service struct {
	store   *kv.Store
	env     base.Env
	delay   time.Duration
	catalog *catalog
	purger  *purger
	indexer *indexer
	expirer *expirer
	tokens  *tokens
	journal *journal.Journal
	sharder *sharder

	conflicts conflicts

	batchBytes         atomic.Int64 // of the items that BatchGetItems under way have read
	ttlCooldown        time.Duration
	collectionBytesMax int64
}

// Open returns the service over a store and takes up the work that a stop left
// undone. ctx bounds the opening alone.
func Open(ctx context.Context, o Options) (*Service, error) {
	s, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	s.purger.start(s.purger.work)
	s.indexer.start(s.indexer.work)
	s.expirer.start(s.expirer.work)
	s.tokens.start(s.tokens.work)
	s.sharder.start(s.sharder.work)
	return s, nil
}

// open returns the service without its work in the background, which tests do
// step by step.
func open(ctx context.Context, o Options) (*Service, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.ItemCollectionBytesMax == 0 {
		o.ItemCollectionBytesMax = collectionBytesMax
	}
	if o.TTLInterval == 0 {
		o.TTLInterval = ttlInterval
	}
	s := &Service{
		store:              o.Store,
		env:                o.Env,
		delay:              o.ControlPlaneDelay,
		catalog:            newCatalog(o.Store, o.Env),
		purger:             newPurger(o.Store, o.Logger),
		ttlCooldown:        o.TTLCooldown,
		collectionBytesMax: o.ItemCollectionBytesMax,
	}
	s.indexer = newIndexer(s.catalog, o.Logger)
	s.expirer = newExpirer(s, o.Logger, o.TTLInterval)
	s.tokens = newTokens(o.Store, o.Env, o.Logger)
	s.journal = o.Journal
	if s.journal == nil {
		s.journal = journal.New(o.Store)
	}
	s.sharder = newSharder(s.catalog, s.journal, o.Stream.withDefaults(), o.Logger)
	s.conflicts.init()
	if err := s.catalog.sweep(ctx); err != nil {
		return nil, err
	}
	if err := s.adoptStreams(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Close stops background work and waits for it.
func (s *Service) Close() error {
	s.sharder.stop()
	s.tokens.stop()
	s.expirer.stop()
	s.indexer.stop()
	s.purger.stop()
	return nil
}

// Operations returns the operation table; an operation that is nil is not done
// yet and answers as an unknown one.
func (s *Service) Operations() *api.Operations {
	return &api.Operations{
		BatchExecuteStatement: s.BatchExecuteStatement,
		BatchGetItem:          s.BatchGetItem,
		BatchWriteItem:        s.BatchWriteItem,
		CreateTable:           s.CreateTable,
		DeleteItem:            s.DeleteItem,
		DeleteTable:           s.DeleteTable,
		DescribeEndpoints:     s.DescribeEndpoints,
		DescribeLimits:        s.DescribeLimits,
		DescribeTable:         s.DescribeTable,
		DescribeTimeToLive:    s.DescribeTimeToLive,
		ExecuteStatement:      s.ExecuteStatement,
		ExecuteTransaction:    s.ExecuteTransaction,
		GetItem:               s.GetItem,
		ListTables:            s.ListTables,
		ListTagsOfResource:    s.ListTagsOfResource,
		PutItem:               s.PutItem,
		Query:                 s.Query,
		Scan:                  s.Scan,
		TagResource:           s.TagResource,
		TransactGetItems:      s.TransactGetItems,
		TransactWriteItems:    s.TransactWriteItems,
		UntagResource:         s.UntagResource,
		UpdateItem:            s.UpdateItem,
		UpdateTable:           s.UpdateTable,
		UpdateTimeToLive:      s.UpdateTimeToLive,
	}
}
