package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gramme-db/gramme/internal/bench"
)

const (
	smallItems  = 10_000
	growthTimes = 1.5 // a request's cost with the large table, of the small one's
	scanMiBMax  = 60  // by which the memory may grow from the first tenth of a scan on
)

// measureGrowth loads a large table beside a small one on another server, sends
// both requests for as many items, and scans the large one.
func measureGrowth(ctx context.Context, l *lab, r *record) (err error) {
	large, small, stop, err := l.servePair("large", "small")
	defer func() { err = errors.Join(err, stop()) }()
	if err != nil {
		return err
	}
	many, err := l.fillLarge(ctx, large, r)
	if err != nil {
		return err
	}
	o := options(effortOf(r.Quick))
	o.Items = smallItems
	few, err := bench.Open(ctx, o, small.target(fmt.Sprintf("%d items", smallItems), 0))
	if err != nil {
		return err
	}
	if err := measureRequests(ctx, r, many, few); err != nil {
		return err
	}
	if err := measureScans(ctx, r, many); err != nil {
		return err
	}
	if err := large.stop(); err != nil {
		return err
	}
	again, took, err := l.serve("large")
	if err != nil {
		return err
	}
	r.Tables = append(r.Tables, table{Title: "Start on the large store", Head: []string{"after", "first answer"}, Rows: [][]string{{"SIGTERM", millis(took)}}})
	return again.stop()
}

// fillLarge makes the large table, and records how that went.
func (l *lab) fillLarge(ctx context.Context, p *process, r *record) (*bench.Subject, error) {
	o := options(effortOf(r.Quick))
	o.Items = l.settings.items
	begin := time.Now()
	s, err := bench.Open(ctx, o, p.target(fmt.Sprintf("%d items", o.Items), 0))
	if err != nil {
		return nil, err
	}
	took := time.Since(begin)
	s.Settle(ctx, took) // or else compactions of what was loaded would count for what comes next
	rested := time.Since(begin) - took
	memory := residentMiB(p.cmd.Process.Pid)
	written, err := folderBytes(filepath.Join(l.dir, "large"))
	r.Tables = append(r.Tables, table{
		Title: "Loading, BatchWriteItem of 25 over 8 connections",
		Head:  []string{"items", "items/s", "seconds", "until it rests", "on disk", "memory then"},
		Rows: [][]string{{fmt.Sprint(o.Items), fmt.Sprintf("%.0f", float64(o.Items)/took.Seconds()), fmt.Sprintf("%.0f", took.Seconds()),
			fmt.Sprintf("%.0f", rested.Seconds()), mib(written), fmt.Sprintf("%.0f MiB", memory)}},
	})
	return s, err
}

// measureRequests sends requests for the same number of items to both.
func measureRequests(ctx context.Context, r *record, many, few *bench.Subject) error {
	var loads []bench.Load
	for _, workload := range []string{"get", "put", "update", "query"} {
		load := r.load(workload, 16)
		load.Span = smallItems
		loads = append(loads, load)
	}
	g, err := r.compare(ctx, "growth", []*bench.Subject{many, few}, loads...)
	if err != nil {
		return err
	}
	for _, c := range g.Comparisons[:2] {
		grown, p50 := c.Servers[1].CPU, c.Servers[0].Median.Latency.P50/c.Servers[1].Median.Latency.P50
		r.atMost(c.Workload+", CPU with the large table, of the small one's", grown.Median, growthTimes, "")
		r.atMost(c.Workload+", median latency likewise", p50, growthTimes, "")
	}
	paced := r.load("put", 16)
	paced.Span, paced.Rate = smallItems, 1000
	_, err = r.compare(ctx, "open loop, 1,000 requests a second", []*bench.Subject{many, few}, paced)
	return err
}

// measureScans scans the large table in one segment, and in four.
func measureScans(ctx context.Context, r *record, s *bench.Subject) error {
	t := table{
		Title: "A scan of the whole table",
		Head:  []string{"segments", "items/s", "seconds", "server CPU µs, an item", "MiB at first", "a tenth on", "halfway", "at last", "most"},
	}
	for _, segments := range []int{1, 4} {
		r.tell("scanning in %d segments", segments)
		w, err := s.ScanAll(ctx, segments)
		if err != nil {
			return err
		}
		n := len(w.Resident)
		begun := w.Resident[n/10]
		row := []string{fmt.Sprint(segments), fmt.Sprintf("%.0f", float64(w.Items)/w.Seconds), fmt.Sprintf("%.1f", w.Seconds), fmt.Sprintf("%.2f", w.CPUMicros)}
		for _, bytes := range []int64{w.Resident[0], begun, w.Resident[n/2], w.Resident[n-1], w.MostResident()} {
			row = append(row, fmt.Sprint(bytes>>20))
		}
		t.Rows = append(t.Rows, row)
		r.atMost(fmt.Sprintf("memory of a scan in %d segments, growth after its first tenth", segments), float64(w.MostResident()-begun)/(1<<20), scanMiBMax, " MiB")
	}
	r.Tables = append(r.Tables, t)
	return nil
}
