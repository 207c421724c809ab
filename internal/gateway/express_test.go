package gateway

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// FuzzPlainHead holds the express lane's reading of a head against net/http's:
// what the lane takes, net/http takes too, and both read the same.
func FuzzPlainHead(f *testing.F) {
	for _, seed := range []string{
		head + "Content-Length: 2\r\n\r\n{}",
		head + "content-length: 2\r\nx-amz-date:\t20261103T070809Z \r\n\r\n{}",
		"POST / HTTP/1.1\r\nHost: [::1]:8000\r\nContent-Length: 0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: Keep-Alive\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 1\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n folded\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 1\r\n\r\n",
		"POST / HTTP/1.1\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\nContent-Length: 1\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var h plainHead
		h.init(new(headerNames))
		if !h.parse(b) {
			return
		}
		rest := bytes.NewReader(b)
		buffered := bufio.NewReader(rest)
		r, err := http.ReadRequest(buffered)
		if err != nil {
			t.Fatalf("net/http refuses what the express lane takes: %v\n%q", err, b)
		}
		if used := len(b) - rest.Len() - buffered.Buffered(); h.length != used {
			t.Errorf("a head of %d bytes, for net/http of %d", h.length, used)
		}
		if r.Method != "POST" || r.RequestURI != "/" || r.Proto != "HTTP/1.1" || r.Close || len(r.TransferEncoding) > 0 {
			t.Errorf("net/http reads %s %s %s, close %t, %v", r.Method, r.RequestURI, r.Proto, r.Close, r.TransferEncoding)
		}
		if r.Host != h.host || r.ContentLength != int64(h.contentLength) || !reflect.DeepEqual(r.Header, h.header) {
			t.Errorf("the express lane reads\n%q %d %v\nnet/http\n%q %d %v", h.host, h.contentLength, h.header, r.Host, r.ContentLength, r.Header)
		}
	})
}

// TestPlainHead tells what the express lane takes.
func TestPlainHead(t *testing.T) {
	long := strings.Repeat("x", plainHeadBytesMax)
	for _, c := range []struct {
		request string
		plain   bool
	}{
		{head + "Content-Length: 2\r\n\r\n", true},
		{head + "Content-Length: 2\r\nConnection: keep-alive\r\nAccept: */*\r\nUser-Agent: x y (z)\r\n\r\n", true},
		{head + "Content-Length: 2\r\n", false},
		{head + "\r\n", false},
		{head + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n", false},
		{head + "Content-Length: +2\r\n\r\n", false},
		{head + "Content-Length: 1234567890\r\n\r\n", false},
		{head + "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n", false},
		{head + "Content-Length: 2\r\nConnection: close\r\n\r\n", false},
		{head + "Content-Length: 2\r\nUpgrade: h2c\r\n\r\n", false},
		{head + "Content-Length: 2\r\nX-A: 1\r\nX-a: 2\r\n\r\n", false},
		{head + "Content-Length: 2\r\nX-A: \x01\r\n\r\n", false},
		{head + "Content-Length: 2\r\nX-A: \xc3\xa9\r\n\r\n", false},
		{head + "Content-Length: 2\r\nX A: 1\r\n\r\n", false},
		{head + "Content-Length: 2\r\n: 1\r\n\r\n", false},
		{head + "Content-Length: 2\r\nX-A: 1\rX-B: 2\r\n\r\n", false},
		{head + "Content-Length: 2\r\n" + strings.Repeat("X", plainHeadersMax) + "\r\n\r\n", false},
		{strings.Replace(head, "HTTP/1.1", "HTTP/1.0", 1) + "Content-Length: 2\r\n\r\n", false},
		{strings.Replace(head, "POST /", "POST /x", 1) + "Content-Length: 2\r\n\r\n", false},
		{strings.Replace(head, "localhost:8000", "a b", 1) + "Content-Length: 2\r\n\r\n", false},
		{head + "X-Long: " + long, false},
	} {
		var h plainHead
		h.init(new(headerNames))
		if got := h.parse([]byte(c.request)); got != c.plain {
			t.Errorf("taken %t, want %t: %q", got, c.plain, c.request)
		}
	}
	many := head
	for i := range plainHeadersMax {
		many += fmt.Sprintf("X-%d: 1\r\n", i)
	}
	var h plainHead
	h.init(new(headerNames))
	if h.parse([]byte(many + "Content-Length: 2\r\n\r\n")) {
		t.Error("too many headers are taken")
	}
}

// TestExpressPipeline sends requests without waiting for answers, in pieces that
// end anywhere, with one among them that is not for the express lane. They are
// answered in their order.
func TestExpressPipeline(t *testing.T) {
	addr := serve(t, New(testOptions()), ServerOptions{})
	var all strings.Builder
	var want []string
	for i := range 40 {
		body := fmt.Sprintf(`{"n":%d,"a":"%s"}`, i, strings.Repeat("b", i*i*10))
		want = append(want, body)
		if i == 30 {
			fmt.Fprintf(&all, "%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", head, len(body), body)
			continue
		}
		fmt.Fprintf(&all, "%sContent-Length: %d\r\n\r\n%s", head, len(body), body)
	}
	for _, piece := range []int{1 << 20, 1999, 700} {
		conn := dial(t, addr)
		go func() {
			for rest := all.String(); rest != ""; {
				n := min(piece, len(rest))
				if _, err := io.WriteString(conn, rest[:n]); err != nil {
					t.Error(err)
					return
				}
				rest = rest[n:]
			}
		}()
		answers := bufio.NewReader(conn)
		for i, body := range want {
			answer, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatalf("pieces of %d: answer %d: %v", piece, i, err)
			}
			got, err := io.ReadAll(answer.Body)
			if err != nil || string(got) != body {
				t.Fatalf("pieces of %d: answer %d is %.40q, want %.40q (%v)", piece, i, got, body, err)
			}
		}
		_ = conn.Close()
	}
}

