// Command run measures Gramme against what else can be had on this machine, and
// records what it saw: it starts the servers, each on a free port of the loopback
// interface, sends them the same loads in turn, and writes a file of results and
// the tables of bench/README.md. It knows nothing of loads; internal/bench does.
//
//	go run ./bench/run -quick
//	go run ./bench/run -part idle
//
// Run it from the top of the repository, after "make bench-peers".
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// settings is what the command line says.
type settings struct {
	quick bool
	out   string // a folder
	dir   string // for data
	local string // the folder of DynamoDB Local; empty: not measured
	note  string
	only  string
	part  string
	items int64 // of the large table
}

func main() {
	var s settings
	flag.BoolVar(&s.quick, "quick", false, "take 7 minutes instead of 30; the figures scatter more")
	flag.StringVar(&s.out, "out", "bench/results", "the folder for the results")
	flag.StringVar(&s.dir, "dir", os.TempDir(), "where the servers' data is kept meanwhile: say a folder on the disk to measure")
	flag.StringVar(&s.local, "dynamodb-local", "", "the folder that AWS's download of DynamoDB Local was unpacked into")
	flag.StringVar(&s.note, "note", "", "a remark to record, as on what else the machine was doing")
	flag.StringVar(&s.only, "only", "", "run only the groups whose names contain this, and record nothing")
	flag.StringVar(&s.part, "part", "", "run and record these parts alone, with commas between: idle, tables, growth; or all of them")
	flag.Int64Var(&s.items, "growth-items", 10_000_000, "how many items the large table of the part growth has")
	flag.Parse()
	ctx, restore := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer restore()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	dir, err := os.MkdirTemp(s.dir, "gramme-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binaries, err := build(ctx, dir)
	if err != nil {
		return err
	}
	if s.part != "" {
		chosen, err := choose(s.part)
		if err != nil {
			return err
		}
		return runParts(ctx, s, chosen, binaries["gramme"], dir)
	}
	r := newRecord(ctx, s)
	running, err := startAll(ctx, servers(binaries, dir, s.local), r)
	defer func() { err = errors.Join(err, stopAll(running)) }()
	if err != nil {
		return err
	}
	for _, g := range groups() {
		if !strings.Contains(g.Name, s.only) {
			continue
		}
		if err := measure(ctx, g, running, s.quick, r); err != nil {
			return err
		}
	}
	if r.Direct, err = runDirect(ctx, binaries, dir); err != nil {
		return err
	}
	if s.only != "" {
		return r.writeMarkdown(os.Stdout)
	}
	return r.keep(s.out)
}

// build builds Gramme and the ceiling.
func build(ctx context.Context, dir string) (binaries map[string]string, err error) {
	binaries = map[string]string{}
	for name, pkg := range map[string]string{"gramme": "./cmd/gramme", "ceiling": "./bench/ceiling"} {
		binaries[name] = filepath.Join(dir, name)
		c := exec.CommandContext(ctx, "go", "build", "-o", binaries[name], pkg)
		if out, err := c.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("cannot build %s: %w\n%s", pkg, err, out)
		}
	}
	return binaries, nil
}

// runDirect measures Pebble without a server.
func runDirect(ctx context.Context, binaries map[string]string, dir string) ([]string, error) {
	out, err := exec.CommandContext(ctx, binaries["ceiling"], "direct", "-data", filepath.Join(dir, "direct")).Output()
	return strings.Split(strings.TrimSpace(string(out)), "\n"), err
}

// keep writes the record, and puts its tables into bench/README.md.
func (r *record) keep(out string) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	name := filepath.Join(out, strings.TrimSuffix(r.Date.Format("2006-01-02T1504-")+r.Part, "-")+".json")
	if err := os.WriteFile(name, append(text, '\n'), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s: wrote %s\n", time.Since(r.Date).Round(time.Second), name)
	return r.putIntoReadme("bench/README.md")
}
