package driver

// What a Writes keeps for its next use. All ours; what is greater is left to
// the garbage collector.
const (
	roomBytesMin     = 1 << 10
	roomKeptBytesMax = 64 << 10
	listKeptMax      = 256 // writes
)

// headBytes is how much of a value its Head has: the size in front of a record
// fits, and what an engine remembers of a key is 16 bytes.
const headBytes = 5
