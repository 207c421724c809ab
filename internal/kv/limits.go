package kv

// All ours. What is beyond is refused with ErrKey or ErrTooLarge; the layers
// above keep well below, so for them it would be a bug.
const (
	// KeyBytesMax holds the longest index key: eight key attributes of an index
	// and two of its table (AWS: up to 2,048 and 1,024 bytes each), each byte
	// escaped. An engine over TiKV needs storage.max-key-size raised to it.
	KeyBytesMax = 32 << 10

	// ValueBytesMax holds a change record with both images of an item of 400 KB
	// (AWS), whose stored form can be four times that. An engine over TiKV needs
	// its raftstore.raft-entry-max-size above it, as it is by default.
	ValueBytesMax = 4 << 20

	// UpdateBytesMax holds a transaction of 4 MB (AWS) copied into 25 indexes
	// and the journal.
	UpdateBytesMax = 128 << 20

	// StemBytes is how long the stem of a key is, its first bytes. A scan of keys
	// that all have the same stem waits for no update but those that write such
	// keys. The items of a partition have one, and its entries in an index.
	StemBytes = 14

	// CounterSlotsMax bounds a counter vector, so that its value is bounded:
	// two slots for each index that a table ever had.
	CounterSlotsMax = 4096
)
