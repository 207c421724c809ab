package bench

import "time"

// All ours.
const (
	// ItemsMax and ConnectionsMax bound what is asked for by mistake.
	ItemsMax       = 1_000_000_000
	ItemsMin       = 1000 // transactions of different connections are to meet no common item
	ConnectionsMax = 4096
	IndexesMax     = 20 // AWS
	PageItemsMax   = 1000

	// SizeMin has room for the keys and two stamps; with SizeMax, ten items and
	// their names stay below the 1 MB that a Query answers.
	SizeMin = 300
	SizeMax = 96 << 10

	sizeWithoutIndexes = 200 // of an item that has room for its stamps, to which an index adds indexKeyBytesMax
	indexKeyBytesMax   = 12

	collectionItems  = 10 // items with one partition key: what a Query answers
	batchItems       = 25 // AWS: what BatchWriteItem takes at most
	transactionItems = 4
	shortStampBytes  = 100 // the attribute that UpdateItem changes, as a field in YCSB

	loadConnections = 8                // that fill a table
	loadTriesMax    = 20               // of one batch; beyond it the loading fails
	loadPause       = time.Second / 4  // before a batch is tried again
	stateTimeMax    = 10 * time.Minute // for a table to come; beyond it the benchmark fails
	statePause      = time.Second / 5  // between two looks at it

	memoryPause = time.Second / 2 // between two looks at the server's memory

	// A server rests when its CPU time was the same in so many looks in a row.
	// One that never does is not waited for any longer than that.
	settlePause   = 50 * time.Millisecond
	settleLooks   = 4
	settleTimeMax = 5 * time.Second

	requestTimeMax  = time.Minute // until the answer is there; beyond it the request has failed
	connectTimeMax  = 10 * time.Second
	answerBytesMax  = 64 << 20 // beyond it the request has failed
	headerLinesMax  = 200      // likewise
	readBufferBytes = 16 << 10
	failuresInRow   = 100 // of one connection; beyond it, it gives up
)
