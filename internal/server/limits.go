package server

const (
	accountLen      = 12  // AWS; otherwise Open fails
	regionLenMax    = 63  // ours, a DNS label; beyond it Open fails
	accessKeyLenMax = 128 // AWS; beyond it Open fails
)
