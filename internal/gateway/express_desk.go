package gateway

import (
	"context"
	"net/http"
	"net/url"
)

// desk is what a request in the express lane takes, from its first bytes to the
// end of its answer. It goes from one connection to the next, so there are as
// many as there are requests under way, and not one for each connection.
type desk struct {
	conn    *expressConn // whose request it is
	room    []byte       // what is read goes here
	in      []byte       // the part of it that was not used yet
	head    plainHead
	request http.Request
	body    expressBody
	answer  expressAnswer

	cancel context.CancelFunc // of the request's context
}

// newDesk returns a desk with room for one byte more than is read at once; see
// sentry.
func newDesk(e *express) *desk {
	d := &desk{room: make([]byte, plainHeadBytesMax, plainHeadBytesMax+1)}
	d.head.init(&e.names)
	d.answer.desk, d.answer.header = d, make(http.Header, answerHeadersMax)
	d.body.desk = d
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel = cancel
	d.request = *(&http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: "/"}, RequestURI: "/",
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: d.head.header, Body: &d.body,
	}).WithContext(ctx)
	return d
}

// takeDesk returns a desk that is nobody's.
func (e *express) takeDesk() *desk {
	if d, ok := e.desks.Get().(*desk); ok {
		return d
	}
	return newDesk(e)
}

// giveBack takes a desk back, unless its client has hung up: its context has
// ended with that.
func (e *express) giveBack(d *desk) {
	if d.request.Context().Err() == nil {
		d.conn = nil
		e.desks.Put(d)
	}
}

// seat gives the desk to a connection, of which n bytes were read into the room.
func (d *desk) seat(c *expressConn, n int) {
	d.conn, c.desk = c, d
	d.in = d.room[:n]
	d.request.RemoteAddr = c.remote
}

// serve has the handler answer the request whose head was parsed.
func (d *desk) serve() {
	d.in = d.in[d.head.length:]
	d.request.Host, d.request.ContentLength = d.head.host, int64(d.head.contentLength)
	d.body.begin(d.head.contentLength)
	d.conn.lane.options.Handler.ServeHTTP(&d.answer, &d.request)
	d.answer.finish()
}
