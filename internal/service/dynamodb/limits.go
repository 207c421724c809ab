package dynamodb

import (
	"time"

	"github.com/gramme-db/gramme/internal/kv"
)

// Limits of AWS.
const (
	itemBytesMax       = 400 << 10 // an item, names included; beyond: ValidationException
	collectionBytesMax = 10 << 30  // an item collection of a table with local indexes; beyond: ItemCollectionSizeLimitExceededException
	tablesMax          = 2500      // tables of one account and region; beyond: LimitExceededException
	listTablesMax      = 100       // names on one page of ListTables
	endpointMinutes    = 1440      // how long a client may keep what DescribeEndpoints says

	accountUnitsMax = 80_000 // what DescribeLimits tells for an account, each way; not enforced
	tableUnitsMax   = 40_000 // the same for one table

	batchGetsMax       = 100      // keys of a BatchGetItem; beyond: ValidationException
	batchStatementsMax = 25       // statements of a BatchExecuteStatement; beyond: ValidationException
	batchWritesMax     = 25       // requests of a BatchWriteItem; beyond: ValidationException
	batchBytesMax      = 16 << 20 // items that a BatchGetItem returns; the rest is left as UnprocessedKeys

	transactionBytesMax = 4 << 20          // items of one transaction; beyond: ValidationException
	tokenTTL            = 10 * time.Minute // how long the token of a transaction that is done is remembered; then it is a new one

	inPartitionsMax = 50 // partition keys that a SELECT may name; beyond: ValidationException
	inPageItemsMax  = 10 // items that a page of a SELECT evaluates that names several partition keys

	pageBytesMax        = 1 << 20 // what a page of Query or Scan evaluates; a page ends with the entry that reaches it
	partitionReadUnits  = 3000    // what a partition gives, a second
	partitionWriteUnits = 1000

	shardRotation   = 4 * time.Hour  // how long a shard is open
	changeRetention = 24 * time.Hour // how long a change is kept

	readUnitBytes  = 4 << 10 // one read unit
	writeUnitBytes = 1 << 10 // one write unit
)

// Limits of ours.
const (
	gatesMax        = 256    // locks between writes and schema changes; tables beyond share them
	cachedTablesMax = 10_000 // descriptors in memory; beyond, the cache is emptied

	// indexNumbersMax is how many indexes a table may have in its life: each
	// takes counters that no other gets. Beyond, no index can be created.
	indexNumbersMax = kv.CounterSlotsMax/2 - 1

	// One update of a backfill. Writes to its items wait for it, hence it is
	// small; whatever is beyond is left to the next.
	backfillItemsMax     = 256     // items that get an entry
	backfillBytesMax     = 1 << 20 // of these items, stored
	backfillSeenMax      = 8 << 10 // items looked at, for an index that few of them are in
	backfillSeenBytesMax = 8 << 20 // of all of them, stored

	// batchUpdateBytesMax is what a BatchWriteItem puts into one update, copies
	// in indexes included; beyond it goes on in another. It holds any batch for
	// a table without indexes, as long as its items are stored in about what AWS
	// measures.
	batchUpdateBytesMax = 16 << 20

	// A BatchGetItem that has not ended after batchPatience goes on with as many
	// readers as have so many keys each, up to a number. With what is in memory
	// that costs more than it gains; with what is on disk it divides the time.
	batchPatience      = 3 * time.Millisecond
	batchReaderKeysMin = 8
	batchReadersMax    = 8

	// batchesBytesMax is what all BatchGetItems under way have read together;
	// beyond it, each leaves what it has not read yet as UnprocessedKeys.
	batchesBytesMax = 256 << 20

	conflictStripes = 1024 // locks of the keys that are being written; keys beyond share them

	// openShardsMax is how many open shards the journal of a table has at most;
	// beyond it none is split.
	openShardsMax = 64

	sharderPause      = time.Minute      // between looks for shards to rotate and records to trim, at most
	sharderRetryPause = 10 * time.Second // after a look that failed
	splitShareMin     = 10               // percent of a shard's writes that its quieter half has at least, or it is not split
	splitWindow       = time.Minute      // how long a shard is too busy before it is split

	tokensSweptMax  = 256         // tokens that one update removes; the rest is left to the next
	tokenSweepPause = time.Minute // between looks for tokens whose time is over

	// What time to live deletes. Items beyond are deleted later, and can be read
	// until then. One update is small: writes to its items wait for it.
	expireRateMax  = 5000    // items a second in one process, all tables together
	expireItemsMax = 64      // items of one update
	expireBytesMax = 1 << 20 // of these items, stored; the update ends with the one that reaches it
)

// How long the work on indexes rests.
const (
	indexerRetryPause = 10 * time.Second       // after a step that failed
	indexerLookPause  = 100 * time.Millisecond // at most, before the clock is asked again whether a phase is over
)

// How long the work on time to live rests.
const (
	ttlInterval       = time.Second      // by default between looks at what is due
	expirerRetryPause = 10 * time.Second // after a look or a table that failed
)

// What AWS gives a new on-demand table to begin with, in units a second.
const (
	onDemandWarmRead  = 12_000
	onDemandWarmWrite = 4_000
)
