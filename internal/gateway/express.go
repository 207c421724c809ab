package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
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
	defer e.patrol()()
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
	return true
}

func (e *express) leave(c *expressConn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.mu.conns, c)
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

// What a connection is doing.
const (
	connIdle   = iota // waiting for a request
	connBusy          // from the first bytes of a request to the end of its answer
	connClosed        // by shut, while it was idle
)

// expressConn is a connection in the express lane. Its goroutine is the only one
// that uses it, but for busy.
type expressConn struct {
	lane   *express
	conn   net.Conn
	others *handover
	busy   atomic.Int32

	room    []byte // what is read goes here
	in      []byte // the part of it that was not used yet
	head    plainHead
	request http.Request
	body    expressBody
	answer  expressAnswer

	readBy, writeBy time.Time // the deadlines that are set

	sentry sentry
}

func newExpressConn(e *express, conn net.Conn, others *handover) *expressConn {
	c := &expressConn{lane: e, conn: conn, others: others, room: newRoom()}
	c.head.init(&e.names)
	c.answer.conn, c.answer.header = c, make(http.Header, answerHeadersMax)
	c.body.conn = c
	c.request = http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: "/"}, RequestURI: "/",
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: c.head.header, Body: &c.body, RemoteAddr: conn.RemoteAddr().String(),
	}
	return c
}

// serve serves requests until the connection ends or is handed over.
func (c *expressConn) serve() {
	defer c.lane.leave(c)
	handed := false
	defer func() {
		if v := recover(); v != nil {
			c.lane.options.Logger.Error("panic while serving a connection", "panic", v, "stack", string(debug.Stack()))
		}
		if !handed {
			_ = c.conn.Close()
		}
	}()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c.request = *c.request.WithContext(ctx)
	c.sentry.cancel = cancel
	handed = c.serveAll(ctx)
}

// serveAll serves requests until the connection ends, or is handed over.
func (c *expressConn) serveAll(ctx context.Context) (handed bool) {
	if conn, secured := c.conn.(*tls.Conn); secured {
		switch protocol, err := c.greet(ctx, conn); {
		case err != nil:
			return false
		case protocol == protocolHTTP2:
			return c.busy.CompareAndSwap(connIdle, connBusy) && c.handOver()
		}
	}
	served := false
	for wait := c.lane.options.HeaderReadTimeMax; c.await(wait); wait = c.lane.options.IdleTimeMax {
		if !c.head.parse(c.in) {
			if served {
				c.in = c.in[lineEnds(c.in):]
			}
			return c.handOver()
		}
		if !c.serveOne() {
			return false
		}
		served = true
	}
	return false
}

// lineEnds returns how many bytes net/http would pass over before a request that
// follows a POST, since some clients end its body with a line of their own. For
// net/http the connection is new, and it would not.
func lineEnds(b []byte) int {
	const most = 4
	n := 0
	for n < min(len(b), most) && (b[n] == '\r' || b[n] == '\n') {
		n++
	}
	return n
}

// await waits for the next request, and reports whether one is coming. It is
// busy from then on.
func (c *expressConn) await(atMost time.Duration) bool {
	if len(c.in) == 0 {
		if c.lane.closing.Load() {
			return false
		}
		first := min(atMost, restPause)
		c.setReadBy(first)
		n, err := c.conn.Read(c.room)
		if err != nil && isTimeout(err) && first < atMost {
			n, err = c.rest(atMost - first)
		}
		if err != nil {
			return false
		}
		c.in = c.room[:n]
	}
	return c.busy.CompareAndSwap(connIdle, connBusy)
}

// rest waits on, without a room: of many connections most have nothing to say
// for long. It returns how much it has read into a new room.
func (c *expressConn) rest(atMost time.Duration) (n int, err error) {
	c.room = nil
	c.setReadBy(atMost)
	var first [restBytes]byte
	if n, err = c.conn.Read(first[:]); err != nil {
		return 0, err
	}
	c.room = newRoom()
	copy(c.room, first[:n])
	if n == restBytes { // there is more, most likely; if not, net/http waits for it
		c.readBy = time.Time{}
		c.setReadBy(restPause)
		more, err := c.conn.Read(c.room[n:])
		if err != nil && !isTimeout(err) {
			return n, nil // the next read says so again
		}
		n += more
	}
	return n, nil
}

