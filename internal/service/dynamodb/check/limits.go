package check

import "time"

// Ours.
const (
	mendsMax         = 1000            // findings mended in one update; more go into the next
	mendBytesMax     = 4 << 20         // bytes of such an update, about
	keysBetweenLooks = 256             // keys gone through between two looks at the clock
	progressInterval = 2 * time.Second // between two reports of progress
)

// itemBytesMax is AWS's limit of an item, names included. A larger one is
// reported and let be: no request could have written it, and no record can say
// its size.
const itemBytesMax = 400 << 10
