package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gramme-db/gramme/internal/bench"
)

const (
	manyTables       = 2000
	manyTablesTimes  = 1.5 // CPU per request, of one table's
	tablesConnection = 16
)

// measureTables measures what many tables cost the requests to one of them, and
// what indexes cost a write.
func measureTables(ctx context.Context, l *lab, r *record) error {
	return errors.Join(l.measureManyTables(ctx, r), l.measureIndexes(ctx, r))
}

func (l *lab) measureManyTables(ctx context.Context, r *record) (err error) {
	many, one, stop, err := l.servePair("many-tables", "one-table")
	defer func() { err = errors.Join(err, stop()) }()
	if err != nil {
		return err
	}
	o := options(effortOf(r.Quick))
	full, err := bench.Open(ctx, o, many.target("2,000 tables", 0))
	if err != nil {
		return err
	}
	r.tell("making %d tables", manyTables)
	begin := time.Now()
	if err := full.CreateMore(ctx, manyTables-1); err != nil {
		return err
	}
	each := time.Since(begin) / (manyTables - 1)
	empty, err := bench.Open(ctx, o, one.target("one table", 0))
	if err != nil {
		return err
	}
	g, err := r.compare(ctx, "2,000 tables", []*bench.Subject{full, empty}, r.load("get", tablesConnection), r.load("put", tablesConnection))
	if err != nil {
		return err
	}
	for _, c := range g.Comparisons {
		r.atMost(c.Workload+" with 2,000 tables, CPU of one table's", c.Servers[1].CPU.Median, manyTablesTimes, "")
	}
	memory := residentMiB(many.cmd.Process.Pid)
	if err := many.stop(); err != nil {
		return err
	}
	again, took, err := l.serve("many-tables")
	if err != nil {
		return err
	}
	r.Tables = append(r.Tables, table{
		Title: "A server with 2,000 tables",
		Head:  []string{"CreateTable, PutItem and GetItem, each table", "memory then", "start again"},
		Rows:  [][]string{{millis(each), fmt.Sprintf("%.0f MiB", memory), millis(took)}},
	})
	return again.stop()
}

// measureIndexes puts the same items into tables with more and more indexes that
// hold whole items, each on a server of its own: none pays for what another one
// has left to its compactions.
func (l *lab) measureIndexes(ctx context.Context, r *record) (err error) {
	counts := []int{0, 1, 5, 20}
	var subjects []*bench.Subject
	for _, indexes := range counts {
		p, _, err := l.serve(fmt.Sprintf("indexes-%d", indexes))
		if err != nil {
			return err
		}
		defer func() { _ = p.stop() }() // nothing is asked of it any more
		s, err := bench.Open(ctx, options(effortOf(true)), p.target(fmt.Sprintf("%d indexes", indexes), indexes))
		if err != nil {
			return err
		}
		subjects = append(subjects, s)
	}
	g, err := r.compare(ctx, "global secondary indexes", subjects, r.load("put", tablesConnection))
	if err != nil {
		return err
	}
	t := table{Title: "PutItem by indexes that hold whole items", Head: []string{"indexes", "server CPU µs", "times none's", "p50 µs", "p99 µs", "requests/s"}}
	for i, s := range g.Comparisons[0].Servers {
		times := 1.0
		if i > 0 {
			times = 1 / s.CPU.Median
		}
		m := s.Median
		t.Rows = append(t.Rows, []string{fmt.Sprint(counts[i]), fmt.Sprintf("%.1f", m.Server.CPUMicros), fmt.Sprintf("%.1f", times),
			fmt.Sprintf("%.0f", m.Latency.P50), fmt.Sprintf("%.0f", m.Latency.P99), fmt.Sprintf("%.0f", m.PerSecond)})
	}
	r.Tables = append(r.Tables, t)
	return nil
}

// servePair starts two servers. Stop stops those that run.
func (l *lab) servePair(first, second string) (one, other *process, stop func() error, err error) {
	var running []*process
	stop = func() error {
		var errs []error
		for _, p := range running {
			errs = append(errs, p.stop())
		}
		return errors.Join(errs...)
	}
	for _, data := range []string{first, second} {
		p, _, err := l.serve(data)
		if err != nil {
			return nil, nil, stop, err
		}
		running = append(running, p)
	}
	return running[0], running[1], stop, nil
}
