package awsjson

// The limits on a body are ours; a body beyond one of them is answered as one
// that is not JSON. No request that AWS accepts comes near.
const (
	// depthMax is how deep arrays and objects may nest. AWS refuses a DynamoDB
	// value beyond 32 levels, which is about 70 here, in words of its own.
	depthMax = 1024

	// keptMax is how many elements and entries one request may have in lists
	// and maps that become slices, so that `[{},{},...]` costs no multiple of
	// its length. Attribute values are not counted: internal/item keeps them
	// in about their own size.
	keptMax = 1 << 17

	// entriesSearchMax is how many entries of a map are searched from the
	// front. Longer maps are indexed, so that a key costs the same everywhere.
	entriesSearchMax = 16
)
