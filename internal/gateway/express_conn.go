package gateway

import (
	"bytes"
	"io"
	"net"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
)

// What a connection is doing.
const (
	connIdle   = iota // waiting for a request
	connBusy          // from the first bytes of a request to the end of its answer
	connClosed        // by shut, while it was idle
)

// expressConn is a connection in the express lane. Its goroutine is the only one
// that uses it, but for busy and the sentry. Most connections have nothing to say
// most of the time, so all that a request takes is the desk's.
type expressConn struct {
	lane   *express
	conn   net.Conn
	raw    syscall.RawConn // of conn; nil: it has none
	others *handover
	remote string
	busy   atomic.Int32
	desk   *desk     // nil: nothing of a request has come
	served bool      // a request
	handed bool      // to net/http
	unread bool      // the client was answered while it still sends
	done   chan bool // from a worker: the request is answered, and whether the connection goes on; nil: there was none

	look    func(socket uintptr) bool // what raw calls
	lookErr error                     // that look has seen

	readBy, writeBy time.Time // the deadlines that are set

	sentry sentry
}

func newExpressConn(e *express, conn net.Conn, others *handover) *expressConn {
	c := &expressConn{lane: e, conn: conn, others: others, remote: conn.RemoteAddr().String()}
	switch s := conn.(type) {
	case *net.TCPConn, *net.UnixConn: // and nothing around one, which may read in a way of its own
		c.raw, _ = s.(syscall.Conn).SyscallConn() // nil with an error
		c.look = c.lookFrom
	}
	return c
}

// serve serves requests until the connection ends or is handed over.
func (c *expressConn) serve() {
	defer c.lane.leave(c)
	defer func() {
		c.tellPanic(recover())
		if c.unread {
			c.linger()
		}
		if !c.handed {
			_ = c.conn.Close()
		}
	}()
	if !c.greet() {
		return
	}
	for wait := c.lane.options.HeaderReadTimeMax; c.await(wait) && c.answer(); {
		wait = c.lane.options.IdleTimeMax
	}
}

// linger lets a client that still sends read its answer: to close a connection on
// which something has come that nobody has read throws away what was sent.
func (c *expressConn) linger() {
	half, ok := c.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_ = c.conn.SetReadDeadline(c.lane.now().Add(lingerTimeMax))
	_, _ = io.Copy(io.Discard, onlyReader{c.conn}) // until the client has gone, or for long enough
}

// onlyReader hides all other methods of a reader.
type onlyReader struct{ io.Reader }

// tellPanic logs what was recovered from, if anything was.
func (c *expressConn) tellPanic(v any) (panicked bool) {
	if v != nil {
		c.lane.options.Logger.Error("panic while serving a connection", "panic", v, "stack", string(debug.Stack()))
	}
	return v != nil
}

// await waits for the next request, and reports whether one is coming. It is
// busy from then on.
func (c *expressConn) await(atMost time.Duration) bool {
	if c.desk == nil {
		if c.lane.closing.Load() {
			return false
		}
		if c.receive(atMost) != nil {
			return false
		}
	}
	return c.busy.CompareAndSwap(connIdle, connBusy)
}

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

// answer answers the request of which something has come in, and reports whether
// the connection goes on.
func (c *expressConn) answer() bool {
	if c.lane.crowd.is() {
		return c.lane.crowd.answer(c)
	}
	return c.answerHere()
}

// answerHere answers the request in the goroutine that calls it.
func (c *expressConn) answerHere() (goesOn bool) {
	defer func() {
		if c.tellPanic(recover()) {
			goesOn = false
		}
	}()
	d := c.desk
	if !d.head.parse(d.in) {
		c.handOver()
		return false
	}
	d.serve()
	c.served = true
	if first, came := c.sentry.stand(c); came {
		d.in = append(d.in, first) // its room has one byte more than is read at once
	}
	if d.answer.failed || d.answer.last || d.body.left > 0 || c.lane.closing.Load() {
		c.unread = d.body.left > 0 && !d.answer.failed
		return false
	}
	d.answer.reset()   // its headers hold on to the exchange, and so to the body
	if len(d.in) > 0 { // the beginning of the next request
		d.in = d.room[:copy(d.room, d.in)]
	} else {
		c.desk = nil
		c.lane.giveBack(d)
	}
	return c.busy.CompareAndSwap(connBusy, connIdle)
}

// handOver gives the connection to net/http. One of which nothing was read is
// given as it is: of a connection with TLS, net/http finds out which protocol it
// speaks.
func (c *expressConn) handOver() {
	_ = c.conn.SetDeadline(time.Time{})
	d := c.desk
	if d == nil {
		c.handed = c.others.give(c.conn)
		return
	}
	if c.served {
		d.in = d.in[lineEnds(d.in):]
	}
	ahead := bytes.Clone(d.in)
	c.desk = nil
	c.lane.giveBack(d)
	c.handed = c.others.give(&handedConn{Conn: c.conn, ahead: ahead})
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
