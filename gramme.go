// Package gramme runs a whole Gramme, a database with the Amazon DynamoDB API,
// inside a Go program or a test. It is not a client: programs talk to it with an
// AWS SDK, as they do to AWS.
//
// A test that has a database of its own:
//
//	g, err := gramme.Open(gramme.Options{InMemory: true, Addr: "127.0.0.1:0"})
//	...
//	defer g.Close()
//	client := dynamodb.NewFromConfig(aws.Config{
//		BaseEndpoint: aws.String(g.URL()),
//		Region:       g.Region(),
//		Credentials:  credentials.NewStaticCredentialsProvider(g.AccessKey(), g.SecretKey(), ""),
//	})
//
// The program gramme (cmd/gramme) is the same as a server of its own.
package gramme

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/server"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

const (
	closeTimeout = 5 * time.Second // ours; requests that take longer after Close are cut off

	// anyone is the key pair of a Gramme that lets everybody in: SDKs insist on one.
	anyone = "gramme"
)

// Options configures a Gramme. One of Dir and InMemory must be set.
type Options struct {
	Dir      string // the data directory, made if need be; one Gramme at a time may have it open
	InMemory bool   // keep nothing

	// Addr is where to listen. "127.0.0.1:0" takes a free port, which URL tells.
	// Empty: the program serves Handler itself, or calls Serve.
	Addr string

	Region  string // the region of AWS to be; default "us-east-1"
	Account string // the account of AWS to be, 12 digits; default "000000000000"

	// AccessKey and SecretKey are the only key pair that is let in. Both empty:
	// everybody is.
	AccessKey, SecretKey string

	// ControlPlaneDelay is how long a table stays in CREATING, UPDATING and
	// DELETING; 0 is not at all. AWS takes seconds.
	ControlPlaneDelay time.Duration

	Stream StreamOptions

	// TTLInterval is how often time to live looks for expired items, by the
	// machine's clock; whether an item is expired is asked of Now. Default: a
	// second.
	TTLInterval time.Duration

	// TTLCooldown is how long after a change of a table's time to live another
	// one is refused; 0 is not at all. On AWS it is half an hour to an hour.
	TTLCooldown time.Duration

	Now    func() time.Time // the clock, for tests that turn it; default: time.Now
	Logger *slog.Logger     // default: none
}

// StreamOptions says how the shards of DynamoDB Streams come and go. What is 0
// is as on AWS; tests of consumers set less.
type StreamOptions struct {
	ShardRotation    time.Duration // how long a shard is open; default 4 hours
	Retention        time.Duration // how long a record is kept; default 24 hours
	SplitWrites      int           // writes a second, all through a SplitWindow, that split a shard; default 1,000
	SplitWindow      time.Duration // default a minute
	IteratorLifetime time.Duration // how long a shard iterator may be used; default 15 minutes
}

// Gramme is a running Gramme. It is safe for concurrent use, and a program may
// have several.
type Gramme struct {
	options Options
	server  *server.Server
	url     string        // empty: not listening by itself
	served  chan struct{} // closed when Addr is no longer served; nil without Addr
}

// Open starts a Gramme. The caller closes it.
func Open(o Options) (*Gramme, error) {
	if (o.Dir == "") != o.InMemory {
		return nil, errors.New("gramme: set one of Options.Dir and Options.InMemory")
	}
	env := base.RealEnv()
	if o.Now != nil {
		env.Now = o.Now
	}
	srv, err := server.Open(server.Options{
		Dir:               o.Dir,
		Region:            o.Region,
		Account:           o.Account,
		AccessKey:         o.AccessKey,
		Secret:            sigv4.Secret(o.SecretKey),
		ControlPlaneDelay: o.ControlPlaneDelay,
		Stream:            server.StreamOptions(o.Stream),
		TTLInterval:       o.TTLInterval,
		TTLCooldown:       o.TTLCooldown,
		Env:               env,
		Logger:            o.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("gramme: %w", err)
	}
	g := &Gramme{options: o, server: srv}
	if o.Addr != "" {
		if err := g.listen(); err != nil {
			return nil, errors.Join(fmt.Errorf("gramme: %w", err), g.Close())
		}
	}
	return g, nil
}

// listen serves Options.Addr until Close.
func (g *Gramme) listen() error {
	l, err := net.Listen("tcp", g.options.Addr)
	if err != nil {
		return err
	}
	g.url = "http://" + l.Addr().String()
	g.served = make(chan struct{})
	go func() {
		defer close(g.served)
		if err := g.server.Serve(l); err != nil && g.options.Logger != nil {
			g.options.Logger.Error("listener failed", "error", err)
		}
	}()
	return nil
}

// Handler answers requests of AWS SDKs, and Gramme's own pages /healthz, /readyz
// and /metrics.
func (g *Gramme) Handler() http.Handler { return g.server.Handler() }

// Serve answers requests that come in over l, which it closes, until Close; then
// it returns nil.
func (g *Gramme) Serve(l net.Listener) error { return g.server.Serve(l) }

// URL returns the endpoint to give to an SDK, as in http://127.0.0.1:40123. It
// is empty without Options.Addr.
func (g *Gramme) URL() string { return g.url }

// Region returns the region to give to an SDK.
func (g *Gramme) Region() string { return g.server.Region() }

// AccessKey returns the access key id to give to an SDK.
func (g *Gramme) AccessKey() string {
	if g.options.AccessKey == "" {
		return anyone
	}
	return g.options.AccessKey
}

// SecretKey returns the secret access key to give to an SDK.
func (g *Gramme) SecretKey() string {
	if g.options.SecretKey == "" {
		return anyone
	}
	return g.options.SecretKey
}

// Close stops listening, lets the requests in flight end, for 5 seconds at
// most, and closes the store. A second call returns the same as the first.
func (g *Gramme) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := g.server.Shutdown(ctx)
	if g.served != nil {
		<-g.served
	}
	return err
}
