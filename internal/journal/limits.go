package journal

import "time"

// All ours.
const (
	// trimSearchMax is how many looks into a shard find the youngest record that
	// is to be trimmed: a stamp has 64 bits.
	trimSearchMax = 64

	// waitMax is how long a reader waits for news before it looks by itself:
	// another process over the same store tells nothing here.
	waitMax = time.Second

	// pageBytesMax is how much a cursor takes at a time, a single greater record
	// apart.
	pageBytesMax = 1 << 20
)