// TestExpressAnswersAsNetHTTP sends the same requests through the express lane
// and around it: status, headers and body are the same.
func TestExpressAnswersAsNetHTTP(t *testing.T) {
	addr := serve(t, New(testOptions()), ServerOptions{})
	ask := func(request string) string {
		conn := dial(t, addr)
		defer conn.Close()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		answer.Header.Del("X-Amzn-Requestid")
		return fmt.Sprint(answer.Status, answer.Header, answer.ContentLength, answer.Close, string(body))
	}
	for _, request := range []string{
		head + "Content-Length: 2\r\n%s\r\n{}",
		head + "Content-Length: 2\r\nAccept-Encoding: gzip\r\n%s\r\n{}",
		head + "Content-Length: 2\r\nOrigin: http://localhost\r\n%s\r\n{}",
		head + "Content-Length: 0\r\n%s\r\n",
		head + "Content-Length: 2\r\n%s\r\nxx",
		strings.Replace(head, "Echo", "Nope", 1) + "Content-Length: 2\r\n%s\r\n{}",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n%s\r\n{}",
		head + "Content-Length: 99999999\r\n%s\r\n",
	} {
		express, around := ask(fmt.Sprintf(request, "")), ask(fmt.Sprintf(request, "Pragma: x\r\n"))
		if express != around {
			t.Errorf("%.60q\nthrough the express lane: %s\nby net/http:              %s", request, express, around)
		}
	}
}

// opaque is a listener of connections that cannot be looked into.
type opaque struct{ net.Listener }

func (l opaque) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return struct{ net.Conn }{conn}, err
}

// TestExpressRests lets a connection that cannot be looked into be silent for long
// enough to rest, and sends requests whole and in pieces that end where a resting
// connection looks.
func TestExpressRests(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer(ServerOptions{Handler: New(testOptions())})
	served := make(chan error, 1)
	go func() { served <- server.Serve(opaque{listener}) }()
	defer func() {
		_ = server.Close()
		<-served
	}()
	conn := dial(t, listener.Addr().String())
	defer conn.Close()
	answers := bufio.NewReader(conn)
	request := head + "Content-Length: 2\r\n\r\n{}"
	for _, piece := range []int{len(request), restBytes, restBytes - 1, len(request)} {
		for range 2 {
			if _, err := io.WriteString(conn, request[:piece]); err != nil {
				t.Fatal(err)
			}
			if piece < len(request) {
				<-time.After(50 * time.Millisecond)
			}
			if _, err := io.WriteString(conn, request[piece:]); err != nil {
				t.Fatal(err)
			}
			answer, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(answer.Body); err != nil || string(body) != "{}" {
				t.Fatalf("%q (%v)", body, err)
			}
			<-time.After(restPause + restPause/5)
		}
	}
}

