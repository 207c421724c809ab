package gateway

import "time"

const (
	bodyBytesMax          = 16 << 20               // AWS, compressed and not; beyond it 413
	bodiesBytesMax        = 256 << 20              // ours, bodies of all requests at once; beyond it 503, which clients retry
	answersBytesMax       = 1 << 30                // ours, answers beyond answerFreeBytesMax that wait for their clients; beyond it 503
	makingBytesMax        = 1 << 30                // ours, answers that are being made; beyond it requests wait
	answerFreeBytesMax    = 16 << 10               // ours; a smaller answer is not counted: the connection takes it at once
	answerManyBytesMin    = 2 << 20                // ours; an operation whose answer may be so large is refused before it runs where answers have no room
	bodyFreeBytesMax      = 16 << 10               // ours; so much of each body is not counted: a connection takes about as much
	bodyKnownFirstBytes   = 16 << 10               // ours; a body is given more memory as it comes in
	bodyUnknownFirstBytes = 4 << 10                // ours; likewise, where the length is not announced
	answerGzipBytesMin    = 1 << 10                // ours: AWS does not say from where on it compresses
	weightCPUMax          = 512                    // ours, what works at once for each CPU, in the weight of small requests; beyond it requests wait
	weightMin             = 1024                   // ours; likewise in all at least: writes that wait for the disk share its syncs
	weightBodyBytes       = 4 << 10                // ours; a request weighs one more for each so many bytes of its body, up to weightMany
	parsedTimesMax        = 16                     // ours: a parsed body takes up to so many times its length, if it is nothing but short members
	deflateTimesMax       = 1032                   // of deflate: what is decompressed is so many times as long at most
	weightMany            = 64                     // ours, of what answers with many items or has a large body: eight of them at once for each CPU
	weightYieldMin        = 16                     // ours; what weighs so much lets others go first
	gateWaitersMax        = 8192                   // ours, requests that wait to be worked on; beyond it 503
	gateWaitMax           = 2 * time.Second        // ours, for as long; beyond it 503
	gateStandingAfter     = time.Second            // ours; when some have waited all through this time,
	gateStandingWaitMax   = time.Second            // who comes from then on waits for no longer than this
	overloadLogPause      = 10 * time.Second       // ours, between lines in the log about refused requests
	answerKeepBytesMax    = 1 << 20                // ours; a larger buffer is not kept for the next answer
	targetLenMax          = 256                    // ours; a longer X-Amz-Target names no operation
	headerBytesMax        = 64 << 10               // ours, with the request line; beyond it 431. Session tokens take some KiB
	streamsMax            = 250                    // ours, HTTP/2 requests of one connection at once; beyond it they wait at the client
	headerReadTimeMax     = 10 * time.Second       // ours; beyond it 400, or the connection just ends
	requestReadTimeMax    = time.Minute            // ours, header and body; beyond it 408
	bodyReadTimeMin       = 10 * time.Second       // ours, for a small body in the express lane; a larger one has more
	answerPieceBytes      = 256 << 10              // ours; a client has to take so much of an answer
	answerPieceTimeMax    = 20 * time.Second       // within this time; beyond it the connection ends
	requestWriteTimeMax   = 2 * time.Minute        // ours, from the header to the end of the answer; beyond it the connection ends
	idleTimeMax           = 5 * time.Minute        // ours, between requests: longer than SDKs keep a connection they do not use
	plainHeadBytesMax     = 4<<10 - 1              // ours, of a request in the express lane; a larger head is net/http's. With one byte more it is a page
	plainHeadersMax       = 32                     // ours; likewise
	headerNamesMax        = 256                    // ours, spellings of header names that are remembered
	usualHeaders          = 14                     // ours, headers of a request that have a place from the beginning
	answerHeadersMax      = 8                      // ours, likewise of an answer
	answerJoinBytesMax    = 16 << 10               // ours; up to it an answer is joined to its head, beyond it written behind it
	drainBytesMax         = 256 << 10              // ours, of a body that nobody wanted; beyond it the connection ends
	lingerTimeMax         = 500 * time.Millisecond // ours, for a client that still sends to read its answer
	patrolPause           = 250 * time.Millisecond
	restPause             = time.Second // ours, after which a silent connection over TLS gives its desk back
	restBytes             = 64          // ours, which it keeps to hear the next request with
	crowdMin              = 512         // ours, connections in the express lane; from there on workers answer
	workersKept           = 64          // ours, without work: as many requests at once find a worker
	deadlineSlack         = 10          // ours; deadlines are met to a tenth
	acceptPause           = 5 * time.Millisecond
	preflightAge          = "172800" // AWS, in seconds
)
