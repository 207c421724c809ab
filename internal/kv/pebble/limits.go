package pebble

import "time"

// All ours.
const (
	// latchStripes is how many latches there are: keys that share one wait for
	// each other without need. All of them take 64 KiB.
	latchStripes = 1 << 14
	latchQueues  = 64 // of those who wait for one

	// updatesMax is how many updates run at a time; more wait to begin.
	updatesMax = 4096

	// groupBytesMax is how much one commit takes from the queue, a single
	// greater update apart.
	groupBytesMax = 4 << 20

	// flightsMax is how many groups are applied and not durable yet. So many
	// updates of one key, at most, share a sync.
	flightsMax = 16

	// counterCacheMax is how many counter vectors are kept in memory. Beyond
	// it all are let go, and read again when they are needed.
	counterCacheMax = 4096

	// headsMax is how many keys are remembered with how their values begin: 8 MiB,
	// of which only what is used takes memory. They lie in buckets; where one is
	// full, a key is forgotten for another.
	headsMax = 1 << 18
	headWays = 4 // keys of one bucket

	// headValueMax is the greatest value that is remembered whole, and
	// headValueShare the part of the cache's memory that such values take.
	headValueMax   = 4 << 10
	headValueShare = 4

	// headWritesMax is how many writes an update may have for its keys to stay
	// known; they are compared with each other. The keys of a greater one are
	// forgotten.
	headWritesMax = 64

	// headLocks are the locks of the heads; keys that share one wait for each
	// other some nanoseconds.
	headLocks = 256

	// logGrowthBytes is how much of a log is written ahead. Less makes more syncs
	// slow, more makes a slow one slower.
	logGrowthBytes = 256 << 10

	// stampBlock is how many stamps are reserved with one synced commit. As
	// many are skipped, at most, when the store is opened again.
	stampBlock = 1 << 20

	// What a crash may take back with Interval and with None, the time of one
	// sync more or less.
	syncIntervalDefault     = 100 * time.Millisecond
	lazySyncIntervalDefault = time.Second

	cacheBytesDefault = 64 << 20 // filled as blocks are read

	// memtableBytesDefault is reached by doubling from 256 KB under writes, so
	// an idle store stays small. Up to memtablesMax of them wait to be flushed,
	// beyond that writes wait. Where Pebble would make them wait is beyond that.
	memtableBytesDefault = 32 << 20
	memtablesMax         = 4
	memtablesStop        = memtablesMax + 2

	// How full the memtables are is looked at before each part of that, out of
	// backlogLooks, is written, and how much room the disk has, too; and after
	// that time.
	backlogLooks        = 32
	backlogLookInterval = 100 * time.Millisecond

	// What is left of the disk for the log and the manifest: tables are not
	// written into the last reserveBytes, or the last part out of reserveShare
	// of a small disk, which is looked at for each spareCheckBytes. Updates are
	// refused when one part out of logReserveParts is left of that, and the
	// room for what is not flushed yet.
	reserveBytes    = 64 << 20
	reserveShare    = 16
	logReserveParts = 2
	spareCheckBytes = 1 << 20

	// shortFlushBytes is how much must be in memtables for them to be flushed
	// before their time when the disk runs out of room.
	shortFlushBytes = 1 << 20

	// How long Pebble waits before it tries again to write a table: after the
	// first failure, and at most, as it doubles.
	retryPauseMin = 10 * time.Millisecond
	retryPauseMax = time.Second

	// memtablesKept is how many memtables have room beside the cache of blocks:
	// one that is written and one that is flushed. More, under a flood of
	// writes, take their room from it.
	memtablesKept = 2

	// levelZeroSublevelsMax is where writes wait for compactions.
	levelZeroSublevelsMax = 1000

	compactionsMax   = 4 // at a time, and never more than there are processors
	openFilesMax     = 1000
	blockBytes       = 16 << 10 // small: most reads are of one item
	indexBlockBytes  = 128 << 10
	filterBitsPerKey = 10

	// What tables are meant to hold: at least tableBytesMin, and in lower levels
	// more, by doubling from tableBytesFirst. To make a file, sync it and open it
	// costs about as much as to write a hundred items.
	tableBytesMin   = 8 << 20
	tableBytesFirst = 2 << 20

	smoothingBytes = 512 << 10 // the disk is given what was written in steps of so much

	// Tables of deleted ranges are deleted no faster than that, so that reads
	// do not feel it, and their tombstones are flushed after that long.
	deletionBytesPerSecond = 256 << 20
	rangeDeletionDelay     = 10 * time.Second

	dirMode       = 0o700
	fileMode      = 0o600
	forOthers     = 0o077
	writableByAll = 0o002
)
