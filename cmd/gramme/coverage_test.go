package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The two forms of the coverage tell the same.
func TestCoverage(t *testing.T) {
	out, err := gramme(t.TempDir(), nil, "coverage", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var services []serviceCoverage
	if err := json.Unmarshal(out, &services); err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	done, known := 0, 0
	for _, s := range services {
		if s.Operations != len(s.Done)+len(s.NotDone) {
			t.Errorf("%s has %d operations, %d done and %d not", s.Service, s.Operations, len(s.Done), len(s.NotDone))
		}
		fmt.Fprintf(&want, "%s: %d of %d\n", s.Service, len(s.Done), s.Operations)
		for _, name := range slices.Sorted(slices.Values(slices.Concat(s.Done, s.NotDone))) {
			if slices.Contains(s.Done, name) {
				fmt.Fprintf(&want, "  x %s\n", name)
			} else {
				fmt.Fprintf(&want, "  - %s\n", name)
			}
		}
		done, known = done+len(s.Done), known+s.Operations
	}
	fmt.Fprintf(&want, "all services: %d of %d operations done\n", done, known)
	got, err := gramme(t.TempDir(), nil, "coverage").Output()
	if err != nil || string(got) != want.String() {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, &want)
	}
	if !slices.Contains(services[0].Done, "PutItem") {
		t.Errorf("%s is done without PutItem", services[0].Service)
	}
}
