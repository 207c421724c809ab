package expr

const (
	expressionBytesMax = 4096    // AWS: longer texts are refused before they are parsed
	operatorsMax       = 300     // AWS: operators and functions of one expression; more are refused
	inOperandsMax      = 100     // AWS: values in the list of one IN; more are refused
	listIndexBits      = 32      // AWS: an index is a signed integer of so many bits; larger ones are refused
	pathElementsMax    = 32      // AWS: names and indexes of one path; deeper paths are refused
	tokenBytesMax      = 255     // AWS: a #name or :value with its mark; longer ones are refused
	variablesBytesMax  = 2 << 20 // AWS: all names and values of one request; more are refused
	nestingLevelMax    = 32      // AWS: a top-level attribute is level 1; an update that nests deeper fails
	betweenBounds      = 2       // AWS: values of a legacy BETWEEN

	// AWS counts these toward an updated item's size, in bytes.
	updateBaseBytes       = 3
	assignActionBytes     = 19 // SET and ADD
	removeActionBytes     = 2  // REMOVE and DELETE
	listTargetBytes       = 1
	arithmeticActionBytes = 50

	// Ours: up to this many variables are searched from the front, more are
	// indexed, so that a hostile request costs no more than its length.
	scopeSearchMax = 16

	// Ours: up to this many set members are compared each with each, more are
	// hashed.
	pairwiseMax = 16

	// Ours: room that a projection starts with; a larger result moves.
	projectionScratchBytes = 512

	// Ours: what an update computes, as stored; beyond it the update is refused
	// for its size. An item of 400 KB, AWS's limit, which the caller checks, is
	// stored in less than 2 MB, and lists count twice: where they are built and
	// where they are written.
	resultBytesMax = 8 << 20

	// Ours: what a column has besides its name and its value, which is the length
	// of the name, and what that and the value add to the length of the item.
	columnHeadBytes = 8

	reservedWordBytesMin = 2
	reservedWordBytesMax = 14
)
