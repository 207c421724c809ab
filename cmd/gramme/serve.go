package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/gramme-db/gramme/internal/kv/pebble"
	"github.com/gramme-db/gramme/internal/server"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

const dataDefault = "./gramme-data"

// serveCommand is "gramme serve". Every flag has a variable of the same name in
// the environment; a flag wins over it.
type serveCommand struct {
	Addr        string   `env:"GRAMME_ADDR" default:"127.0.0.1:8000" help:"Where to listen."`
	Data        string   `env:"GRAMME_DATA" placeholder:"./gramme-data" help:"The data directory."`
	InMemory    bool     `env:"GRAMME_IN_MEMORY" help:"Keep the data in memory, and forget it at the end."`
	Durability  string   `env:"GRAMME_DURABILITY" default:"sync" enum:"sync,interval,none" help:"When a write is on disk: sync (before it is answered), interval (0.1 s later) or none (1 s later). Until then a crash loses it."`
	CacheSize   byteSize `env:"GRAMME_CACHE_SIZE" default:"0" placeholder:"SIZE" help:"Memory to cache data in, as in 256MB."`
	MemoryLimit byteSize `env:"GRAMME_MEMORY_LIMIT" default:"0" placeholder:"SIZE" help:"Memory for all, the cache included, as in 2GB. What requests may take at once follows from it. Without it, three quarters of what the machine or the container has."`
	Region      string   `env:"GRAMME_REGION" default:"us-east-1" help:"The region of AWS to be."`
	Account     string   `env:"GRAMME_ACCOUNT" default:"000000000000" help:"The account of AWS to be."`

	Auth          string       `env:"GRAMME_AUTH" default:"any" enum:"any,static" help:"Who may call: any (everybody) or static (who signs with the access key)."`
	AccessKey     string       `env:"GRAMME_ACCESS_KEY" placeholder:"ID" help:"The access key id for --auth=static."`
	SecretKey     sigv4.Secret `env:"GRAMME_SECRET_KEY" placeholder:"SECRET" help:"The secret access key for --auth=static. Others on the machine can see a command line; better set the variable."`
	SecretKeyFile string       `env:"GRAMME_SECRET_KEY_FILE" placeholder:"FILE" help:"A file with the secret access key, in place of --secret-key."`
	TLSCert       string       `name:"tls-cert" env:"GRAMME_TLS_CERT" placeholder:"FILE" help:"Speak HTTPS, with this chain of certificates in PEM. It may be renewed at any time."`
	TLSKey        string       `name:"tls-key" env:"GRAMME_TLS_KEY" placeholder:"FILE" help:"The private key of --tls-cert, in PEM."`
	Insecure      bool         `env:"GRAMME_INSECURE" help:"Let everybody in although other machines can reach --addr."`

	AllowOrigin []string `env:"GRAMME_ALLOW_ORIGIN" placeholder:"ORIGIN,..." help:"Web pages that may use a server with --auth=any, as in https://app.example.com, beside those of this machine; * is all."`

	LogLevel  string `env:"GRAMME_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"The least that is logged, to standard error: debug, info, warn or error."`
	LogFormat string `env:"GRAMME_LOG_FORMAT" default:"text" enum:"text,json" help:"text or json."`

	DrainTimeout      time.Duration `env:"GRAMME_DRAIN_TIMEOUT" default:"10s" help:"How long requests in flight may take after SIGTERM."`
	ControlPlaneDelay time.Duration `env:"GRAMME_CONTROL_PLANE_DELAY" default:"0s" help:"How long a table stays in CREATING, UPDATING and DELETING."`
	TTLInterval       time.Duration `name:"ttl-interval" env:"GRAMME_TTL_INTERVAL" default:"1s" help:"How often to look for items whose time to live is over."`
	TTLCooldown       time.Duration `name:"ttl-cooldown" env:"GRAMME_TTL_COOLDOWN" default:"30m" help:"How long after a change of a table's time to live another one is refused."`

	Stream streamFlags `embed:"" prefix:"stream-"`
}

