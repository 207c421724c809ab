package gateway

import "time"

const (
	bodyBytesMax          = 16 << 20         // AWS, compressed and not; beyond it 413
	bodiesBytesMax        = 256 << 20        // ours, bodies of all requests at once; beyond it 503, which clients retry
	answersBytesMax       = 1 << 30          // ours, answers beyond answerKeepBytesMax that wait for their clients; beyond it 503
	requestsMax           = 2048             // ours, operations running at once; beyond it 503
	bodyKnownFirstBytes   = 64 << 10         // ours; a body is given more memory as it comes in
	bodyUnknownFirstBytes = 4 << 10          // ours; likewise, where the length is not announced
	answerGzipBytesMin    = 1 << 10          // ours: AWS does not say from where on it compresses
	answerKeepBytesMax    = 1 << 20          // ours; a larger buffer is not kept for the next answer
	targetLenMax          = 256              // ours; a longer X-Amz-Target names no operation
	headerBytesMax        = 64 << 10         // ours, with the request line; beyond it 431. Session tokens take some KiB
	streamsMax            = 250              // ours, HTTP/2 requests of one connection at once; beyond it they wait at the client
	headerReadTimeMax     = 10 * time.Second // ours; beyond it 400, or the connection just ends
	requestReadTimeMax    = time.Minute      // ours, header and body; beyond it 408
	requestWriteTimeMax   = 2 * time.Minute  // ours, from the header to the end of the answer; beyond it the connection ends
	idleTimeMax           = 5 * time.Minute  // ours, between requests: longer than SDKs keep a connection they do not use
	plainHeadBytesMax     = 4<<10 - 1        // ours, of a request in the express lane; a larger head is net/http's. With one byte more it is a page
	plainHeadersMax       = 32               // ours; likewise
	headerNamesMax        = 256              // ours, spellings of header names that are remembered
	usualHeaders          = 14               // ours, headers of a request that have a place from the beginning
	answerHeadersMax      = 8                // ours, likewise of an answer
	answerJoinBytesMax    = 16 << 10         // ours; up to it an answer is joined to its head, beyond it written behind it
	drainBytesMax         = 256 << 10        // ours, of a body that nobody wanted; beyond it the connection ends
	patrolPause           = 250 * time.Millisecond
	restPause             = time.Second // ours, after which a silent connection gives its room back
	restBytes             = 64          // ours, which it keeps to hear the next request with
	deadlineSlack         = 10          // ours; deadlines are met to a tenth
	acceptPause           = 5 * time.Millisecond
	preflightAge          = "172800" // AWS, in seconds
)
