package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/bench"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

// benchCommands is "gramme bench": a load generator for any server with the
// DynamoDB API.
type benchCommands struct {
	Run     benchRunCommand     `cmd:"" default:"withargs" help:"Measure one server."`
	Compare benchCompareCommand `cmd:"" help:"Measure several servers in turn, and print ratios."`
}

// benchFlags is what is sent, and to what kind of table.
type benchFlags struct {
	Workload     []string      `default:"get,put,update,query" help:"What to send, in turn: get, put, update, delete, query, scan, batch-get, batch-write, transact-get, transact-write, ycsb-a to ycsb-f."`
	Items        int64         `default:"100000" help:"How many items the table is filled with, a multiple of ten."`
	Size         byteSize      `default:"900" help:"The size of an item, as DynamoDB counts it."`
	Connections  int           `default:"16" help:"How many connections send requests."`
	Duration     time.Duration `default:"10s" help:"How long each workload is sent, at most."`
	Warmup       time.Duration `default:"1s" help:"How long it is sent before, without counting."`
	Operations   int64         `help:"End a workload after so many requests."`
	Rate         float64       `help:"Send so many requests a second, whether or not the earlier ones were answered. Latency then counts from when a request was to be sent. Without it, each connection sends when it has its answer."`
	Distribution string        `default:"" enum:",uniform,zipfian" help:"Which items are meant: uniform (all alike) or zipfian (some much more often). Without it, zipfian in YCSB, and uniform in the others."`
	Span         int64         `help:"Mean so many items alone, the first ones: so the same are meant in tables of any size."`
	PageItems    int           `default:"100" help:"How many items a Scan asks for."`

	JSON   bool   `name:"json" help:"Print JSON."`
	Plot   string `placeholder:"FILE" help:"Draw the latencies into a file, .svg or .html."`
	Keep   bool   `help:"Leave the tables there."`
	Prefix string `default:"gramme-bench-" help:"What the names of the tables begin with."`
	Remote bool   `help:"Allow a server that is not on this machine. AWS charges for what is read and written."`

	AccessKey    string       `env:"AWS_ACCESS_KEY_ID" default:"gramme" help:"The access key to sign with."`
	SecretKey    sigv4.Secret `env:"AWS_SECRET_ACCESS_KEY" default:"gramme" help:"Its secret. Others on the machine can see a command line; better set the variable."`
	SessionToken sigv4.Secret `env:"AWS_SESSION_TOKEN" help:"The session token of a temporary access key."`
	Region       string       `env:"AWS_REGION" default:"us-east-1" help:"The region to sign for."`
}

// benchRunCommand is "gramme bench URL".
type benchRunCommand struct {
	URL     string `arg:"" name:"url" optional:"" env:"AWS_ENDPOINT_URL" default:"http://127.0.0.1:8000" help:"The server."`
	PID     int    `name:"pid" help:"The process of the server, whose CPU time and memory are to be told."`
	Indexes int    `help:"How many global secondary indexes the table has."`
	Stream  bool   `help:"Give the table a stream."`
	benchFlags
}

// Run measures one server, and prints a row for each workload.
func (b *benchRunCommand) Run(c console) error {
	target := bench.Target{Name: b.URL, URL: b.URL, PID: b.PID, Indexes: b.Indexes, Stream: b.Stream}
	return b.measure(c, []bench.Target{target}, func(ctx context.Context, subjects []*bench.Subject) error {
		var results []*bench.Result
		for _, name := range b.Workload {
			r, err := subjects[0].Run(ctx, b.load(name))
			if err != nil {
				return err
			}
			results = append(results, r)
		}
		return b.report(results, func() error {
			if b.JSON {
				return bench.WriteJSON(c.out, results)
			}
			return bench.WriteTable(c.out, results)
		})
	})
}

// benchCompareCommand is "gramme bench compare NAME=URL NAME=URL".
type benchCompareCommand struct {
	Servers []string `arg:"" name:"server" help:"NAME=URL, and after commas what else is to be known: pid=N, indexes=N, stream. The ratios are the first server's figures divided by the others'."`
	Rounds  int      `default:"3" help:"How many times each server has its turn with each workload."`
	benchFlags
}

// Run measures the servers in turn, and prints a row for each of them under each
// workload.
func (b *benchCompareCommand) Run(c console) error {
	if b.Rounds < 1 {
		return errors.New("--rounds is not below 1")
	}
	var targets []bench.Target
	for _, text := range b.Servers {
		t, err := parseTarget(text)
		if err != nil {
			return err
		}
		targets = append(targets, t)
	}
	return b.measure(c, targets, func(ctx context.Context, subjects []*bench.Subject) error {
		var all []*bench.Comparison
		var medians []*bench.Result
		for _, name := range b.Workload {
			fmt.Fprintf(c.err, "%s: %d rounds\n", name, b.Rounds)
			one, err := bench.Compare(ctx, subjects, b.load(name), b.Rounds)
			if err != nil {
				return err
			}
			all = append(all, one)
			for _, s := range one.Servers {
				medians = append(medians, &s.Median)
			}
		}
		return b.report(medians, func() error {
			if b.JSON {
				return bench.WriteJSON(c.out, all)
			}
			return bench.WriteComparisons(c.out, all)
		})
	})
}

