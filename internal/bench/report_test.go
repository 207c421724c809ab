package bench

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// sample returns two results whose figures never change.
func sample() []*Result {
	fast := &Result{Target: "gramme", Workload: "get", Connections: 16, Items: 1000, ItemBytes: 900, Seconds: 2,
		Server: &Usage{CPUMicros: 20.25, Bytes: 50 << 20}, ClientCPUMicros: 12.5}
	slow := &Result{Target: "<other>", Workload: "put", Connections: 1, Rate: 100, Items: 1000, ItemBytes: 900, Seconds: 4,
		Errors: 3, Wrong: 1, FirstError: "PutItem: status 500"}
	for i := range 1000 {
		fast.Histogram.Add(time.Duration(i+100) * time.Microsecond)
		slow.Histogram.Add(time.Duration(i*i) * time.Microsecond)
	}
	for _, r := range []*Result{fast, slow} {
		r.Requests, r.PerSecond, r.Latency = 1000, 1000/r.Seconds, latencyOf(&r.Histogram)
	}
	return []*Result{fast, slow}
}

func sampleComparison() *Comparison {
	results := sample()
	first := &Standing{Median: *results[0], Rounds: []Result{*results[0], *results[0]}}
	other := &Standing{Median: *results[1], Rounds: []Result{*results[1], *results[0]}}
	other.setRatios(first)
	return &Comparison{Workload: "get", Servers: []*Standing{first, other}}
}

// TestReports prints the sample in each form.
func TestReports(t *testing.T) {
	forms := map[string]func(io.Writer) error{
		"table":            func(w io.Writer) error { return WriteTable(w, sample()) },
		"json":             func(w io.Writer) error { return WriteJSON(w, sample()) },
		"svg":              func(w io.Writer) error { return WriteSVG(w, sample()) },
		"svg-of-nothing":   func(w io.Writer) error { return WriteSVG(w, []*Result{{Target: "none"}}) },
		"comparison":       func(w io.Writer) error { return WriteComparisons(w, []*Comparison{sampleComparison()}) },
		"comparison-json":  func(w io.Writer) error { return WriteJSON(w, sampleComparison().Servers[1].CPU) },
		"comparison-ratio": func(w io.Writer) error { return WriteJSON(w, sampleComparison().Servers[1].PerSec) },
	}
	datadriven.RunTest(t, "testdata/reports.txt", func(t *testing.T, d *datadriven.TestData) string {
		var b strings.Builder
		if err := forms[d.Cmd](&b); err != nil {
			d.Fatalf(t, "%v", err)
		}
		return b.String()
	})
}

// The plot is XML, and its page holds all of it.
func TestPlotIsXML(t *testing.T) {
	var drawing, page strings.Builder
	if err := WriteSVG(&drawing, sample()); err != nil {
		t.Fatal(err)
	}
	decoder := xml.NewDecoder(strings.NewReader(drawing.String()))
	lines := 0
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if element, ok := token.(xml.StartElement); ok && element.Name.Local == "polyline" {
			lines++
		}
	}
	if err := WriteHTML(&page, sample()); err != nil {
		t.Fatal(err)
	}
	if lines != 2 || !strings.Contains(page.String(), drawing.String()) {
		t.Errorf("%d curves", lines)
	}
}
