package server

const (
	accountLen      = 12  // AWS; otherwise Open fails
	regionLenMax    = 63  // ours, a DNS label; beyond it Open fails
	accessKeyLenMax = 128 // AWS; beyond it Open fails

	// Of the memory limit. Below the least, Open fails: a body, its plain form and
	// an answer of the largest size would not have room.
	processBytes     = 64 << 20  // ours, what the process takes without requests and engine
	requestsBytesMin = 320 << 20 // ours, what is left to requests
	bodiesBytesMax   = 1 << 30   // ours, of request bodies, however much there is
	answersBytesMax  = 4 << 30   // ours, likewise of answers that wait for their clients
	makingBytesMax   = 4 << 30   // ours, likewise of answers that are being made
)
