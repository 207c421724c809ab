package streams

import "github.com/gramme-db/gramme/internal/wire"

// Loads tells what the operations may take. Records are in memory once as they
// are stored, and about twice as JSON, while that grows.
func Loads() map[string]wire.Load {
	const page = 3 * (recordsBytesMax + imagesBytesMax) // it ends with the record that passes the bound
	return map[string]wire.Load{
		"GetRecords":       {Reads: true, AnswerBytes: page},
		"GetShardIterator": {Reads: true},
		"DescribeStream":   {Reads: true},
		"ListStreams":      {Reads: true},
	}
}
