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
// long as the head of a request, and returns the protocol that is to be spoken.
func (c *expressConn) greet(ctx context.Context, conn *tls.Conn) (protocol string, err error) {
	_ = conn.SetDeadline(c.lane.now().Add(c.lane.options.HeaderReadTimeMax))
	if err := conn.HandshakeContext(ctx); err != nil {
		c.lane.options.Logger.Debug("TLS handshake error", "from", c.request.RemoteAddr, "err", err)
		tellPlainHTTP(err)
		return "", err
	}
	_ = conn.SetDeadline(time.Time{})
	return conn.ConnectionState().NegotiatedProtocol, nil
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
