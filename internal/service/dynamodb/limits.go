package dynamodb

// Limits of AWS.
const (
	itemBytesMax       = 400 << 10 // an item, names included; beyond: ValidationException
	collectionBytesMax = 10 << 30  // an item collection of a table with local indexes; beyond: ItemCollectionSizeLimitExceededException
	tablesMax          = 2500      // tables of one account and region; beyond: LimitExceededException
	listTablesMax      = 100       // names on one page of ListTables
	endpointMinutes    = 1440      // how long a client may keep what DescribeEndpoints says

	accountUnitsMax = 80_000 // what DescribeLimits tells for an account, each way; not enforced
	tableUnitsMax   = 40_000 // the same for one table

	readUnitBytes  = 4 << 10 // one read unit
	writeUnitBytes = 1 << 10 // one write unit
)

// Limits of ours.
const (
	gatesMax        = 256    // locks between writes and schema changes; tables beyond share them
	cachedTablesMax = 10_000 // descriptors in memory; beyond, the cache is emptied
)

// What AWS gives a new on-demand table to begin with, in units a second.
const (
	onDemandWarmRead  = 12_000
	onDemandWarmWrite = 4_000
)
