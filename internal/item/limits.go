package item

import "encoding/binary"

// StoredFactorMax bounds the stored form of an item: it is at most this many
// times as long as Item.Size, plus 6 bytes. Ours; what stores items has
// room for it, so that no item that AWS takes is refused. Sets of very small
// and very large numbers come close to it, ordinary items stay below 2.
const StoredFactorMax = 4

// NestingLevelMax is how deep a value may stand: a top-level attribute is at
// level 1, what a list or map holds one deeper. AWS; deeper is refused.
const NestingLevelMax = 32

const (
	nameBytesMax = 65535 // AWS: of an attribute's name; longer is refused

	digitsMax   = 38   // AWS: significant digits of a number; more is refused
	exponentMax = 125  // AWS: of the leading digit; above it a number overflows
	exponentMin = -130 // AWS: of the leading digit; below it a number underflows

	// Ours: a number with more zeros next to its significant digits is stored
	// with an exponent.
	paddingZerosMax = 3

	// Ours: up to this many set members or map fields are compared each with
	// each, more are sorted first.
	pairwiseMax = 16

	// Ours: the values of one request are decoded into rooms of at most
	// roomBytesMax. One that an item or a single value of these sizes may not fit
	// into gives way to the next; greater values take a few allocations more.
	roomBytesMax   = 32 << 10
	itemRoomBytes  = 1024
	valueRoomBytes = 64

	// Ours: room for a tag and the length of a run.
	runHeadBytes = 1 + binary.MaxVarintLen32
)
