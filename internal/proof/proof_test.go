// Package proof holds the whole server to what it promises, by faults, models
// and histories. It is made of tests alone; docs/reliability.md tells which of
// them is the proof of which promise. None knows how the engine does its work:
// they see the API above it and the file system below.
//
//	powercut_test.go   power fails at any operation on a file: nothing acknowledged is lost, nothing is half done
//	diskerror_test.go  the disk refuses an operation: writes are refused, reads go on, a restart needs no hand
//	fulldisk_test.go   the disk takes no tables: writes are refused and none waits, and it goes on without a restart
//	damage_test.go     any file is damaged at any place: that is reported, or does no harm
//	lazy_test.go       power fails under servers that do not wait for the disk: what is left is the beginning of what was written
//	metamorphic_test.go  a random sequence of calls has the same answers in every configuration, and those of a model
//	histories_test.go  what concurrent clients see, over restarts and faults, has an order that explains it
//	mutant_test.go     servers that break a promise are caught: the tests of the tests
//
// What they are made of:
//
//	server_test.go     a server on an engine and a file system of ours, and calls to it
//	points_test.go     the names of all places where something becomes durable
//	ledger_test.go     what clients sent, and what was acknowledged
//	workload_test.go   the clients
//	verify_test.go     what must hold after a restart
//
// The sequences of calls:
//
//	script_test.go     random scripts, and how a call is made and read
//	model_test.go      the table as a map of items, with its clock
//	requests_test.go   the requests, each with what it does to the model
//	statements_test.go the statements of PartiQL, likewise
//	background_test.go what goes on in the background: time to live, indexes, streams, tokens
//
// And the histories:
//
//	action_test.go     the calls, with their sequential specification
//	recorder_test.go   who saw what when, over the lives of a server
//	lives_test.go      these lives, and the clients in them
//	fault_test.go      what ends a life other than good order
//	follower_test.go   a reader of the stream that goes along
//	order_test.go      the checkers of linearizability and serializability
//	fresh_test.go      the checker of freshness
//	delivered_test.go  the checker of streams
//	checkers_test.go   small histories that these take or refuse
//	historymutants_test.go  the servers that they must catch
//
// With -soak each goes on for as long as it says, with fresh seeds.
package proof

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"
)

var (
	soak = flag.Duration("soak", 0, "how long each proof runs; 0: its short form")
	seed = flag.Uint64("seed", 0, "seed of the first round; 0: 1, and with -soak a fresh one")
)

const progressInterval = 10 * time.Second

// rounds calls round with one seed after the other: so often, or as long as
// -soak says. It ends with the first round that fails.
func rounds(t *testing.T, short int, round func(seed uint64), progress func() string) {
	first := *seed
	if first == 0 {
		if first = 1; *soak > 0 {
			first = rand.Uint64() >> 16
		}
	}
	begin := time.Now()
	told := begin
	n := uint64(0)
	for ; n < uint64(short) || time.Since(begin) < *soak; n++ {
		if round(first + n); t.Failed() {
			t.Fatalf("in the round of -seed=%d", first+n)
		}
		if *soak > 0 && time.Since(told) > progressInterval {
			told = time.Now()
			t.Logf("%s: %d rounds, %s", time.Since(begin).Round(time.Second), n+1, progress())
		}
	}
	t.Logf("%d rounds in %s, %s", n, time.Since(begin).Round(time.Millisecond), progress())
}
