package streams

import "time"

// Limits of AWS.
const (
	streamsMax       = 100              // on one page of ListStreams; a greater Limit is taken as this
	shardsMax        = 100              // on one page of DescribeStream; a greater Limit is taken as this
	recordsMax       = 1000             // on one page of GetRecords; a greater Limit: LimitExceededException
	recordsBytesMax  = 1 << 20          // on one page of GetRecords, as stored, a single greater record apart; the rest is left to the next page
	imagesBytesMax   = 800 << 10        // the two images of a record
	iteratorLifetime = 15 * time.Minute // of a shard iterator; beyond: ExpiredIteratorException
)