// newRoom returns a room with one byte more than is read at once; see sentry.
func newRoom() []byte { return make([]byte, plainHeadBytesMax, plainHeadBytesMax+1) }

// setReadBy sets the deadline of the next read. One that is set already serves
// for a while: to set it costs as much as to parse a head.
func (c *expressConn) setReadBy(in time.Duration) {
	by := c.lane.now().Add(in)
	if by.Before(c.readBy) || by.Sub(c.readBy) > in/deadlineSlack {
		_ = c.conn.SetReadDeadline(by)
		c.readBy = by
	}
}

func (c *expressConn) setWriteBy(in time.Duration) {
	if by := c.lane.now().Add(in); by.Sub(c.writeBy) > in/deadlineSlack {
		_ = c.conn.SetWriteDeadline(by)
		c.writeBy = by
	}
}

// serveOne answers the request whose head was parsed, and reports whether the
// connection goes on.
func (c *expressConn) serveOne() bool {
	c.in = c.in[c.head.length:]
	c.request.Host, c.request.ContentLength = c.head.host, int64(c.head.contentLength)
	c.body.begin(c.head.contentLength)
	c.lane.options.Handler.ServeHTTP(&c.answer, &c.request)
	c.answer.finish()
	if at := len(c.in); c.sentry.stand(c) {
		c.in = append(c.in[:at], c.sentry.came[0]) // its room has one byte more than is read at once
	}
	if c.answer.failed || c.answer.last || c.body.left > 0 || c.lane.closing.Load() {
		return false
	}
	c.answer.reset()                   // its headers hold on to the exchange, and so to the body
	c.in = c.room[:copy(c.room, c.in)] // the beginning of the next request
	return c.busy.CompareAndSwap(connBusy, connIdle)
}

// handOver gives the connection to net/http, and reports whether it was taken.
// One of which nothing was read is given as it is: of a connection with TLS,
// net/http finds out which protocol it speaks.
func (c *expressConn) handOver() bool {
	_ = c.conn.SetDeadline(time.Time{})
	if len(c.in) == 0 {
		return c.others.give(c.conn)
	}
	return c.others.give(&handedConn{Conn: c.conn, ahead: c.in})
}

// expressBody is the body of the request under way.
type expressBody struct {
	conn   *expressConn
	left   int  // bytes of it that were not read
	length int  // of all of it
	timed  bool // the deadline for the rest of it is set
}

func (b *expressBody) begin(length int) {
	b.left, b.length, b.timed = length, length, false
	if length == 0 {
		b.conn.sentry.allow()
	}
}

// Read implements io.Reader.
func (b *expressBody) Read(p []byte) (n int, err error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(len(p), b.left)]
	c := b.conn
	if len(c.in) > 0 {
		n = copy(p, c.in)
		c.in = c.in[n:]
	} else {
		if !b.timed { // once: a body that trickles in gets no more time
			b.timed = true
			c.setReadBy(b.readTime())
		}
		if n, err = c.conn.Read(p); err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
	}
	if b.left -= n; b.left == 0 {
		c.sentry.allow()
	}
	return n, err
}

// readTime returns how long the body may take: whoever sends little has no need
// of the time for the largest one.
func (b *expressBody) readTime() time.Duration {
	most := b.conn.lane.options.RequestReadTimeMax
	least := min(bodyReadTimeMin, most)
	return least + time.Duration(int64(most-least)/bodyBytesMax*int64(min(b.length, bodyBytesMax)))
}

// Close implements io.Closer.
func (b *expressBody) Close() error { return nil }

// drain reads what the handler has left of the body, unless that is much: the
// next request comes behind it.
func (b *expressBody) drain() {
	if b.left > drainBytesMax {
		return
	}
	var room [512]byte
	for b.left > 0 {
		if _, err := b.Read(room[:]); err != nil {
			return
		}
	}
}