// TestExpressForgets: a connection between requests does not hold on to the last
// one, whatever became of it.
func TestExpressForgets(t *testing.T) {
	const length, conns = 4 << 20, 8
	addr := serve(t, New(testOptions()), ServerOptions{})
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // pools forget with the second one
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	body := strings.Repeat("[", length)
	before := heap()
	for i := range conns {
		conn := dial(t, addr)
		defer conn.Close()
		request := fmt.Sprintf("%sContent-Length: %d\r\n\r\n", head, length)
		if i%2 == 0 {
			request = strings.Replace(request, "Echo", "Parse", 1) // and refuse
		}
		if _, err := io.WriteString(conn, request+body); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			t.Fatal(err)
		}
	}
	if grown := heap() - before; grown > length {
		t.Errorf("%d connections that wait hold %d bytes", conns, grown)
	}
}

// TestExpressCost counts allocations from socket to socket, the client's apart.
func TestExpressCost(t *testing.T) {
	addr := serve(t, New(testOptions()), ServerOptions{})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	exchange := echo(t, conn)
	exchange()
	if got := testing.AllocsPerRun(500, exchange); got != expressAllocs && !raceDetector {
		t.Errorf("%v allocations a request, want %d", got, expressAllocs)
	}
}

// echo returns what sends a request over conn and reads its answer, without
// allocating anything.
func echo(t *testing.T, conn net.Conn) func() {
	request := []byte(head + "Content-Length: 2\r\n\r\n{}")
	answer := make([]byte, 4096)
	return func() {
		if _, err := conn.Write(request); err != nil {
			t.Fatal(err)
		}
		for n := 0; !bytes.HasSuffix(answer[:n], []byte("{}")); {
			m, err := conn.Read(answer[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += m
		}
	}
}

// expressAllocs: head, body, exchange, id, length and checksum of the answer,
// and what the context of the caller takes.
const expressAllocs = 6

// changedConn is a connection whose bytes are others than those on the wire. It
// is a socket to whoever asks, as it has its methods.
type changedConn struct{ *net.TCPConn }

func (c changedConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	copy(p, bytes.ToUpper(p[:n]))
	return n, err
}

type changedListener struct{ net.Listener }

func (l changedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return changedConn{conn.(*net.TCPConn)}, nil
}

// TestExpressReadsThroughConn: the lane does not read from the socket behind a
// connection that reads in a way of its own.
func TestExpressReadsThroughConn(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer(ServerOptions{Handler: http.HandlerFunc(tell)})
	served := make(chan error, 1)
	go func() { served <- server.Serve(changedListener{listener}) }()
	defer func() {
		_ = server.Close()
		<-served
	}()
	const request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
	if status, told := exchangeRaw(t, listener.Addr().String(), request, false); status != http.StatusOK || !strings.Contains(told, `"BODY"`) {
		t.Errorf("status %d, %s", status, told)
	}
}

// TestRefusedBodyIsAnswered: a client that sends more than is taken reads why,
// though it looks only after it has sent for a while.
func TestRefusedBodyIsAnswered(t *testing.T) {
	addr := serve(t, New(testOptions()), ServerOptions{})
	for range 20 {
		conn := dial(t, addr)
		if _, err := fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n", head, 64<<20); err != nil {
			t.Fatal(err)
		}
		piece := make([]byte, 256<<10)
		for range 8 {
			if _, err := conn.Write(piece); err != nil {
				t.Fatal(err)
			}
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("status %d", answer.StatusCode)
		}
		_ = conn.Close()
	}
}
