package gateway

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gramme-db/gramme/internal/base"
)

// The express lane serves the requests that SDKs send, all of one plain form,
// for less than half of what net/http takes for them:
//
//	POST / HTTP/1.1, a Host, a Content-Length, and a head that came in whole
//
// A connection on which anything else appears, a slow head, chunks, HTTP/2, a
// GET, a header given twice, whatever is malformed, is handed over to net/http
// with all that was read of it, and stays there. So net/http goes on to judge
// everything that calls for judgement, and here is nothing but the one form
// (plain.go), which a fuzz test holds against net/http's reading of it. The
// handler is the same on both ways.
type express struct {
	options ServerOptions    // with defaults
	now     func() time.Time // the machine's clock, which deadlines go by
	heads   bufferPool       // of answers
	names   headerNames
	desks   sync.Pool // of *desk
	crowd   crowd
	watched sync.Once // by a patrol
	closing atomic.Bool

	mu struct {
		sync.Mutex
		conns map[*expressConn]struct{}
		empty chan struct{} // closed when closing is set and there are no conns
		doors []net.Listener
	}
}

func newExpress(o ServerOptions) *express {
	e := &express{options: o, now: base.RealEnv().Now}
	e.mu.conns = make(map[*expressConn]struct{})
	e.mu.empty = make(chan struct{})
	e.crowd.init(e.mu.empty)
	return e
}

// serve serves what l accepts, until shut; others takes what is not for the
// express lane.
func (e *express) serve(l net.Listener, others *handover) error {
	e.mu.Lock()
	e.mu.doors = append(e.mu.doors, l)
	e.mu.Unlock()
	defer l.Close()
	if e.closing.Load() {
		return http.ErrServerClosed
	}
	e.watched.Do(func() { go e.patrol() })
	for {
		conn, err := l.Accept()
		switch {
		case e.closing.Load():
			if err == nil {
				_ = conn.Close()
			}
			return http.ErrServerClosed
		case isTemporary(err):
			<-time.After(acceptPause)
			continue
		case err != nil:
			return err
		}
		c := newExpressConn(e, conn, others)
		if e.enter(c) {
			go c.serve()
		} else {
			_ = conn.Close()
		}
	}
}

// isTemporary tells whether accepting may go well the next time, as when the
// process has no more file descriptors just now.
func isTemporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// enter takes a connection in, unless the lane is closing.
func (e *express) enter(c *expressConn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing.Load() {
		return false
	}
	e.mu.conns[c] = struct{}{}
	e.crowd.size.Store(int64(len(e.mu.conns)))
	return true
}

func (e *express) leave(c *expressConn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.mu.conns, c)
	e.crowd.size.Store(int64(len(e.mu.conns)))
	e.wakeLocked()
}

func (e *express) wakeLocked() {
	if e.closing.Load() && len(e.mu.conns) == 0 {
		select {
		case <-e.mu.empty:
		default:
			close(e.mu.empty)
		}
	}
}

// shut lets nobody in any more and closes the connections on which no request
// is under way. The others end with the answer to theirs.
func (e *express) shut() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closing.Store(true)
	for _, l := range e.mu.doors {
		_ = l.Close()
	}
	for c := range e.mu.conns {
		if c.busy.CompareAndSwap(connIdle, connClosed) {
			hangUp(c.conn)
		}
	}
	e.wakeLocked()
}

// wait waits, after shut, until all connections have ended.
func (e *express) wait(ctx context.Context) error {
	select {
	case <-e.mu.empty: // never replaced: needs no lock
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// cut closes all connections.
func (e *express) cut() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.mu.conns {
		hangUp(c.conn)
	}
}
