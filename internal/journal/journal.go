// Package journal reads what has changed in tables. Each write to a table that
// has a reader puts a change record into the store in the same atomic update as
// the item (service/dynamodb does that); everything that follows changes reads
// these records here, with a cursor of its own: streams now, and whatever is to
// come. There is no second mechanism.
//
//	table ── journal ──┬─ shard 1 ─┬─ shard 3 (one part of the hashes)
//	                   │  closed   └─ shard 4 (the other)
//	                   └─ shard 2 ─── shard 5 (rotated)
//
// A shard holds the records of the items whose hashes lie in a range, for some
// time; when it is closed its children go on. So the changes of an item lie in
// one line of shards, in the order of their commits.
//
// What a reader can rely on:
//
//   - A record is readable as soon as the write has been answered, and once it
//     was read no record comes before it any more: reads go up to the store's
//     watermark, and wait for the writes that could still come before it.
//   - It gets each record once. A record that was removed because of its age is
//     an error, ErrTrimmed, never a gap that nobody sees.
//
// The package starts no goroutines. Called by service/dynamodb, which writes,
// opens, closes and trims, and by the services that read.
package journal

import (
	"errors"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// Errors to tell apart with errors.Is.
var (
	// ErrNoShard: there is no such shard, or no longer.
	ErrNoShard = errors.New("journal: no such shard")
	// ErrTrimmed: records behind the position were removed because of their age.
	ErrTrimmed = errors.New("journal: records behind the position were trimmed")
)

// Journal is the journals of all tables. It is safe for concurrent use.
type Journal struct {
	store *kv.Store
	news  news
}

// New returns the journals in a store, which stays its owner's.
func New(store *kv.Store) *Journal {
	return &Journal{store: store}
}

// Position is a place in a shard: behind the record of that stamp and ordinal.
// The zero Position is the beginning of every shard.
type Position = layout.Position

// Record is a change and where it stands.
type Record struct {
	Shard uint32
	Position
	layout.Change // its images are the page's, and stay
}
