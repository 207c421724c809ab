package partiql

const (
	statementCharactersMax = 8192 // AWS: the model refuses longer ones before they come here; this is for other callers
	sourcePartsMax         = 2    // AWS: a table and an index; more are refused
	listIndexBits          = 32   // AWS: an index is a signed integer of so many bits; larger ones are refused
	pathElementsMax        = 32   // AWS: names and indexes of one path; deeper paths are refused

	// Ours: parentheses, NOTs, functions and values in each other. It is more than
	// the 32 levels that a value may have. Deeper statements are refused as not
	// well formed.
	nestingMax = 64
)
