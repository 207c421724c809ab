package kv

import (
	"sync/atomic"

	"github.com/gramme-db/gramme/internal/kv/driver"
)

// Counts are what a store has done since it was opened. Tests compare the
// difference over one operation with a golden figure.
type Counts struct {
	Gets           int64 // of the store, its snapshots and its updates; counters included
	Scans          int64
	ScannedEntries int64 // entries that scans have shown; counted when a scan is closed
	Updates        int64 // that were begun
	Commits        int64 // groups; several updates share one, one without writes has none
	Syncs          int64 // waits for the disk
	BytesRead      int64 // keys and values shown by gets and scans
	BytesWritten   int64 // keys and values of updates that succeeded
}

// Sub returns what was counted since earlier.
func (c Counts) Sub(earlier Counts) Counts {
	return Counts{
		Gets:           c.Gets - earlier.Gets,
		Scans:          c.Scans - earlier.Scans,
		ScannedEntries: c.ScannedEntries - earlier.ScannedEntries,
		Updates:        c.Updates - earlier.Updates,
		Commits:        c.Commits - earlier.Commits,
		Syncs:          c.Syncs - earlier.Syncs,
		BytesRead:      c.BytesRead - earlier.BytesRead,
		BytesWritten:   c.BytesWritten - earlier.BytesWritten,
	}
}

// Counts returns what the store has done so far. It is cheap, and works on a
// closed store.
func (s *Store) Counts() Counts {
	c := Counts{
		Gets:           s.counts.gets.Load(),
		Scans:          s.counts.scans.Load(),
		ScannedEntries: s.counts.scannedEntries.Load(),
		Updates:        s.counts.updates.Load(),
		BytesRead:      s.counts.bytesRead.Load(),
		BytesWritten:   s.counts.bytesWritten.Load(),
	}
	if inspector, ok := s.driver.(driver.Inspector); ok {
		commits := inspector.Commits()
		c.Commits, c.Syncs = commits.Groups, commits.Syncs
	}
	return c
}

// tally holds the live figures behind Counts.
type tally struct {
	gets, scans, scannedEntries atomic.Int64
	updates                     atomic.Int64
	bytesRead, bytesWritten     atomic.Int64
}

func (c *tally) get(key []byte, valueLen int) {
	c.gets.Add(1)
	c.bytesRead.Add(int64(len(key) + valueLen))
}

func (c *tally) scan(entries, bytes int64) {
	c.scans.Add(1)
	c.scannedEntries.Add(entries)
	c.bytesRead.Add(bytes)
}

func (c *tally) update(bytes int, err error) {
	c.updates.Add(1)
	if err == nil {
		c.bytesWritten.Add(int64(bytes))
	}
}
