package gateway

import (
	"crypto/tls"
	"log/slog"
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

// NewServer returns a server in which no client can hold a connection, or
// memory, by being slow. It speaks HTTP/1.1 and HTTP/2, the latter also without
// TLS for clients that know it beforehand. Its Shutdown waits for the requests in
// flight, and not for connections without one.
func NewServer(o ServerOptions) *http.Server {
	o = o.withDefaults()
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Handler:           o.Handler,
		TLSConfig:         o.TLS,
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
