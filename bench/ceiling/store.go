package main

import (
	"io"
	"log"
	"runtime"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// openStore opens Pebble as internal/kv/pebble does by default: the same cache,
// memtables, levels, files and blocks. The log is as Pebble has it: it does not
// grow ahead. A nil fs is the machine's.
func openStore(dir string, fs vfs.FS) (*pebble.DB, error) {
	if fs == nil {
		fs = vfs.Default
	}
	options := &pebble.Options{
		FS:                          fs,
		FormatMajorVersion:          pebble.FormatValueSeparation,
		CacheSize:                   64<<20 + 2*32<<20,
		MaxOpenFiles:                1000,
		MemTableSize:                32 << 20,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       2,
		L0StopWritesThreshold:       1000,
		LBaseMaxBytes:               64 << 20,
		CompactionConcurrencyRange: func() (lower, upper int) {
			return 1, max(1, min(4, runtime.GOMAXPROCS(0)))
		},
		WALBytesPerSync:        512 << 10,
		BytesPerSync:           512 << 10,
		FlushDelayDeleteRange:  10 * time.Second,
		TargetByteDeletionRate: 256 << 20,
		Logger:                 quiet{log.New(io.Discard, "", 0)},
	}
	for i := range options.Levels {
		options.TargetFileSizes[i] = max(8<<20, int64(2<<20)<<i)
		options.Levels[i].BlockSize = 16 << 10
		options.Levels[i].IndexBlockSize = 128 << 10
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return pebble.Open(dir, options)
}

// quiet logs nothing but what ends the process.
type quiet struct{ *log.Logger }

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(format string, args ...any) {
	log.Fatalf(format, args...)
}
