//go:build race

package streams

// raceDetector says that the race detector runs, which allocates on its own.
const raceDetector = true
