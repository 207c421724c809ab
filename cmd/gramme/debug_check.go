package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/service/dynamodb/check"
)

// debugCheckCommand is "gramme debug check": does a data directory hold what its
// tables should? It ends with an error as long as something is wrong.
type debugCheckCommand struct {
	Dir    string `arg:"" help:"The data directory of a stopped server."`
	Repair bool   `help:"Mend what follows from the items: index entries, counters, data of no table. Items are not touched. Keep a copy of the directory."`
}

// Run prints each finding in a line, and then what was gone through.
func (d *debugCheckCommand) Run(c console) error {
	var report check.Report
	err := readStopped(d.Dir, func(ctx context.Context, store driver.Driver) (err error) {
		report, err = check.Run(ctx, check.Options{
			Store:    kv.Open(store), // not closed: the driver is readStopped's
			Now:      base.RealEnv().Now,
			Repair:   d.Repair,
			Found:    func(f check.Finding) { fmt.Fprintln(c.out, f) },
			Progress: func(p check.Progress) { printProgress(c.err, p) },
		})
		return explain(err, d.Dir)
	})
	if err != nil {
		return err
	}
	return errors.Join(printReport(c.out, &report), d.verdict(report.Sum()))
}

// printProgress says how far the check has come.
func printProgress(w io.Writer, p check.Progress) {
	at := p.Table
	if at == "" {
		at = "keys of no table"
	}
	fmt.Fprintf(w, "checking %s: %d items, %d index entries, %d findings so far\n", at, p.Items, p.Entries, p.Findings)
}

func printReport(w io.Writer, r *check.Report) error {
	for _, p := range r.Purges {
		name := ""
		if p.Table != "" {
			name = " (" + p.Table + ")"
		}
		fmt.Fprintf(w, "purge pending: the data of the deleted table with the id %d%s goes at the next start\n", p.ID, name)
	}
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, n check.Totals) {
		fmt.Fprintf(columns, "%d\t%d\t%d\t  %s\n", n.Items, n.Entries, n.Findings, name)
	}
	fmt.Fprint(columns, "items\tindex entries\tfindings\t  table\n")
	for _, t := range r.Tables {
		row(t.Table, t.Totals)
	}
	if r.Rest.Findings > 0 {
		row("(no table)", r.Rest)
	}
	row("all tables", r.Sum())
	return columns.Flush()
}

// verdict is nil when nothing is wrong any more.
func (d *debugCheckCommand) verdict(n check.Totals) error {
	left := n.Findings - n.Mended
	switch {
	case left == 0:
		return nil
	case d.Repair:
		return fmt.Errorf("of the findings in %s, %d could not be mended; keep a copy of it and restore a backup", d.Dir, left)
	case n.Mendable == 0:
		return fmt.Errorf("findings in %s: %d, and --repair mends none; keep a copy of it and restore a backup", d.Dir, left)
	}
	return fmt.Errorf("findings in %s: %d; --repair mends %d", d.Dir, left, n.Mendable)
}
