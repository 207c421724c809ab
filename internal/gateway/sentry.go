package gateway

import (
	"context"
	"sync"
	"time"
)

// A sentry finds out that the client of a request hangs up while the request
// takes long: its context ends then. Most requests are over before anybody looks,
// and cost nothing; of those that a patrol meets twice, the connection is read
// from in the background, where nothing is to come but its end.
type sentry struct {
	mu struct {
		sync.Mutex
		cancel context.CancelFunc // of the request whose body has come in: nobody else reads; nil: there is none
		met    bool               // the patrol has met this request
		back   chan struct{}      // closed when the reading is over; nil: it has not begun
	}
	came [1]byte // what came instead of the end: the next request's first byte
	got  int
}

// allow says that the body of a request has come in.
func (s *sentry) allow(cancel context.CancelFunc) {
	s.mu.Lock()
	s.mu.cancel, s.mu.met = cancel, false
	s.mu.Unlock()
}

// stand ends the watch of a request that was answered, and returns the next one's
// first byte if that was read meanwhile.
func (s *sentry) stand(c *expressConn) (first byte, came bool) {
	s.mu.Lock()
	back := s.mu.back
	s.mu.cancel, s.mu.back = nil, nil
	s.mu.Unlock()
	if back == nil {
		return 0, false
	}
	_ = c.conn.SetReadDeadline(time.Unix(1, 0)) // ends the read
	<-back
	_ = c.conn.SetReadDeadline(time.Time{})
	c.readBy = time.Time{}
	return s.came[0], s.got > 0
}

// patrol is told that the request is still under way.
func (s *sentry) patrol(c *expressConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.mu.cancel == nil || s.mu.back != nil:
	case !s.mu.met:
		s.mu.met = true
	default:
		back := make(chan struct{})
		s.mu.back = back
		_ = c.conn.SetReadDeadline(time.Time{}) // the request has time, and stand ends it
		go s.watch(c, s.mu.cancel, back)
	}
}

func (s *sentry) watch(c *expressConn, cancel context.CancelFunc, back chan struct{}) {
	defer close(back)
	n, err := c.conn.Read(s.came[:])
	s.got = n
	if err != nil && n == 0 && !isTimeout(err) {
		cancel()
	}
}

func isTimeout(err error) bool {
	t, ok := err.(interface{ Timeout() bool })
	return ok && t.Timeout()
}

// patrol goes round the connections until there are none, and none to come: also
// while a server shuts down, requests wait whose clients may go away.
func (e *express) patrol() {
	tick := time.NewTicker(patrolPause)
	defer tick.Stop()
	for {
		select {
		case <-e.mu.empty: // never replaced: needs no lock
			return
		case <-tick.C:
		}
		e.mu.Lock()
		for c := range e.mu.conns {
			if c.busy.Load() == connBusy {
				c.sentry.patrol(c)
			}
		}
		e.mu.Unlock()
	}
}
