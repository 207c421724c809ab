package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"
)

const protocolHTTP2 = "h2"

// secure returns a listener of connections that speak TLS, and HTTP/1.1 or 2 in
// it. Their handshakes are still to be made.
func secure(l net.Listener, config *tls.Config) net.Listener {
	config = config.Clone()
	config.NextProtos = []string{protocolHTTP2, "http/1.1"}
	return tls.NewListener(l, config)
}

// greet makes the handshake of a connection that speaks TLS, which may take as
// long as the head of a request, and reports whether the express lane is to
// serve it. HTTP/2 is handed over.
func (c *expressConn) greet() (serves bool) {
	conn, secured := c.conn.(*tls.Conn)
	if !secured {
		return true
	}
	_ = conn.SetDeadline(c.lane.now().Add(c.lane.options.HeaderReadTimeMax))
	if err := conn.HandshakeContext(context.Background()); err != nil {
		c.lane.options.Logger.Debug("TLS handshake error", "from", c.remote, "err", err)
		tellPlainHTTP(err)
		return false
	}
	_ = conn.SetDeadline(time.Time{})
	if conn.ConnectionState().NegotiatedProtocol != protocolHTTP2 {
		return true
	}
	if c.busy.CompareAndSwap(connIdle, connBusy) {
		c.handOver()
	}
	return false
}

// tellPlainHTTP answers a client that has begun with HTTP instead of a
// handshake, in the words of net/http.
func tellPlainHTTP(err error) {
	var plain tls.RecordHeaderError
	if !errors.As(err, &plain) || plain.Conn == nil {
		return
	}
	switch string(plain.RecordHeader[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO":
		_, _ = io.WriteString(plain.Conn, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
	}
}

// hangUp closes a connection from outside, without the goodbye of TLS: that
// would wait for a client that does not read.
func hangUp(conn net.Conn) {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	_ = conn.Close() // whoever reads from it finds out
}
