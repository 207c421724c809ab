package gateway

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// testCertificate returns TLS for a server, and for a client that trusts it and
// speaks HTTP/1.1.
func testCertificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	made := httptest.NewUnstartedServer(nil)
	made.StartTLS()
	defer made.Close()
	roots := made.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	return &tls.Config{Certificates: made.TLS.Certificates},
		&tls.Config{RootCAs: roots, ServerName: "example.com", NextProtos: []string{"http/1.1"}}
}

// TestSecuredExpressCost counts allocations from socket to socket, the client's
// included: requests over TLS take the express lane.
func TestSecuredExpressCost(t *testing.T) {
	config, trust := testCertificate(t)
	addr := serve(t, New(testOptions()), ServerOptions{TLS: config})
	conn := tls.Client(dial(t, addr), trust)
	defer conn.Close()
	exchange := echo(t, conn)
	exchange()
	const want = expressAllocs + 2 // of crypto/tls, on both sides
	if got := testing.AllocsPerRun(500, exchange); got != want && !raceDetector {
		t.Errorf("%v allocations a request, want %d", got, want)
	}
}

// TestBadHandshakes: who does not speak TLS is told so, or cut off in time, and
// holds up nobody.
func TestBadHandshakes(t *testing.T) {
	config, trust := testCertificate(t)
	addr := serve(t, New(testOptions()), ServerOptions{TLS: config, HeaderReadTimeMax: 100 * time.Millisecond})
	for _, c := range []struct{ sent, want string }{
		{"", ""},
		{"\x16\x03\x01\x02\x00\x01", ""},
		{"no handshake", ""},
		{"POST / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"},
	} {
		conn := dial(t, addr)
		if _, err := io.WriteString(conn, c.sent); err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(conn) // a reset may be the end
		if string(got) != c.want {
			t.Errorf("%q is answered %q, want %q", c.sent, got, c.want)
		}
		_ = conn.Close()
	}
	conn := tls.Client(dial(t, addr), trust)
	defer conn.Close()
	if _, err := io.WriteString(conn, head+"Content-Length: 2\r\n\r\n{}"); err != nil {
		t.Fatal(err)
	}
	if answer, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("a good client: %v, %v", answer, err)
	}
}

// TestSecuredClientGoesAway: an operation whose client hangs up is canceled over
// TLS as well, and a request that comes behind one under way is not lost.
func TestSecuredClientGoesAway(t *testing.T) {
	config, trust := testCertificate(t)
	op := newBlocking()
	addr := serve(t, New(op.options()), ServerOptions{TLS: config})
	request := head + "Content-Length: 2\r\n\r\n{}"
	conn := tls.Client(dial(t, addr), trust)
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	<-op.began
	<-time.After(3 * patrolPause) // it is watched now
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	for i := range 2 {
		op.end <- struct{}{}
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		if body, err := io.ReadAll(answer.Body); err != nil || !strings.HasPrefix(string(body), "{}") {
			t.Errorf("answer %d: %q, %v", i, body, err)
		}
		if err := <-op.ended; err != nil {
			t.Errorf("operation %d ended with %v", i, err)
		}
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		<-op.began // of the second request, and of this one
	}
	_ = conn.Close()
	if err := <-op.ended; err == nil {
		t.Error("the operation of a client that is gone was not canceled")
	}
}

// TestHandshakePanics: what fails in a handshake costs its connection.
func TestHandshakePanics(t *testing.T) {
	config, trust := testCertificate(t)
	good := config.Certificates[0]
	var asked atomic.Int64
	config = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		if asked.Add(1) == 1 {
			panic("no certificate")
		}
		return &good, nil
	}}
	addr := serve(t, New(testOptions()), ServerOptions{TLS: config})
	for _, fails := range []bool{true, false} {
		conn := tls.Client(dial(t, addr), trust)
		if err := conn.Handshake(); (err != nil) != fails {
			t.Errorf("handshake %d: %v", asked.Load(), err)
		}
		_ = conn.NetConn().Close()
	}
}

// joinedConn keeps what is written until it is told to send it, in one piece.
type joinedConn struct {
	net.Conn
	keeps bool
	kept  []byte
}

func (c *joinedConn) Write(p []byte) (int, error) {
	if !c.keeps {
		return c.Conn.Write(p)
	}
	c.kept = append(c.kept, p...)
	return len(p), nil
}

// TestRequestWithGoodbye: a request that comes in together with the end of the
// client's direction is answered.
func TestRequestWithGoodbye(t *testing.T) {
	config, trust := testCertificate(t)
	addr := serve(t, New(testOptions()), ServerOptions{TLS: config})
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		trust.MinVersion, trust.MaxVersion = version, version
		plain := dial(t, addr)
		joined := &joinedConn{Conn: plain}
		conn := tls.Client(joined, trust)
		if err := conn.Handshake(); err != nil {
			t.Fatal(err)
		}
		joined.keeps = true
		_, err := io.WriteString(conn, head+"Content-Length: 2\r\n\r\n{}")
		if err = errors.Join(err, conn.CloseWrite(), plain.SetDeadline(time.Now().Add(10*time.Second))); err != nil {
			t.Fatal(err)
		}
		if _, err := plain.Write(joined.kept); err != nil {
			t.Fatal(err)
		}
		if answer, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %v, %v", tls.VersionName(version), answer, err)
		}
		_ = plain.Close()
	}
}
