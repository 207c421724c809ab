package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/gramme-db/gramme/internal/bench"
)

// Every target is about something that is measured.
func TestTargetsAreMeasured(t *testing.T) {
	for _, target := range targets() {
		if !slices.ContainsFunc(groups(), func(g group) bool { return measures(g, target) }) {
			t.Errorf("no group measures %+v", target)
		}
	}
}

func measures(g group, t target) bool {
	names := slices.Clone(g.servers)
	for _, v := range g.variants {
		names = append(names, g.servers[0]+" with "+v.name)
	}
	return g.Name == t.group && slices.Contains(g.workloads, t.workload) && slices.Contains(g.connections, t.connections) &&
		slices.Contains(names, t.server)
}

// Every server and workload of a group exists.
func TestGroups(t *testing.T) {
	var known []string
	for _, s := range servers(nil, "", "folder") {
		known = append(known, s.name)
	}
	workloads, _ := bench.Workloads()
	for _, g := range groups() {
		for _, name := range g.servers {
			if !slices.Contains(known, name) {
				t.Errorf("%s: no server %s", g.Name, name)
			}
		}
		for _, name := range g.workloads {
			if !slices.Contains(workloads, name) {
				t.Errorf("%s: no workload %s", g.Name, name)
			}
		}
	}
}

func sampleRecord() *record {
	measured := func(name string, cpu float64, ratio *bench.Ratio) *bench.Standing {
		return &bench.Standing{
			Median: bench.Result{
				Target: name, Workload: "get", Connections: 16, PerSecond: 1000, Latency: bench.Latency{P50: 10, P99: 20},
				Server: &bench.Usage{CPUMicros: cpu, Bytes: 50 << 20},
			},
			PerSec: ratio, CPU: ratio,
		}
	}
	return &record{
		Date:    time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Commit:  "abc",
		Quick:   true,
		Machine: machine{CPU: "a processor", Cores: 2, Memory: "8 GiB", Kernel: "Linux", Go: "go1.26"},
		Notes:   []string{"a note"},
		Servers: []standing{{Name: "gramme", Version: "1", StartMillis: 12.4, IdleMiB: 20.2}},
		Direct:  []string{"get 1/s"},
		Groups: []groupResult{{Name: "ceiling", Comparisons: []*bench.Comparison{{Workload: "get", Servers: []*bench.Standing{
			measured("gramme", 20, nil),
			measured("ceiling", 10, &bench.Ratio{Median: 2, Min: 1.9, Max: 2.1}),
		}}}}},
	}
}

func TestMarkdown(t *testing.T) {
	datadriven.RunTest(t, "testdata/markdown.txt", func(t *testing.T, d *datadriven.TestData) string {
		var b strings.Builder
		if err := sampleRecord().writeMarkdown(&b); err != nil {
			d.Fatalf(t, "%v", err)
		}
		return b.String()
	})
}

// The tables replace the old ones, and nothing around them.
func TestPutIntoReadme(t *testing.T) {
	name := filepath.Join(t.TempDir(), "README.md")
	resultsBegin, resultsEnd := marks("")
	if err := os.WriteFile(name, []byte("before\n"+resultsBegin+"old\n"+resultsEnd+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := sampleRecord().putIntoReadme(name); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	s := string(text)
	if !strings.HasPrefix(s, "before\n"+resultsBegin+"2026-01-02") || !strings.HasSuffix(s, resultsEnd+"after\n") ||
		strings.Contains(s, "old\n") || strings.Count(s, "2026-01-02") != 1 {
		t.Error(s)
	}
}
