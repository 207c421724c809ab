package main

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// A part is recorded with its targets, tables and loads.
func TestPartMarkdown(t *testing.T) {
	r := sampleRecord()
	r.Part = "growth"
	r.atMost("get, CPU of another's", 1.234567, 1.5, "")
	r.atMost("memory", 200, 190.7, " MiB")
	r.Tables = []table{{Title: "A scan", Head: []string{"segments", "items/s"}, Rows: [][]string{{"1", "1000"}}}}
	datadriven.RunTest(t, "testdata/part.txt", func(t *testing.T, d *datadriven.TestData) string {
		var b strings.Builder
		if err := r.writeMarkdown(&b); err != nil {
			d.Fatalf(t, "%v", err)
		}
		return b.String()
	})
}

// Parts are chosen by name, and every load of theirs can be sent.
func TestChooseParts(t *testing.T) {
	if all, err := choose("all"); err != nil || len(all) != len(parts()) {
		t.Errorf("%d parts, %v", len(all), err)
	}
	if two, err := choose("idle,growth"); err != nil || len(two) != 2 || two[1].name != "growth" {
		t.Errorf("%v, %v", two, err)
	}
	if _, err := choose("idle,none"); err == nil || !strings.Contains(err.Error(), `"none"`) {
		t.Error(err)
	}
	r := &record{Quick: true}
	load := r.load("put", tablesConnection)
	load.Span = smallItems
	if err := load.Check(smallItems); err != nil {
		t.Error(err)
	}
}
