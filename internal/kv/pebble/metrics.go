package pebble

import (
	"bytes"

	"github.com/gramme-db/gramme/internal/kv/driver"
)

// EstimateSize implements driver.Inspector. What is still in memtables is left
// out.
func (d *DB) EstimateSize(start, end []byte) (uint64, error) {
	if end == nil {
		end = bytes.Repeat([]byte{0xff}, 16)
	}
	size, err := d.engine.EstimateDiskUsage(start, end)
	return size, readError(err)
}

// Commits implements driver.Inspector.
func (d *DB) Commits() driver.Commits {
	return driver.Commits{Groups: d.commits.groups.Load(), Syncs: d.commits.syncs.Load()}
}

// Metrics implements driver.Inspector.
func (d *DB) Metrics() driver.Metrics {
	m := d.engine.Metrics()
	total := m.Total()
	return driver.Metrics{
		DiskBytes:     m.DiskSpaceUsage(),
		TableBytes:    m.Table.Local.LiveSize,
		Tables:        int64(m.Table.Local.LiveCount),
		MemtableBytes: m.MemTable.Size,
		Memtables:     m.MemTable.Count,

		LogFiles:        m.WAL.Files,
		LogBytes:        m.WAL.Size,
		LogBytesWritten: m.WAL.BytesWritten,

		CacheBytes:  m.BlockCache.Size,
		CacheHits:   m.BlockCache.Hits,
		CacheMisses: m.BlockCache.Misses,

		Flushes:             m.Flush.Count,
		FlushedBytes:        total.TableBytesFlushed - total.TableBytesIn, // Pebble adds the log to it
		Compactions:         m.Compact.Count,
		CompactionsRunning:  m.Compact.NumInProgress,
		CompactionDebtBytes: m.Compact.EstimatedDebt,
		CompactedBytesRead:  total.TableBytesRead,
		CompactedBytes:      total.TableBytesCompacted,
		FailedCompactions:   m.Compact.FailedCount,

		LevelZeroTables:    m.Levels[0].TablesCount,
		LevelZeroSublevels: int64(m.Levels[0].Sublevels),

		WriteStalls:    d.writeStalls.Load(),
		Snapshots:      int64(m.Snapshots.Count),
		TombstoneCount: m.Keys.TombstoneCount,

		CommitGroups:     d.commits.groups.Load(),
		CommitSyncs:      d.commits.syncs.Load(),
		BackgroundErrors: d.backgroundErrors.Load(),
	}
}

// Health returns why the engine takes no writes: a disk that failed, that takes
// no tables, or that is full.
func (d *DB) Health() error {
	if err := d.disk.failure(); err != nil {
		return err
	}
	if err := d.disk.tables.failure(); err != nil {
		return err
	}
	return d.disk.room()
}
