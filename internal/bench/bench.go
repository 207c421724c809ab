// Package bench is a load generator for servers with the DynamoDB API. It makes
// a table, fills it, sends requests of one kind or a mix of them over persistent
// connections, signed as AWS's clients sign them, checks every answer, and tells
// how many came, after how long, and what they cost the server. It starts no
// server and sets no flags. Called by cmd/gramme.
//
// On a small machine the generator takes its CPU from the server that it
// measures. So it is lean: requests are appended into one buffer, answers are
// scanned and not parsed, and nothing is allocated on the way.
package bench

import (
	"time"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

// Options says how all servers of a benchmark are treated. Every field but
// Remote and Progress must be set.
type Options struct {
	Env    base.Env
	Signer sigv4.Signer
	Prefix string // of the names of tables
	Items  int64  // that a table is filled with
	Size   int    // of an item, in bytes, as DynamoDB counts them

	Remote   bool              // allow a server on another machine: one may have to pay for it
	Progress func(text string) // is told of what takes long
}

// Target is a server, and how its table is made.
type Target struct {
	Name    string
	URL     string
	PID     int  // of the server's process; 0: its CPU and memory are not known
	Indexes int  // global secondary indexes that hold whole items
	Stream  bool // of new and old images
}

// Load is what is sent, and for how long.
type Load struct {
	Workload     string
	Connections  int
	Warmup       time.Duration // sent before, and not counted
	Duration     time.Duration
	Operations   int64        // ends the load before the duration does; 0: it does not
	Rate         float64      // requests a second, sent whether or not earlier ones were answered; 0: each connection sends when it has its answer
	Distribution Distribution // of the items
	PageItems    int          // of a Scan
	Span         int64        // how many items are meant, the first ones; 0: all
}

// Distribution is how often items are meant.
type Distribution string

// The distributions. WorkloadsOwn is zipfian in YCSB, and uniform in the others.
const (
	WorkloadsOwn Distribution = ""
	Uniform      Distribution = "uniform"
	Zipfian      Distribution = "zipfian" // with YCSB's constant, scattered over the table
)
