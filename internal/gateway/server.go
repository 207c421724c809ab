package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// ServerOptions configures NewServer. Only Handler must be set.
type ServerOptions struct {
	Handler http.Handler
	TLS     *tls.Config  // nil: without
	Logger  *slog.Logger // gets net/http's complaints about clients, at debug; default: none

	HeaderReadTimeMax   time.Duration // default 10s
	RequestReadTimeMax  time.Duration // header and body; default 1m
	RequestWriteTimeMax time.Duration // from the header to the end of the answer, the operation included; default 2m
	IdleTimeMax         time.Duration // between requests; default 5m
}

func (o ServerOptions) withDefaults() ServerOptions {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	for _, d := range []struct {
		value *time.Duration
		def   time.Duration
	}{
		{&o.HeaderReadTimeMax, headerReadTimeMax},
		{&o.RequestReadTimeMax, requestReadTimeMax},
		{&o.RequestWriteTimeMax, requestWriteTimeMax},
		{&o.IdleTimeMax, idleTimeMax},
	} {
		if *d.value == 0 {
			*d.value = d.def
		}
	}
	return o
}

// Server answers requests that come in over listeners. No client can hold a
// connection, or memory, by being slow. It speaks HTTP/1.1 and HTTP/2, the latter
// also without TLS for clients that know it beforehand. It is safe for concurrent
// use.
type Server struct {
	http    *http.Server
	express *express
}

// NewServer returns a server for o.
func NewServer(o ServerOptions) *Server {
	o = o.withDefaults()
	return &Server{http: newHTTPServer(o), express: newExpress(o)}
}

func newHTTPServer(o ServerOptions) *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Handler:           o.Handler,
		Protocols:         &protocols,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: streamsMax},
		MaxHeaderBytes:    headerBytesMax,
		ReadHeaderTimeout: o.HeaderReadTimeMax,
		ReadTimeout:       o.RequestReadTimeMax,
		WriteTimeout:      o.RequestWriteTimeMax,
		IdleTimeout:       o.IdleTimeMax,
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
	}
	new(newcomers).watch(server)
	return server
}

// Serve answers requests that come in over l, which it closes, until Shutdown or
// Close; then it returns http.ErrServerClosed at once. With TLS configured it
// speaks that.
func (s *Server) Serve(l net.Listener) error {
	if config := s.express.options.TLS; config != nil {
		l = secure(l, config)
	}
	others := newHandover(l.Addr())
	ended := make(chan error, 1)
	go func() { ended <- s.http.Serve(others) }()
	err := s.express.serve(l, others)
	if !errors.Is(err, http.ErrServerClosed) {
		_ = others.Close() // the listener has failed; nobody comes any more
	}
	return errors.Join(err, ignoreClosed(<-ended))
}

// ignoreClosed takes out the errors that say no more than that the end was
// wanted.
func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Shutdown closes the listeners and the connections without a request, and
// waits for the requests in flight, as long as ctx lasts.
func (s *Server) Shutdown(ctx context.Context) error {
	s.express.shut()
	return errors.Join(s.http.Shutdown(ctx), s.express.wait(ctx))
}

// Close ends all connections at once.
func (s *Server) Close() error {
	s.express.shut()
	s.express.cut()
	return s.http.Close()
}
