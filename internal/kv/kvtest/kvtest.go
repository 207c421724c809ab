// Package kvtest tests that an engine keeps the promises of package kv. Each
// engine's own tests call Run; what only one engine promises, such as what is
// left after a crash, is tested beside that engine.
//
// The scripts in testdata are what one caller does after the other; the tests
// in Go are what many do at once.
package kvtest

import (
	"testing"

	"github.com/gramme-db/gramme/internal/kv"
)

// Engine is an engine under test.
type Engine struct {
	// Open opens a store, and has it closed when the test ends unless it was
	// closed before. Names stand for places, of which each test has its own:
	// where the engine persists, a store finds what an earlier one of the same
	// test and name left.
	Open func(t *testing.T, name string) *kv.Store

	// Persists: what was written is there after Close and Open.
	Persists bool
}

// Run tests the engine. It is called from a package beside this one.
func Run(t *testing.T, e Engine) {
	runScripts(t, e)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *kv.Store)
	}{
		{"lost update", testLostUpdate},
		{"lost update of heads", testHeads},
		{"write skew", testWriteSkew},
		{"one owner for many keys", testManyKeys},
		{"stamps in order of commits", testStampOrder},
		{"watermark", testWatermark},
		{"watermark behind a pending stamp", testPendingStamp},
		{"watermark hides nothing", testWatermarkHidesNothing},
		{"awaited watermark", testAwaitedWatermark},
		{"counters of many", testCounters},
		{"snapshots under writes", testSnapshotsUnderWrites},
		{"random operations and a model", testModel},
		{"limits", testLimits},
		{"canceled context", testCanceled},
		{"closed", testClosed},
		{"close waits", testCloseWaits},
		{"close waits for a scan", testCloseWaitsForScan},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, e.Open(t, "store")) })
	}
	if e.Persists {
		t.Run("reopen", func(t *testing.T) { testReopen(t, e) })
		t.Run("estimated sizes", func(t *testing.T) { testEstimateSize(t, e) })
	}
}
