package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gramme-db/gramme/internal/bench"
)

const (
	starts          = 15     // of which the median is told
	idleConnections = 10_000 // each of which has asked once
	idleMiBMax      = 190.7  // 200 MB, for the server with all of them
)

// measureIdle measures what Gramme takes when there is nothing to do: to start,
// then alone, and with many connections that wait.
func measureIdle(ctx context.Context, l *lab, r *record) error {
	if err := l.measureStarts(r); err != nil {
		return err
	}
	p, _, err := l.serve("data")
	if err != nil {
		return err
	}
	return errors.Join(measureConnections(ctx, p, r), p.stop())
}

// measureStarts starts Gramme again and again, on a store of its own the first
// time.
func (l *lab) measureStarts(r *record) error {
	var took []time.Duration
	t := table{Title: "Start, from exec to the first answer", Head: []string{"store", "median of " + fmt.Sprint(starts), "least", "most"}}
	for i := range starts + 1 {
		p, d, err := l.serve("data")
		if err != nil {
			return err
		}
		if err := p.stop(); err != nil {
			return err
		}
		if i == 0 {
			t.Rows = append(t.Rows, []string{"new", millis(d), "", ""})
			continue
		}
		took = append(took, d)
	}
	slices.Sort(took)
	t.Rows = append(t.Rows, []string{"there", millis(took[starts/2]), millis(took[0]), millis(took[starts-1])})
	r.Tables = append(r.Tables, t)
	return nil
}

// measureConnections opens connections, and watches the server's memory.
func measureConnections(ctx context.Context, p *process, r *record) (err error) {
	t := table{Title: "Memory of the server, resident", Head: []string{"when", "MiB"}}
	note := func(when string, after time.Duration) float64 {
		time.Sleep(after)
		m := residentMiB(p.cmd.Process.Pid)
		t.Rows = append(t.Rows, []string{when, fmt.Sprintf("%.0f", m)})
		return m
	}
	note("idle, without a table", idleTime)
	o := options(effortOf(true))
	o.Items = bench.ItemsMin
	s, err := bench.Open(ctx, o, p.target("gramme", 0))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(ctx, false)) }()
	note("a table of 1,000 items", idleTime)
	r.tell("opening %d connections", idleConnections)
	if err := s.Connect(ctx, idleConnections); err != nil {
		return err
	}
	note("10,000 connections, just opened, one GetItem on each", 0)
	seen := note("10 s later", 10*time.Second)
	if err := s.Ask(ctx); err != nil {
		return err
	}
	seen = max(seen, note("one more GetItem on each", 0), note("10 s later", 10*time.Second))
	r.atMost("memory with 10,000 idle connections", seen, idleMiBMax, " MiB")
	r.Tables = append(r.Tables, t)
	return nil
}
