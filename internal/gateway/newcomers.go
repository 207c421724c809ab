package gateway

import (
	"net"
	"net/http"
	"sync"
)

// newcomers are the connections of which no request has been read yet. When a
// server shuts down, net/http waits five seconds for each of them; but it
// answers no request whose header comes in from then on, so there is nothing to
// wait for. They are closed at once. It is safe for concurrent use.
type newcomers struct {
	mu struct {
		sync.Mutex
		conns  map[net.Conn]struct{}
		closed bool
	}
}

// watch follows the connections of a server.
func (n *newcomers) watch(server *http.Server) {
	n.mu.conns = make(map[net.Conn]struct{})
	server.ConnState = n.follow
	server.RegisterOnShutdown(n.close) // from there on, no request is begun
}

// follow is told each state that a connection enters.
func (n *newcomers) follow(conn net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(n.mu.conns, conn)
	case n.mu.closed: // accepted just before the listener was closed
		_ = conn.Close()
	default:
		n.mu.conns[conn] = struct{}{}
	}
}

// close closes the connections that are new, and all that still come.
func (n *newcomers) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.mu.closed = true
	for conn := range n.mu.conns {
		_ = conn.Close() // whoever reads from it finds out
	}
	clear(n.mu.conns)
}
