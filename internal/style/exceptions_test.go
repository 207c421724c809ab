package style

import (
	"maps"
	"slices"
)

// exceptions are the places where a rule does not hold, each with its reason.
// The keys are path, or path:Name, or path:Type.Name.
type exceptions struct {
	dependencies   map[string]home
	longFunctions  map[string]string
	longFiles      map[string]string
	manyParameters map[string]string
	variables      map[string]string
	sleeps         map[string]string
}

var allowed = exceptions{
	dependencies: map[string]home{
		"github.com/cockroachdb/pebble/v2": {
			folders: []string{"internal/kv/pebble", "internal/kv/memory"},
			reason:  "the storage engine; all others see kv.Store",
		},
		"github.com/cockroachdb/pebble/v2/vfs": {
			folders: []string{"internal/kv/pebble", "internal/kv/memory"},
			tests:   true,
			reason:  "its disk in memory can lose power, in tests",
		},
		"github.com/alecthomas/kong": {
			folders: []string{"cmd/gramme"},
			reason:  "flags; nothing below cmd reads any",
		},
		"github.com/prometheus/client_golang": {
			folders: []string{"internal/gateway/metrics", "internal/server"},
			reason:  "operators' metrics; the gateway and the services see interfaces",
		},
		"github.com/klauspost/compress": {
			folders: []string{"internal/gateway"},
			reason:  "compressed bodies; the operations see plain ones",
		},
		"github.com/cespare/xxhash/v2": {
			folders: []string{"internal/kv/layout"},
			reason:  "the hash of the partition key, which is part of a persistent format",
		},
		"github.com/anishathalye/porcupine": {
			tests:  true,
			reason: "looks for an order that explains what concurrent clients saw",
		},
		"github.com/cockroachdb/datadriven": {
			tests:  true,
			reason: "scripts in, printed state out",
		},
	},
	manyParameters: map[string]string{
		"test/e2e/go/auth_test.go:skewed.SignHTTP": "the AWS SDK's HTTPSignerV4",
	},
	variables: map[string]string{
		"cmd/gramme/version.go:version": "the linker sets it",
	},
}

// stale is an exception that nothing needs.
func stale(what string) finding {
	return finding{"internal/style/exceptions_test.go", 1, "the " + what + " is listed and nothing needs it", "Remove the entry."}
}

func staleNames(listed map[string]string, used map[string]bool, what string) []finding {
	var found []finding
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		if !used[name] {
			found = append(found, stale(what+" "+name))
		}
	}
	return found
}