// parseTarget reads NAME=URL,pid=N,indexes=N,stream.
func parseTarget(text string) (bench.Target, error) {
	name, rest, ok := strings.Cut(text, "=")
	parts := strings.Split(rest, ",")
	t := bench.Target{Name: name, URL: parts[0]}
	if !ok || name == "" || !strings.Contains(t.URL, "://") {
		return t, fmt.Errorf("%q is no server; write it as NAME=http://127.0.0.1:8000,pid=N", text)
	}
	for _, part := range parts[1:] {
		key, value, _ := strings.Cut(part, "=")
		var err error
		switch key {
		case "pid":
			t.PID, err = strconv.Atoi(value)
		case "indexes":
			t.Indexes, err = strconv.Atoi(value)
		case "stream":
			t.Stream = true
		default:
			err = errors.New("no such property")
		}
		if err != nil {
			return t, fmt.Errorf("%q says nothing about the server %s; there are pid=N, indexes=N and stream", part, name)
		}
	}
	return t, nil
}

func (b *benchFlags) load(workload string) bench.Load {
	return bench.Load{
		Workload:     workload,
		Connections:  b.Connections,
		Warmup:       b.Warmup,
		Duration:     b.Duration,
		Operations:   b.Operations,
		Rate:         b.Rate,
		Distribution: bench.Distribution(b.Distribution), Span: b.Span,
		PageItems: b.PageItems,
	}
}

// measure makes and fills the tables, runs, and removes them. A signal ends the
// run early; the tables are removed even so.
func (b *benchFlags) measure(c console, targets []bench.Target, run func(context.Context, []*bench.Subject) error) (err error) {
	for _, name := range b.Workload {
		l := b.load(name)
		if err := l.Check(b.Items); err != nil {
			return err
		}
	}
	if ext := filepath.Ext(b.Plot); b.Plot != "" && ext != ".svg" && ext != ".html" {
		return fmt.Errorf("--plot %s: the name of the file ends in .svg or in .html", b.Plot)
	}
	ctx, restore := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer restore()
	context.AfterFunc(ctx, restore) // the next signal ends the process
	var subjects []*bench.Subject
	defer func() {
		if ctx.Err() != nil {
			err = errors.New("interrupted before the end, so there are no figures")
		}
		err = errors.Join(err, b.close(c.err, subjects))
	}()
	for _, t := range targets {
		s, err := bench.Open(ctx, b.options(c.err), t)
		if err != nil {
			return err
		}
		subjects = append(subjects, s)
	}
	return run(ctx, subjects)
}

func (b *benchFlags) options(progress io.Writer) bench.Options {
	return bench.Options{
		Env: base.RealEnv(),
		Signer: sigv4.Signer{
			Profile:      sigv4.Profile{Service: "dynamodb"},
			Region:       b.Region,
			AccessKey:    b.AccessKey,
			Secret:       b.SecretKey,
			SessionToken: b.SessionToken,
		},
		Prefix:   b.Prefix,
		Items:    b.Items,
		Size:     int(b.Size),
		Remote:   b.Remote,
		Progress: func(text string) { fmt.Fprintln(progress, text) },
	}
}

func (b *benchFlags) close(w io.Writer, subjects []*bench.Subject) error {
	var errs []error
	for _, s := range subjects {
		if b.Keep {
			fmt.Fprintf(w, "kept the table %s at %s\n", s.Table(), s.Target.URL)
		}
		errs = append(errs, s.Close(context.Background(), b.Keep))
	}
	return errors.Join(errs...)
}

// report prints, draws, and ends with an error if a server has failed requests.
func (b *benchFlags) report(results []*bench.Result, print func() error) error {
	err := print()
	if b.Plot != "" {
		err = errors.Join(err, b.draw(results))
	}
	failed := int64(0)
	for _, r := range results {
		failed += r.Errors
	}
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d requests failed, so the figures say little; see the first errors above", failed)
	}
	return err
}

func (b *benchFlags) draw(results []*bench.Result) error {
	f, err := os.Create(b.Plot)
	if err != nil {
		return fmt.Errorf("cannot draw the plot: %w", err)
	}
	draw := bench.WriteSVG
	if filepath.Ext(b.Plot) == ".html" {
		draw = bench.WriteHTML
	}
	return errors.Join(draw(f, results), f.Close())
}
