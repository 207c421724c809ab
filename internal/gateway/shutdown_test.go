package gateway

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// watchedListener tells of each connection that net/http has taken up.
type watchedListener struct {
	net.Listener
	accepted int
	taken    chan struct{} // capacity for all of a test
}

func (l *watchedListener) Accept() (net.Conn, error) {
	if l.accepted > 0 { // it asks for the next when it has noted the last
		l.taken <- struct{}{}
	}
	l.accepted++
	return l.Listener.Accept()
}

// serveWatched serves a handler on a listener that is watched. The caller shuts
// the server down.
func serveWatched(t *testing.T, handler http.Handler, config *tls.Config) (server *Server, l *watchedListener, served chan error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l = &watchedListener{Listener: listener, taken: make(chan struct{}, 16)}
	server = NewServer(ServerOptions{Handler: handler, TLS: config})
	t.Cleanup(func() { _ = server.Close() })
	served = make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	return server, l, served
}

// impatient is less than net/http waits for a connection that never sent a
// request, and more than anything else takes.
const impatient = 4 * time.Second

func shutDown(t *testing.T, server *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), impatient)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		t.Errorf("shutting down: %v", err)
	}
}

// TestShutdownLeavesSilentConnections shuts down while connections are open that
// have sent nothing, half of a header, or one request long ago.
func TestShutdownLeavesSilentConnections(t *testing.T) {
	server, l, _ := serveWatched(t, New(testOptions()), nil)
	for _, sent := range []string{"", head[:40], head + "Content-Length: 2\r\n\r\n{}"} {
		conn := dial(t, l.Addr().String())
		defer conn.Close()
		<-l.taken
		if _, err := io.WriteString(conn, sent); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(sent, "{}") {
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
		}
	}
	shutDown(t, server)
}

// TestShutdownLeavesSilentTLS does the same where the handshake is all that
// came, or not even that.
func TestShutdownLeavesSilentTLS(t *testing.T) {
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	defer certificate.Close()
	server, l, _ := serveWatched(t, New(testOptions()), &tls.Config{Certificates: certificate.TLS.Certificates})
	for _, protocol := range []string{"", "http/1.1", "h2"} {
		conn := dial(t, l.Addr().String())
		defer conn.Close()
		<-l.taken
		if protocol == "" {
			continue
		}
		trust := certificate.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		client := tls.Client(conn, &tls.Config{RootCAs: trust, ServerName: "example.com", NextProtos: []string{protocol}})
		if err := client.Handshake(); err != nil {
			t.Fatal(err)
		}
	}
	shutDown(t, server)
}

// TestShutdownServesWhatIsInFlight shuts down in the middle of a request, over
// HTTP/1.1 and HTTP/2: it is answered.
func TestShutdownServesWhatIsInFlight(t *testing.T) {
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	defer certificate.Close()
	var one, two, twoPlain http.Protocols
	one.SetHTTP1(true)
	two.SetHTTP2(true)
	twoPlain.SetUnencryptedHTTP2(true)
	for _, c := range []struct {
		name, scheme string
		protocols    *http.Protocols
		config       *tls.Config
	}{
		{"HTTP/1.1", "http://", &one, nil},
		{"HTTP/2", "https://", &two, &tls.Config{Certificates: certificate.TLS.Certificates}},
		{"HTTP/2 without TLS", "http://", &twoPlain, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			op := newBlocking()
			server, l, served := serveWatched(t, New(op.options()), c.config)
			trust := certificate.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
			client := &http.Client{Transport: &http.Transport{Protocols: c.protocols, TLSClientConfig: &tls.Config{RootCAs: trust}}}
			defer client.CloseIdleConnections()
			r, err := http.NewRequest("POST", c.scheme+l.Addr().String(), strings.NewReader(`{}`))
			if err != nil {
				t.Fatal(err)
			}
			r.Header = newRequest("Echo", "").Header
			answered := make(chan error, 1)
			go func() {
				answer, err := client.Do(r)
				if err == nil {
					_, err = io.Copy(io.Discard, answer.Body)
				}
				answered <- err
			}()
			<-op.began
			down := make(chan struct{})
			go func() {
				shutDown(t, server)
				close(down)
			}()
			<-served // the door is shut
			close(op.end)
			if err := <-answered; err != nil {
				t.Error(err)
			}
			if err := <-op.ended; err != nil {
				t.Errorf("the operation ended with %v", err)
			}
			<-down
		})
	}
}

// TestClientGoesAwayInShutdown: an operation is canceled when its client hangs up
// while the server shuts down, and when the server hangs up.
func TestClientGoesAwayInShutdown(t *testing.T) {
	for _, cut := range []bool{false, true} {
		op := newBlocking()
		server, l, served := serveWatched(t, New(op.options()), nil)
		conn := dial(t, l.Addr().String())
		defer conn.Close()
		write(t, conn, plainRequest("{}"))
		<-op.began
		down := make(chan error, 1)
		go func() { down <- server.Shutdown(t.Context()) }()
		<-served
		if cut {
			_ = server.Close()
		} else {
			_ = conn.Close()
		}
		if err := <-op.ended; err == nil {
			t.Errorf("cut off %t: the operation was not canceled", cut)
		}
		if err := <-down; err != nil {
			t.Errorf("cut off %t: shutting down: %v", cut, err)
		}
	}
}
