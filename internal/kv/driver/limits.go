package driver

// What a Writes keeps for its next use. All ours; what is greater is left to
// the garbage collector.
const (
	roomBytesMin     = 1 << 10
	roomKeptBytesMax = 64 << 10
	listKeptMax      = 256 // writes
)
