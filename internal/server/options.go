package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/pebble"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

// Options configures a Server. The zero value keeps its data in memory and lets
// everybody in.
type Options struct {
	Dir        string            // the data directory, made if need be; empty: in memory
	Durability pebble.Durability // when a write is on disk; default: before it is answered
	CacheBytes int64             // of the engine's cache; default: the engine's

	// Engine keeps the data, in place of one that is opened in Dir. The server
	// closes it. Tests bring engines on disks that fail, and engines that do.
	Engine driver.Driver

	// MemoryBytes is what the process may take in all, the cache included. What
	// requests may take at once follows from it. 0: that has bounds of its own.
	MemoryBytes int64

	Region  string // default "us-east-1"
	Account string // 12 digits; default "000000000000"

	// AccessKey and Secret are the one key pair that signatures are checked
	// against. Both empty: nothing is checked.
	AccessKey string
	Secret    sigv4.Secret

	// AllowOrigins are the web pages that may send requests although nothing is
	// checked, as in https://app.example.com, beside those of this machine.
	AllowOrigins []string

	TLS *tls.Config // of Serve; nil: without

	// ControlPlaneDelay is how long a table stays in CREATING, UPDATING and
	// DELETING. AWS takes seconds.
	ControlPlaneDelay time.Duration

	Stream StreamOptions

	// TTLInterval is how often time to live looks for expired items; default a
	// second. TTLCooldown is how long after a change of a table's time to live
	// another one is refused; 0 is not at all.
	TTLInterval, TTLCooldown time.Duration

	Env     base.Env     // default: the machine's clock and chance
	Logger  *slog.Logger // default: none
	Version string       // of the build, for the metrics page
}

// StreamOptions says how the shards of DynamoDB Streams come and go. What is 0
// is as on AWS.
type StreamOptions struct {
	ShardRotation    time.Duration // how long a shard is open; default 4 hours
	Retention        time.Duration // how long a record is kept; default 24 hours
	SplitWrites      int           // writes a second, all through a SplitWindow, that split a shard; default 1,000
	SplitWindow      time.Duration // default a minute
	IteratorLifetime time.Duration // default 15 minutes
}

func (o StreamOptions) check() error {
	if min(o.ShardRotation, o.Retention, o.SplitWindow, o.IteratorLifetime) < 0 || o.SplitWrites < 0 {
		return fmt.Errorf("times and numbers of streams are not below 0")
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.Account == "" {
		o.Account = "000000000000"
	}
	if o.Env.Now == nil {
		o.Env = base.RealEnv()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// check expects defaults to be set.
func (o Options) check() error {
	if len(o.Account) != accountLen || strings.Trim(o.Account, "0123456789") != "" {
		return fmt.Errorf("account %q is not 12 digits", o.Account)
	}
	if len(o.Region) > regionLenMax || strings.Trim(o.Region, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("region %q is no name of a region, as in us-east-1", o.Region)
	}
	if (o.AccessKey == "") != (o.Secret == "") {
		return fmt.Errorf("an access key and its secret go together")
	}
	if len(o.AccessKey) > accessKeyLenMax || strings.ContainsFunc(o.AccessKey, notInAccessKey) {
		return fmt.Errorf("the access key id is not made of up to %d letters, digits and underscores", accessKeyLenMax)
	}
	if o.ControlPlaneDelay < 0 || min(o.CacheBytes, o.MemoryBytes) < 0 {
		return fmt.Errorf("the control plane's delay, the size of the cache and the memory limit are not below 0")
	}
	if err := o.checkMemory(); err != nil {
		return err
	}
	if o.TTLInterval < 0 || o.TTLCooldown < 0 {
		return fmt.Errorf("the interval and the cool-down of time to live are not below 0")
	}
	return o.Stream.check()
}

// notInAccessKey: AWS has word characters only.
func notInAccessKey(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}
