package bench

import (
	"bytes"
	"context"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// A scan of the whole table finds all, in one segment or in many, page by page.
func TestScanAll(t *testing.T) {
	o := testOptions()
	o.Items = 5000 // of 900 bytes: several pages
	s := open(t, o, Target{Name: "gramme", URL: newServer(t).URL(), PID: os.Getpid()})
	for _, segments := range []int{1, 7} {
		whole, err := s.ScanAll(context.Background(), segments)
		if err != nil {
			t.Fatal(err)
		}
		if whole.Items != o.Items || whole.Segments != segments {
			t.Errorf("%+v", whole)
		}
	}
}

// A scan that misses items, or has some that are damaged, is an error.
func TestScanAllIsChecked(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(answer []byte) []byte
	}{
		{"has found", func([]byte) []byte { return []byte(`{"Items":[],"Count":0}`) }},
		{"says that it has", func(answer []byte) []byte { return bytes.Replace(answer, []byte(`"Count":`), []byte(`"Count":1`), 1) }},
		{"not as it was written", func(answer []byte) []byte { return bytes.ReplaceAll(answer, []byte("e"), []byte("f")) }},
		{"not ours", func(answer []byte) []byte {
			return append(bytes.TrimSuffix(answer, []byte("}")), `,"LastEvaluatedKey":{"a":{"S":"b"}}}`...)
		}},
	} {
		url := forge(t, func(operation string, answer []byte) []byte {
			if operation == "Scan" {
				return c.change(answer)
			}
			return answer
		})
		_, err := open(t, testOptions(), Target{Name: "forged", URL: url}).ScanAll(context.Background(), 1)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want: %s", err, c.want)
		}
	}
}

// Connections are opened, and all answer as often as they are asked.
func TestConnect(t *testing.T) {
	var gets atomic.Int64
	url := forge(t, func(operation string, answer []byte) []byte {
		if operation == "GetItem" {
			gets.Add(1)
		}
		return answer
	})
	s := open(t, testOptions(), Target{Name: "gramme", URL: url})
	if err := s.Connect(context.Background(), 30); err != nil {
		t.Fatal(err)
	}
	if err := s.Ask(context.Background()); err != nil {
		t.Fatal(err)
	}
	if gets.Load() != 60 || len(s.workers) != 30 {
		t.Errorf("%d requests over %d connections", gets.Load(), len(s.workers))
	}
}

// More tables hold what is written to them.
func TestCreateMore(t *testing.T) {
	g := newServer(t)
	s := open(t, testOptions(), Target{Name: "gramme", URL: g.URL(), Indexes: 20})
	if err := s.CreateMore(context.Background(), 3); err != nil {
		t.Fatal(err)
	}
}

// A load with a span means the first items alone.
func TestSpan(t *testing.T) {
	o := testOptions()
	o.Items = 4 * ItemsMin
	s := open(t, o, Target{Name: "gramme", URL: newServer(t).URL()})
	l := testLoad("get")
	l.Span = ItemsMin
	if _, err := s.Run(context.Background(), l); err != nil {
		t.Fatal(err)
	}
	for _, w := range s.workers {
		if w.want[0] >= l.Span {
			t.Errorf("item %d was meant", w.want[0])
		}
	}
	for span, want := range map[int64]string{
		ItemsMin + 5:              "a span of 1005 items is no multiple",
		-ItemsMin:                 "a span of -1000 items is no multiple",
		collectionItems:           "a span of 10 items is no multiple of 10 from 1000 on",
		o.Items + collectionItems: "a span of 4010 items is more than the table has: 4000",
	} {
		l.Span = span
		if err := l.Check(o.Items); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want: %s", err, want)
		}
	}
}
