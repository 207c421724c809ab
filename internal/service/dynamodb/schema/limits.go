package schema

// expiryYearsMax is from how many years in the past on a time is no expiry. AWS.
const expiryYearsMax = 5

// Limits of AWS; beyond each, a request is refused with a ValidationException.
const (
	decreasesFreeMax     = 4    // decreases of throughput on a UTC day that need no hour between
	partitionKeyBytesMax = 2048 // a partition key's value
	sortKeyBytesMax      = 1024 // a sort key's value; together, where an index has several

	// LocalIndexesMax is the number of local secondary indexes a table may have.
	LocalIndexesMax = 5
	// GlobalIndexesMax is the number of global secondary indexes a table may have.
	GlobalIndexesMax = 20
	// IndexKeyPartsMax is the number of attributes in each half of a global index's key.
	IndexKeyPartsMax = 4
	// ProjectedPerIndexMax is the number of non-key attributes of one index.
	ProjectedPerIndexMax = 20
	// ProjectedPerTableMax is their number over all indexes of a table.
	ProjectedPerTableMax = 100
	// TagsMax is the number of tags on a table.
	TagsMax = 50
	// ThroughputMax is the largest throughput that can be asked for.
	ThroughputMax = 1_000_000_000_000
)