// streamFlags are the flags of serve that say how the shards of streams come
// and go. The defaults are AWS's.
type streamFlags struct {
	ShardRotation    time.Duration `env:"GRAMME_STREAM_SHARD_ROTATION" default:"4h" help:"How long a shard of a stream is open; then another one goes on."`
	Retention        time.Duration `env:"GRAMME_STREAM_RETENTION" default:"24h" help:"How long a stream keeps a record."`
	SplitWrites      int           `env:"GRAMME_STREAM_SPLIT_WRITES" default:"1000" help:"Writes a second, all through the window, that split a shard in two."`
	SplitWindow      time.Duration `env:"GRAMME_STREAM_SPLIT_WINDOW" default:"1m" help:"How long a shard is too busy before it is split."`
	IteratorLifetime time.Duration `env:"GRAMME_STREAM_ITERATOR_LIFETIME" default:"15m" help:"How long a shard iterator may be used."`
}

func (s *streamFlags) check() error {
	if min(s.ShardRotation, s.Retention, s.SplitWindow, s.IteratorLifetime) <= 0 || s.SplitWrites <= 0 {
		return errors.New("the times and numbers of --stream-... are above 0")
	}
	return nil
}

// Run serves until SIGTERM or SIGINT, and drains. A second signal ends the
// process at once.
func (s *serveCommand) Run(c console) error {
	addr, err := s.check()
	if err != nil {
		return err
	}
	options, err := s.options(c.err)
	if err != nil {
		return err
	}
	ballast := make([]byte, ballastBytes)
	defer runtime.KeepAlive(ballast)
	signalled, restore := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer restore()
	listener, err := listen(addr) // before the store: a busy port costs no recovery
	if err != nil {
		return err
	}
	srv, err := server.Open(options)
	if err != nil {
		_ = listener.Close() // nobody has connected
		return explain(err, s.dir())
	}
	if !s.InMemory && options.Durability == pebble.Sync {
		addProcessor() // now that what follows from the number of processors is set
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	s.announce(c.out, srv, endpoint(listener, options.TLS != nil))
	select {
	case err = <-served: // the listener is broken
	case <-signalled.Done():
		restore() // the next signal ends the process
		options.Logger.Info("draining", "limit", s.DrainTimeout)
	}
	limit, cancel := context.WithTimeout(context.Background(), s.DrainTimeout)
	defer cancel()
	return errors.Join(err, srv.Shutdown(limit))
}

// check refuses flags that do not go together, and returns the address to
// listen on.
func (s *serveCommand) check() (*net.TCPAddr, error) {
	if s.InMemory && s.Data != "" {
		return nil, errors.New("--in-memory and --data exclude each other; leave one out")
	}
	if err := s.checkKeys(); err != nil {
		return nil, err
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		return nil, errors.New("--tls-cert and --tls-key go together; give both or none")
	}
	if s.DrainTimeout < 0 || s.ControlPlaneDelay < 0 {
		return nil, errors.New("--drain-timeout and --control-plane-delay are not below 0")
	}
	if s.TTLInterval <= 0 || s.TTLCooldown < 0 {
		return nil, errors.New("--ttl-interval is above 0, and --ttl-cooldown is not below 0")
	}
	if err := s.Stream.check(); err != nil {
		return nil, err
	}
	addr, err := resolve(s.Addr)
	if err != nil {
		return nil, err
	}
	if s.Auth == "any" && !s.Insecure && !addr.IP.IsLoopback() {
		return nil, fmt.Errorf("other machines can reach %s, and --auth=any lets everybody in; say --auth=static with keys, or --insecure if that is meant", s.Addr)
	}
	return addr, nil
}

func (s *serveCommand) checkKeys() error {
	secret := s.SecretKey != "" || s.SecretKeyFile != ""
	switch {
	case s.SecretKey != "" && s.SecretKeyFile != "":
		return errors.New("--secret-key and --secret-key-file exclude each other; leave one out")
	case s.Auth == "static" && (s.AccessKey == "" || !secret):
		return errors.New("--auth=static needs --access-key and --secret-key; set GRAMME_ACCESS_KEY and GRAMME_SECRET_KEY")
	case s.Auth == "any" && (s.AccessKey != "" || secret):
		return errors.New("with --auth=any an access key protects nothing; say --auth=static, or leave --access-key and --secret-key out")
	}
	return nil
}

// options turns checked flags into the server's options.
func (s *serveCommand) options(logs io.Writer) (o server.Options, err error) {
	secret := s.SecretKey
	if s.SecretKeyFile != "" {
		if secret, err = readSecret(s.SecretKeyFile); err != nil {
			return o, err
		}
	}
	o = server.Options{
		Dir:               s.dir(),
		Durability:        durabilities()[s.Durability],
		CacheBytes:        int64(s.CacheSize),
		Region:            s.Region,
		Account:           s.Account,
		AccessKey:         s.AccessKey,
		Secret:            secret,
		AllowOrigins:      s.AllowOrigin,
		ControlPlaneDelay: s.ControlPlaneDelay,
		Stream:            server.StreamOptions(s.Stream),
		TTLInterval:       s.TTLInterval,
		TTLCooldown:       s.TTLCooldown,
		Logger:            s.logger(logs),
		Version:           buildVersion(),
	}
	if err := s.limitMemory(&o); err != nil {
		return o, err
	}
	if s.TLSCert == "" {
		return o, nil
	}
	cert, err := openCertificate(s.TLSCert, s.TLSKey, time.Now, o.Logger)
	if err != nil {
		return o, err
	}
	o.TLS = cert.config()
	return o, nil
}

// dir returns the data directory; none in memory.
func (s *serveCommand) dir() string {
	switch {
	case s.InMemory:
		return ""
	case s.Data == "":
		return dataDefault
	}
	return s.Data
}

func durabilities() map[string]pebble.Durability {
	return map[string]pebble.Durability{"sync": pebble.Sync, "interval": pebble.Interval, "none": pebble.None}
}

func (s *serveCommand) logger(w io.Writer) *slog.Logger {
	var o slog.HandlerOptions
	level := new(slog.Level)
	_ = level.UnmarshalText([]byte(s.LogLevel)) // one of the four that the flag allows
	o.Level = level
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, &o))
	}
	return slog.New(slog.NewTextHandler(w, &o))
}

