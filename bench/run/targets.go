package main

import (
	"fmt"

	"github.com/gramme-db/gramme/internal/bench"
)

// figure is what a target is about. Each is Gramme's divided by the other
// server's.
type figure string

const (
	throughput figure = "throughput"
	cpu        figure = "CPU per request"
	p99        figure = "p99"
)

// target is what a ratio should be.
type target struct {
	group, workload string
	connections     int // 0: any
	server          string
	figure          figure
	most            bool // the ratio should be at most limit, and not at least
	limit           float64
}

// times is how many times another server's throughput Gramme's should be.
type times struct {
	workload string
	times    float64
}

// targets are what we want to reach.
func targets() []target {
	var all []target
	for _, connections := range []int{16, 64} {
		for _, workload := range []string{"get", "put", "update", "query", "batch-get", "batch-write", "transact-write"} {
			all = append(all, target{"ceiling", workload, connections, "ceiling", cpu, true, 1.35})
		}
	}
	local := []times{{"get", 3}, {"put", 3.8}, {"update", 2.5}, {"query", 7}, {"batch-get", 5}, {"batch-write", 6.5}, {"transact-write", 8}, {"scan", 400}}
	for _, l := range local {
		all = append(all, target{"peers", l.workload, 16, "dynamodb-local", throughput, false, l.times})
	}
	for _, l := range local {
		all = append(all, target{"peers", l.workload, 16, "dynalite", throughput, false, 1.5})
	}
	all = append(all, target{"peers", "put", 16, "dynamodb-local-disk", throughput, false, 18})
	for _, y := range []times{{"ycsb-a", 5.5}, {"ycsb-b", 3.2}, {"ycsb-c", 3}} {
		all = append(all,
			target{"peers, YCSB", y.workload, 64, "dynamodb-local", throughput, false, y.times},
			target{"peers, YCSB", y.workload, 64, "dynamodb-local", p99, true, 1.0 / 3})
	}
	return append(all,
		target{"peers, open loop", "put", 16, "dynamodb-local", p99, true, 1},
		target{"indexes and streams", "put", 16, "gramme with one index", cpu, false, 1 / 1.6},
		target{"indexes and streams", "put", 16, "gramme with two indexes", cpu, false, 1 / 2.2},
		target{"indexes and streams", "put", 16, "gramme with a stream", cpu, false, 1 / 1.4})
}

// seen returns the ratio that was measured; nil: it was not.
func (r *record) seen(t target) *bench.Ratio {
	for _, g := range r.Groups {
		for _, c := range g.Comparisons {
			for _, s := range c.Servers {
				if g.Name != t.group || c.Workload != t.workload || s.Median.Connections != t.connections || s.Median.Target != t.server {
					continue
				}
				return map[figure]*bench.Ratio{throughput: s.PerSec, cpu: s.CPU, p99: s.P99}[t.figure]
			}
		}
	}
	return nil
}

func (t target) String() string {
	bound := "at least"
	if t.most {
		bound = "at most"
	}
	return fmt.Sprintf("%s %.2f", bound, t.limit)
}

func (t target) met(ratio *bench.Ratio) string {
	switch {
	case t.most && ratio.Median <= t.limit, !t.most && ratio.Median >= t.limit:
		return "yes"
	}
	return "**no**"
}
