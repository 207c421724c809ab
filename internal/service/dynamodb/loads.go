package dynamodb

import "github.com/gramme-db/gramme/internal/wire"

// Loads tells what the operations may take that return more than a write does.
// What they read is in memory once as it is stored, and about twice as JSON,
// while that grows.
func Loads() map[string]wire.Load {
	const (
		times       = 3
		page        = times * (pageBytesMax + itemBytesMax) // it ends with the item that reaches the bound
		batch       = times * batchBytesMax
		statements  = times * batchStatementsMax * itemBytesMax
		transaction = times * transactionBytesMax
	)
	return map[string]wire.Load{
		"GetItem":          {Reads: true, AnswerBytes: times * itemBytesMax},
		"Query":            {Reads: true, AnswerBytes: page},
		"Scan":             {Reads: true, AnswerBytes: page},
		"BatchGetItem":     {Reads: true, AnswerBytes: batch},
		"TransactGetItems": {Reads: true, AnswerBytes: transaction},

		"ExecuteStatement":      {AnswerBytes: page},
		"BatchExecuteStatement": {AnswerBytes: statements},
		"ExecuteTransaction":    {AnswerBytes: transaction},

		"DescribeEndpoints":  {Reads: true},
		"DescribeLimits":     {Reads: true},
		"DescribeTable":      {Reads: true},
		"DescribeTimeToLive": {Reads: true},
		"ListTables":         {Reads: true},
		"ListTagsOfResource": {Reads: true},
	}
}