// announce tells that the server is ready, and how to point an SDK at it. It
// never prints a secret: of a key pair it names the variable, or the file, that
// holds it.
func (s *serveCommand) announce(w io.Writer, srv *server.Server, url string) {
	data := "in memory"
	if !s.InMemory {
		data = "in " + s.dir()
	}
	fmt.Fprintf(w, "Gramme is ready at %s, data %s, region %s.\n", url, data, srv.Region())
	if r, ok := srv.Recovery(); ok {
		fmt.Fprintf(w, "Recovered after an unclean stop: read %d bytes of log in %s.\n", r.LogBytes, r.Took.Round(time.Millisecond))
	}
	key, secret := "gramme", "gramme"
	if s.Auth == "static" {
		key, secret = s.AccessKey, `"$GRAMME_SECRET_KEY"`
	}
	if s.SecretKeyFile != "" {
		secret = `"$(cat ` + shellQuote(s.SecretKeyFile) + `)"`
	}
	fmt.Fprintf(w, "Point an AWS SDK or the AWS CLI at it with\n\n")
	fmt.Fprintf(w, "export AWS_ENDPOINT_URL=%s\n", url)
	fmt.Fprintf(w, "export AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s\n", key, secret)
	fmt.Fprintf(w, "export AWS_REGION=%s\n\n", srv.Region())
}

// shellQuote returns text as a shell takes it for one word.
func shellQuote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
