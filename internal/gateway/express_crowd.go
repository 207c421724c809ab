package gateway

import "sync/atomic"

// A crowd is many connections in the express lane. The goroutine of a connection
// waits for requests in 2 KB of stack, and answers them in 8, which it keeps for
// a while. That is the fastest, but of 10,000 connections that wait it would be
// 80 MB; so in a crowd the goroutines wait, and a few workers answer. A change of
// goroutines is no great matter there, while with a single busy connection it is
// a quarter of the time.
type crowd struct {
	size  atomic.Int64 // connections
	calls chan *expressConn
	idle  atomic.Int64    // workers that wait for calls
	over  <-chan struct{} // closed when nobody is to come any more
}

func (w *crowd) init(over <-chan struct{}) {
	w.calls, w.over = make(chan *expressConn), over
}

// is tells whether there is one.
func (w *crowd) is() bool { return w.size.Load() >= crowdMin }

// answer has a worker answer the request of which something has come in, and
// reports whether the connection goes on.
func (w *crowd) answer(c *expressConn) bool {
	if c.done == nil {
		c.done = make(chan bool, 1)
	}
	select {
	case w.calls <- c:
	default:
		go w.work(c)
	}
	return <-c.done
}

// work answers requests, first that of c, until there are enough who do.
func (w *crowd) work(c *expressConn) {
	for c != nil {
		c.done <- c.answerHere()
		c = w.next()
	}
}

// next waits for a call; nil: it is time to go.
func (w *crowd) next() *expressConn {
	defer w.idle.Add(-1)
	if w.idle.Add(1) > workersKept {
		return nil
	}
	select {
	case c := <-w.calls:
		return c
	case <-w.over:
		return nil
	}
}
