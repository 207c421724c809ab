package driver

// Commits counts commits since the engine was opened.
type Commits struct {
	Groups int64 // batches committed; one holds the writes of one or more updates
	Syncs  int64 // waits for the disk: as many as a commit log was synced for writes
}

// Metrics are an engine's figures for operators. Figures that an engine does
// not have are 0. Sizes are in bytes.
type Metrics struct {
	DiskBytes     uint64 // everything in the directory that is in use
	TableBytes    uint64 // live sorted tables
	Tables        int64
	MemtableBytes uint64
	Memtables     int64

	LogFiles        int64
	LogBytes        uint64 // live data in the write-ahead log
	LogBytesWritten uint64 // cumulative

	CacheBytes  int64
	CacheHits   int64
	CacheMisses int64

	Flushes             int64
	FlushedBytes        uint64
	Compactions         int64
	CompactionsRunning  int64
	CompactionDebtBytes uint64
	CompactedBytesRead  uint64
	CompactedBytes      uint64 // written
	FailedCompactions   int64

	LevelZeroTables    int64
	LevelZeroSublevels int64 // read amplification of level 0

	WriteStalls    int64 // times that writes had to wait for flushes or compactions
	Snapshots      int64 // open now
	TombstoneCount uint64

	CommitGroups     int64
	CommitSyncs      int64
	BackgroundErrors int64 // flushes and compactions that failed; they are tried again
}
