// Package server makes one Gramme out of its parts: it opens the store, the
// services over it and the gateway in front of them, serves listeners, and takes
// all of it down again in the right order. It decides nothing about requests
// and reads no flags. Called by cmd/gramme and by the public package gramme.
package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"

	"github.com/gramme-db/gramme/internal/gateway"
	"github.com/gramme-db/gramme/internal/journal"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/server/metrics"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

// Server is a running Gramme. It is safe for concurrent use.
type Server struct {
	options  Options
	store    *kv.Store
	recovery *Recovery // nil: there was none
	services []opened
	requests *requests
	http     *gateway.Server

	shutdown struct {
		sync.Once
		err error
	}
}

// Open opens the store and the services. Requests are answered through Handler
// at once, and on listeners given to Serve. The caller ends it with Shutdown.
func Open(o Options) (*Server, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &Server{options: o}
	if err := s.openStore(); err != nil {
		return nil, err
	}
	if err := s.openServices(); err != nil {
		return nil, errors.Join(err, s.closeAll())
	}
	s.openGateway()
	return s, nil
}

func (s *Server) openServices() error {
	w := world{
		store:             s.store,
		journal:           journal.New(s.store),
		env:               s.options.Env,
		logger:            s.options.Logger,
		controlPlaneDelay: s.options.ControlPlaneDelay,
		stream:            s.options.Stream,
		ttlInterval:       s.options.TTLInterval,
		ttlCooldown:       s.options.TTLCooldown,
	}
	for _, row := range services() {
		running, err := row.open(context.Background(), w)
		if err != nil {
			return err
		}
		running.name = row.name
		s.services = append(s.services, running)
	}
	return nil
}

func (s *Server) openGateway() {
	page := metrics.New(s.store, s.options.Version)
	o := gateway.Options{
		Endpoints:   s.endpoints(),
		Auth:        s.authenticator(),
		Env:         s.options.Env,
		Origins:     gateway.Origins{Any: s.options.AccessKey != "", List: s.options.AllowOrigins},
		Region:      s.options.Region,
		Logger:      s.options.Logger,
		Metrics:     page.Requests,
		MetricsPage: page,
		Ready:       s.store.Health,
		Unavailable: func(err error) bool {
			return errors.Is(err, kv.ErrClosed) || errors.Is(err, kv.ErrUnavailable)
		},
	}
	s.options.divideMemory(&o)
	s.requests = newRequests(gateway.New(o))
	s.http = gateway.NewServer(gateway.ServerOptions{
		Handler: s.requests,
		TLS:     s.options.TLS,
		Logger:  s.options.Logger,
	})
}

func (s *Server) endpoints() []gateway.Endpoint {
	var all []gateway.Endpoint
	for _, running := range s.services {
		all = append(all, running.endpoint)
	}
	return all
}

func (s *Server) authenticator() gateway.Authenticator {
	if s.options.AccessKey == "" {
		return sigv4.Any{Account: s.options.Account}
	}
	return &sigv4.Static{
		AccessKey: s.options.AccessKey,
		Secret:    s.options.Secret,
		Account:   s.options.Account,
	}
}

// Region returns the region of AWS that the server is.
func (s *Server) Region() string { return s.options.Region }

// Handler answers requests as the listeners do.
func (s *Server) Handler() http.Handler { return s.requests }

// Serve answers requests that come in over l, which it closes, until Shutdown;
// then it returns nil at once, while Shutdown waits.
func (s *Server) Serve(l net.Listener) error {
	err := s.http.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown closes the listeners, lets the requests in flight end for as long as
// ctx lasts, cuts off what is left of them, and closes the services and then
// the store. What was acknowledged is kept in any case. A second call waits for
// the first and returns the same.
func (s *Server) Shutdown(ctx context.Context) error {
	s.shutdown.Do(func() {
		s.drain(ctx)
		s.shutdown.err = s.closeAll()
	})
	return s.shutdown.err
}

// drain ends the traffic. Connections go before the door is shut, so that a
// request on one of them that is just being read is still answered.
func (s *Server) drain(ctx context.Context) {
	err := s.http.Shutdown(ctx)
	s.requests.close()
	err = errors.Join(err, s.requests.wait(ctx))
	if err != nil {
		s.options.Logger.Warn("cutting off requests that did not end in time", "requests", s.requests.count())
		_ = s.http.Close() // says only that a listener was closed before
	}
}

// closeAll closes the services, last opened first, and the store. A request
// that was cut off may still be running: the store refuses it.
func (s *Server) closeAll() error {
	var errs []error
	for i := len(s.services) - 1; i >= 0; i-- {
		errs = append(errs, s.services[i].close())
	}
	return errors.Join(append(errs, s.store.Close())...)
}
