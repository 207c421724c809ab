package server

import (
	"context"
	"net/http"
	"sync"
)

// requests lets HTTP requests in and counts them, until it is closed. It is
// safe for concurrent use.
type requests struct {
	handler http.Handler

	mu struct {
		sync.Mutex
		inside int
		closed bool
		empty  chan struct{} // closed when closed is set and nobody is inside
	}
}

func newRequests(handler http.Handler) *requests {
	r := &requests{handler: handler}
	r.mu.empty = make(chan struct{})
	return r
}

// ServeHTTP passes a request on. One that comes after close is asked to go
// elsewhere; the SDKs try again after a 503, whatever its body.
func (r *requests) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if !r.enter() {
		http.Error(w, "closing", http.StatusServiceUnavailable)
		return
	}
	defer r.leave()
	r.handler.ServeHTTP(w, req)
}

func (r *requests) enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mu.closed {
		return false
	}
	r.mu.inside++
	return true
}

func (r *requests) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.inside--
	r.wakeLocked()
}

// close lets no request in any more.
func (r *requests) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.mu.closed {
		r.mu.closed = true
		r.wakeLocked()
	}
}

func (r *requests) wakeLocked() {
	if r.mu.closed && r.mu.inside == 0 {
		close(r.mu.empty)
	}
}

// wait returns when, after close, nobody is inside, or with an error when the
// context ends before.
func (r *requests) wait(ctx context.Context) error {
	select {
	case <-r.mu.empty: // never replaced: needs no lock
		return nil
	case <-ctx.Done():
	}
	if r.count() == 0 {
		return nil
	}
	return ctx.Err()
}

// count returns how many requests are inside.
func (r *requests) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mu.inside
}
