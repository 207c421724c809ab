//go:build race

package pebble_test

// raceDetector: pools forget what they are given, now and then, so allocations
// are not what they are.
const raceDetector = true
