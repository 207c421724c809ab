package pebble

import (
	"log/slog"
	"runtime"
	"time"

	engine "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Durability is what has happened to an update's writes when it returns.
type Durability uint8

// The durabilities. With all but Sync, readers see what a crash may take back;
// what is left after a crash is always the beginning of what was committed, in
// order.
const (
	Sync     Durability = iota // they are on the disk
	Interval                   // they are in memory, and on the disk after SyncInterval
	None                       // the same, with a longer SyncInterval
	Volatile                   // they are in memory; there is no log, and Close loses them
)

// Options configures a DB. The zero value with a Dir is the durable default.
type Options struct {
	Dir           string        // created if it is not there
	Durability    Durability    // default Sync
	SyncInterval  time.Duration // default 100 ms with Interval, 1 s with None; of no use to others
	CacheBytes    int64         // default 64 MiB; what is kept in memory of tables, beside the memtables: blocks, and small values
	MemtableBytes int64         // default 32 MiB; how much is collected in memory before it is flushed to a table
	Once          KeyRange      // default none; keys that are written once, in their order, and deleted by ranges
	FS            vfs.FS        // default the machine's, with files private to their owner
	Logger        *slog.Logger  // default slog.DiscardHandler; the engine's chatter is at level debug
}

func (o Options) withDefaults() Options {
	if o.SyncInterval <= 0 {
		o.SyncInterval = syncIntervalDefault
		if o.Durability == None {
			o.SyncInterval = lazySyncIntervalDefault
		}
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = cacheBytesDefault
	}
	if o.MemtableBytes <= 0 {
		o.MemtableBytes = memtableBytesDefault
	}
	if o.FS == nil {
		o.FS = newPrivateFS()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// MemoryBytes is what cache and memtables take at most. More memtables, under a
// flood of writes, take their room from the cache.
func (o Options) MemoryBytes() int64 {
	o = o.withDefaults()
	return o.CacheBytes + memtablesKept*o.MemtableBytes
}

// valueBytes is what of the cache is for values that are remembered whole, which
// none are without syncs; see getApplied.
func (o Options) valueBytes() int64 {
	if o.Durability != Sync {
		return 0
	}
	return o.CacheBytes / headValueShare
}

// engineFormat is the format of Pebble's files that we write. It is raised by
// hand, together with a note in the changelog, because older programs cannot
// read newer files.
const engineFormat = engine.FormatValueSeparation

// engineOptions returns Pebble's options.
func (d *DB) engineOptions(o Options) *engine.Options {
	compactions := max(1, min(compactionsMax, runtime.GOMAXPROCS(0)))
	lsm := &engine.Options{
		FS:                          d.disk,
		FormatMajorVersion:          engineFormat,
		CacheSize:                   o.MemoryBytes() - o.valueBytes(), // Pebble takes memtables out of it
		MaxOpenFiles:                openFilesMax,
		MemTableSize:                uint64(o.MemtableBytes),
		MemTableStopWritesThreshold: memtablesStop,
		L0CompactionThreshold:       2,
		L0StopWritesThreshold:       levelZeroSublevelsMax,
		LBaseMaxBytes:               64 << 20,
		CompactionConcurrencyRange: func() (lower, upper int) {
			return 1, compactions
		},
		DisableWAL:             o.Durability == Volatile,
		WALBytesPerSync:        smoothingBytes,
		BytesPerSync:           smoothingBytes,
		FlushDelayDeleteRange:  rangeDeletionDelay,
		TargetByteDeletionRate: deletionBytesPerSecond,
		Logger:                 logger{o.Logger},
		EventListener:          d.listener(o.Logger),
	}
	lsm.Experimental.SpanPolicyFunc = o.spans
	for i := range lsm.Levels {
		lsm.TargetFileSizes[i] = max(tableBytesMin, int64(tableBytesFirst)<<i)
		level := &lsm.Levels[i]
		level.BlockSize = blockBytes
		level.IndexBlockSize = indexBlockBytes
		level.FilterPolicy = bloom.FilterPolicy(filterBitsPerKey)
	}
	return lsm
}
