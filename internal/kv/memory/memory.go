// Package memory is an engine of package kv that keeps everything in memory and
// forgets it when it is closed: kv/pebble on a file system in memory, without a
// log. It is for tests and for gramme serve --in-memory. What it promises
// otherwise is what every engine does.
package memory

import (
	"log/slog"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

// Options configures an engine. The zero value works.
type Options struct {
	CacheBytes int64           // of the block cache; default: kv/pebble's
	Once       pebble.KeyRange // as in pebble.Options
	Logger     *slog.Logger    // default: none
}

// Open returns an empty engine.
func Open(o Options) (driver.Driver, error) {
	return pebble.Open(pebble.Options{
		Dir:        "memory",
		Durability: pebble.Volatile,
		FS:         vfs.NewMem(),
		CacheBytes: o.CacheBytes,
		Once:       o.Once,
		Logger:     o.Logger,
	})
}
