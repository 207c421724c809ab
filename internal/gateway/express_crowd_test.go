package gateway

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// gathering is a server with connections to it.
type gathering struct {
	server  *Server
	addr    string
	conns   []net.Conn
	answers []*bufio.Reader
}

// gather opens so many connections, and has the first request answered on each.
func gather(t *testing.T, handler http.Handler, connections int) *gathering {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gathering{server: NewServer(ServerOptions{Handler: handler}), addr: listener.Addr().String()}
	served := make(chan error, 1)
	go func() { served <- g.server.Serve(listener) }()
	t.Cleanup(func() {
		for _, conn := range g.conns {
			_ = conn.Close()
		}
		_ = g.server.Close()
		<-served
	})
	g.join(t, connections)
	return g
}

// join opens more connections.
func (g *gathering) join(t *testing.T, connections int) {
	t.Helper()
	for range connections {
		conn := dial(t, g.addr)
		g.conns = append(g.conns, conn)
		g.answers = append(g.answers, bufio.NewReaderSize(conn, 16))
		g.ask(t, len(g.conns)-1, "{}")
	}
}

// ask sends a request over one of the connections, and wants its body back.
func (g *gathering) ask(t *testing.T, conn int, body string) {
	t.Helper()
	if _, err := io.WriteString(g.conns[conn], plainRequest(body)); err != nil {
		t.Fatal(err)
	}
	g.hear(t, conn, body)
}

func (g *gathering) hear(t *testing.T, conn int, body string) {
	t.Helper()
	answer, err := http.ReadResponse(g.answers[conn], nil)
	if err != nil {
		t.Fatalf("connection %d: %v", conn, err)
	}
	if got, err := io.ReadAll(answer.Body); err != nil || string(got) != body {
		t.Fatalf("connection %d: %.80q, want %.80q (%v)", conn, got, body, err)
	}
}

// TestCrowd has workers answer: requests whole, one behind the other, in pieces,
// and some that are net/http's. They know no connection from the one before.
func TestCrowd(t *testing.T) {
	g := gather(t, New(testOptions()), crowdMin+2*workersKept)
	crowd := &g.server.express.crowd
	for i := range 3 * workersKept {
		conn := len(g.conns) - 1 - i%workersKept
		switch body := `{"n":"` + strings.Repeat("x", i) + `"}`; i % 4 {
		case 0:
			g.ask(t, conn, body)
		case 1:
			write(t, g.conns[conn], plainRequest(body)+plainRequest("{}"))
			g.hear(t, conn, body)
			g.hear(t, conn, "{}")
		case 2:
			request := plainRequest(body)
			write(t, g.conns[conn], request[:len(request)-4])
			write(t, g.conns[conn], request[len(request)-4:])
			g.hear(t, conn, body)
		case 3:
			write(t, g.conns[conn], strings.Replace(plainRequest(body), "\r\n\r\n", "\r\nPragma: x\r\n\r\n", 1))
			g.hear(t, conn, body)
		}
	}
	if idle := crowd.idle.Load(); idle == 0 || idle > workersKept {
		t.Errorf("%d workers are idle", idle)
	}
}

// TestCrowdShutsDown shuts down in a crowd: no worker is left.
func TestCrowdShutsDown(t *testing.T) {
	g := gather(t, New(testOptions()), crowdMin+workersKept)
	shutDown(t, g.server)
	crowd := &g.server.express.crowd
	<-crowd.over
	for crowd.idle.Load() > 0 {
		runtime.Gosched()
	}
}

// TestCrowdPanics has the handler fail in a worker: the connection ends, and the
// next is served.
func TestCrowdPanics(t *testing.T) {
	echo := New(testOptions())
	g := gather(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Fail") != "" {
			panic("the handler fails")
		}
		echo.ServeHTTP(w, r)
	}), crowdMin+2)
	last := len(g.conns) - 1
	write(t, g.conns[last], head+"X-Fail: yes\r\nContent-Length: 2\r\n\r\n{}")
	if n, err := g.answers[last].Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("%d bytes, %v", n, err)
	}
	g.ask(t, last-1, "{}")
}

// TestIdleConnectionBytes holds what a connection takes that waits for its next
// request, heap and stack, this test's own end of it included. The handler needs
// as much stack as an operation does.
func TestIdleConnectionBytes(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes memory of its own")
	}
	echo := New(testOptions())
	g := gather(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		deep(6)
		echo.ServeHTTP(w, r)
	}), crowdMin)
	const more, bytesMax = 1000, 4500
	before := memoryInUse()
	g.join(t, more)
	each := (memoryInUse() - before) / more
	if each > bytesMax {
		t.Errorf("an idle connection takes %d bytes, more than %d", each, bytesMax)
	}
}

// memoryInUse counts what is in use after what is not was let go.
func memoryInUse() int64 {
	var m runtime.MemStats
	for range 3 { // pools let go at the second collection
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// deep takes a KB of stack for each step.
//
//go:noinline
func deep(steps int) byte {
	var frame [1 << 10]byte
	if steps > 0 {
		frame[steps] = deep(steps - 1)
	}
	return frame[steps]
}

func plainRequest(body string) string {
	return head + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

func write(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}
