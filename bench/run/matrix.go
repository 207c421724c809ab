package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/bench"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

// group is loads that some servers are sent in turn. The ratios are those of the
// first one's figures to the others'.
type group struct {
	Name        string
	servers     []string
	connections []int
	rate        float64
	workloads   []string
	variants    []variant // Gramme with other tables too
}

// variant is Gramme with another table.
type variant struct {
	name    string
	indexes int
	stream  bool
}

func groups() []group {
	operations := []string{"get", "put", "update", "query", "batch-get", "batch-write", "transact-write"}
	peers := []string{"gramme", "dynalite", "dynoxide", "dynoxide-disk", "dynamodb-local", "dynamodb-local-disk"}
	return []group{
		{Name: "ceiling", servers: []string{"gramme", "ceiling"}, connections: []int{16, 64}, workloads: operations},
		{Name: "no storage", servers: []string{"gramme", "ceiling-empty"}, connections: []int{16}, workloads: []string{"put"}},
		{Name: "peers", servers: peers, connections: []int{16}, workloads: append(operations, "scan")},
		{Name: "peers, YCSB", servers: peers, connections: []int{64}, workloads: []string{"ycsb-a", "ycsb-b", "ycsb-c"}},
		{Name: "peers, open loop", servers: peers, connections: []int{16}, rate: 1000, workloads: []string{"put"}},
		{Name: "indexes and streams", servers: []string{"gramme"}, connections: []int{16}, workloads: []string{"put"},
			variants: []variant{{"one index", 1, false}, {"two indexes", 2, false}, {"a stream", 0, true}}},
	}
}

// effort is how long and how often.
type effort struct {
	items            int64
	warmup, duration time.Duration
	rounds           int
}

func effortOf(quick bool) effort {
	if quick {
		return effort{20_000, 200 * time.Millisecond, 800 * time.Millisecond, 3}
	}
	return effort{100_000, 500 * time.Millisecond, 2500 * time.Millisecond, 5}
}

const itemBytes = 900

// measure runs a group on those of its servers that run.
func measure(ctx context.Context, g group, running map[string]*process, quick bool, r *record) (err error) {
	e := effortOf(quick)
	if len(g.variants) > 0 {
		running, err = startVariants(ctx, g, running["gramme"])
		defer func() { err = errors.Join(err, stopAll(running)) }()
		if err != nil {
			return err
		}
	}
	subjects, err := openAll(ctx, g, running, e, r)
	defer func() {
		for _, s := range subjects {
			err = errors.Join(err, s.Close(context.WithoutCancel(ctx), false))
		}
	}()
	if err != nil || len(subjects) < 2 {
		return err
	}
	result := groupResult{Name: g.Name}
	for _, connections := range g.connections {
		for _, workload := range g.workloads {
			fmt.Fprintf(os.Stderr, "%s: %s, %s, %d connections\n", time.Since(r.Date).Round(time.Second), g.Name, workload, connections)
			c, err := bench.Compare(ctx, subjects, bench.Load{
				Workload: workload, Connections: connections, Rate: g.rate,
				Warmup: e.warmup, Duration: e.duration, PageItems: 100,
			}, e.rounds)
			if err != nil {
				return err
			}
			result.Comparisons = append(result.Comparisons, c)
		}
	}
	r.Groups = append(r.Groups, result)
	return nil
}

// startVariants starts a Gramme for each variant, and one for the table without:
// none pays for what another one has left to its memtables and compactions. What
// has been started is returned with an error too.
func startVariants(ctx context.Context, g group, like *process) (map[string]*process, error) {
	running := map[string]*process{}
	for _, v := range append([]variant{{}}, g.variants...) {
		own := like.server
		data := own.command[len(own.command)-1]
		own.command = append(own.command[:len(own.command)-1:len(own.command)-1], data+"-"+strings.ReplaceAll(v.server(), " ", "-"))
		p, _, err := start(ctx, own)
		if err != nil {
			return running, err
		}
		running[v.server()] = p
	}
	return running, nil
}

// server is the name of the variant's server.
func (v variant) server() string {
	if v.name == "" {
		return "gramme"
	}
	return "gramme with " + v.name
}

// openAll makes the tables. A server that does not make one is left out, and
// that is noted.
func openAll(ctx context.Context, g group, running map[string]*process, e effort, r *record) ([]*bench.Subject, error) {
	var subjects []*bench.Subject
	for _, t := range g.targets(running) {
		s, err := bench.Open(ctx, options(e), t)
		if ctx.Err() != nil {
			return subjects, ctx.Err()
		}
		if err != nil {
			r.note("not measured in %q: %s: %s", g.Name, t.Name, err)
			continue
		}
		subjects = append(subjects, s)
	}
	return subjects, nil
}

func (g *group) targets(running map[string]*process) []bench.Target {
	var targets []bench.Target
	for _, name := range g.servers {
		if p := running[name]; p != nil {
			targets = append(targets, bench.Target{Name: name, URL: p.url, PID: p.cmd.Process.Pid})
		}
	}
	for _, v := range g.variants {
		p := running[v.server()]
		targets = append(targets, bench.Target{Name: v.server(), URL: p.url, PID: p.cmd.Process.Pid, Indexes: v.indexes, Stream: v.stream})
	}
	return targets
}

func options(e effort) bench.Options {
	return bench.Options{
		Env: base.RealEnv(),
		Signer: sigv4.Signer{
			Profile: sigv4.Profile{Service: "dynamodb"}, Region: "us-east-1",
			AccessKey: accessKey, Secret: secretKey,
		},
		Prefix:   "gramme-bench-",
		Items:    e.items,
		Size:     itemBytes,
		Progress: func(text string) { fmt.Fprintln(os.Stderr, text) },
	}
}
