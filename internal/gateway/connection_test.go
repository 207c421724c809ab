package gateway

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gramme-db/gramme/internal/wire"
)

// Tests over a connection, with clients that do not do as they should. Each
// waits for the server's answer, and a deadline of ten seconds on the
// connection bounds it.

// head is a good request up to its body; further headers may follow.
const head = "POST / HTTP/1.1\r\nHost: localhost:8000\r\nContent-Type: application/x-amz-json-1.0\r\n" +
	"X-Amz-Target: DynamoDB_20120810.Echo\r\nX-Amz-Date: 20261103T070809Z\r\nAuthorization: " + testAuthorization + "\r\n"

// exchangeRaw writes a request, closes our direction if told so, and returns the
// status and body of the answer.
func exchangeRaw(t *testing.T, addr, request string, closeWrite bool) (status int, body string) {
	t.Helper()
	conn := dial(t, addr)
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil && !isReset(err) {
		t.Fatal(err)
	}
	if closeWrite {
		if err := conn.CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// isReset tells whether the server has hung up while we were writing.
func isReset(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "write"
}

func TestBadClients(t *testing.T) {
	options := testOptions()
	options.BodyBytesMax = 1 << 20
	addr := serve(t, New(options), ServerOptions{
		HeaderReadTimeMax: 100 * time.Millisecond, RequestReadTimeMax: 200 * time.Millisecond,
	})
	const bare = `{"__type":"com.amazon.coral.service#SerializationException"}`
	chunk := fmt.Sprintf("%x\r\n%s\r\n", 64<<10, strings.Repeat(" ", 64<<10))
	for _, c := range []struct {
		name, request string
		closeWrite    bool
		status        int
		body          string // contained in the answer's
	}{
		{"good", head + "Content-Length: 2\r\n\r\n{}", false, 200, "{}"},
		{"half a header", head[:40], true, 400, ""},
		{"slow header", head[:40], false, 400, ""},
		{"slow body", head + "Content-Length: 5\r\n\r\n{}", false, 408, "RequestTimeoutException"},
		{"slow chunks", head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", false, 408, "RequestTimeoutException"},
		{"body cut off", head + "Content-Length: 5\r\n\r\n{}", true, 400, bare},
		{"chunks cut off", head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", true, 400, bare},
		{"bad chunk", head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nxyz\r\n", false, 400, bare},
		{"announced too large", head + "Content-Length: 1048577\r\n\r\n", false, 413, "RequestEntityTooLarge"},
		{"chunks too large", head + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat(chunk, 17), false, 413, "RequestEntityTooLarge"},
		{"negative length", head + "Content-Length: -1\r\n\r\n", false, 400, ""},
		{"two lengths", head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", false, 400, ""},
		{"headers too large", head + "X-Large: " + strings.Repeat("x", 2*headerBytesMax) + "\r\n\r\n", false, 431, ""},
		{"expects to be told", head + "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n", false, 413, "RequestEntityTooLarge"},
		{"not HTTP", "\x16\x03\x01\x00\r\n\r\n", false, 400, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := exchangeRaw(t, addr, c.request, c.closeWrite)
			if status != c.status || !strings.Contains(body, c.body) {
				t.Errorf("status %d, body %q; want %d, %q", status, body, c.status, c.body)
			}
		})
	}
}

// TestLargestBody sends exactly 16 MiB, and one byte more, with its length and
// in chunks.
func TestLargestBody(t *testing.T) {
	addr := serve(t, New(testOptions()), ServerOptions{})
	for _, length := range []int{bodyBytesMax, bodyBytesMax + 1} {
		want := http.StatusOK
		if length > bodyBytesMax {
			want = http.StatusRequestEntityTooLarge
		}
		body := `{"a":"` + strings.Repeat("b", length-8) + `"}`
		sized := fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, length, body)
		chunked := fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", head, length, body)
		for _, request := range []string{sized, chunked} {
			if status, _ := exchangeRaw(t, addr, request, false); status != want {
				t.Errorf("%d bytes: status %d, want %d", length, status, want)
			}
		}
	}
}

// TestKeepAlive sends several requests on one connection, a refused one among
// them.
func TestKeepAlive(t *testing.T) {
	addr := serve(t, New(testOptions()), ServerOptions{})
	conn := dial(t, addr)
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for i, request := range []string{
		head + "Content-Length: 2\r\n\r\n{}",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
		head + "Content-Length: 2\r\n\r\n{}",
	} {
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			t.Fatal(err)
		}
		if want := []int{200, 404, 200}[i]; answer.StatusCode != want || answer.Close {
			t.Errorf("request %d: status %d, close %v", i, answer.StatusCode, answer.Close)
		}
	}
}

// blocking is an operation that says when it has begun and runs until it is
// let go or canceled.
type blocking struct {
	began chan struct{}
	end   chan struct{}
	ended chan error
}

func newBlocking() *blocking {
	return &blocking{make(chan struct{}, 8), make(chan struct{}), make(chan error, 8)}
}

func (b *blocking) options() Options {
	o := testOptions()
	o.Endpoints[0].Operations["Echo"] = wire.Operation{Name: "Echo", Call: func(ctx context.Context, _, dst []byte) ([]byte, error) {
		b.began <- struct{}{}
		select {
		case <-b.end:
		case <-ctx.Done():
		}
		b.ended <- ctx.Err()
		return append(dst, "{}"...), ctx.Err()
	}}
	return o
}

// TestClientGoesAway: an operation whose client hangs up is canceled, over
// HTTP/1.1 when both directions are closed and also when only the client's is.
func TestClientGoesAway(t *testing.T) {
	for _, half := range []bool{false, true} {
		op := newBlocking()
		seen := &outcomes{ends: make(chan Outcome, 1)}
		options := op.options()
		options.Metrics = seen
		addr := serve(t, New(options), ServerOptions{})
		conn := dial(t, addr)
		defer conn.Close()
		if _, err := io.WriteString(conn, head+"Content-Length: 2\r\n\r\n{}"); err != nil {
			t.Fatal(err)
		}
		<-op.began
		if half {
			_ = conn.CloseWrite()
		} else {
			_ = conn.Close()
		}
		if err := <-op.ended; !errors.Is(err, context.Canceled) {
			t.Errorf("half %v: operation ended with %v", half, err)
		}
		if o := <-seen.ends; o.Code != "ClientGone" || o.Status != statusClientGone {
			t.Errorf("half %v: outcome %+v", half, o)
		}
	}
}

// outcomes is an Observer that passes on what it is told.
type outcomes struct{ ends chan Outcome }

func (*outcomes) Begin()          {}
func (o *outcomes) End(x Outcome) { o.ends <- x }

func status(h http.Handler, r *http.Request) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// TestBodiesBudget: the memory of all bodies is bounded, only grows with what
// comes in, and is given back. Small ones never have to wait for it.
func TestBodiesBudget(t *testing.T) {
	op := newBlocking()
	options := op.options()
	options.BodiesBytesMax = 30 << 10
	g := New(options)
	body := `{"a":"` + strings.Repeat("b", bodyFreeBytesMax+20<<10) + `"}`
	answer := make(chan int)
	go func() { answer <- status(g, newRequest("Echo", body)) }()
	<-op.began
	if got := status(g, newRequest("Echo", body)); got != http.StatusServiceUnavailable {
		t.Errorf("second body: status %d", got)
	}
	if got := status(g, newRequest("WhoAmI", "{}")); got != http.StatusOK {
		t.Errorf("a small body meanwhile: status %d", got)
	}
	close(op.end)
	if got := <-answer; got != http.StatusOK {
		t.Errorf("first body: status %d", got)
	}
	if got := status(g, newRequest("Echo", body)); got != http.StatusOK {
		t.Errorf("after the first: status %d", got)
	}
	if used := g.bodies.used.Load(); used != 0 {
		t.Errorf("%d bytes were not given back", used)
	}

	options = testOptions()
	g = New(options)
	r := newRequest("Echo", "{}")
	r.ContentLength = bodyBytesMax
	r.Body = io.NopCloser(readerFunc(func([]byte) (int, error) {
		if used := g.bodies.used.Load(); used > bodyKnownFirstBytes {
			t.Errorf("%d bytes for a body of which nothing came in", used)
		}
		return 0, io.ErrUnexpectedEOF
	}))
	if got := status(g, r); got != http.StatusBadRequest {
		t.Errorf("nothing came in: status %d", got)
	}
}

// heldWriter is a client that does not read.
type heldWriter struct {
	*httptest.ResponseRecorder
	writing, read chan struct{}
	once          *sync.Once
}

func (w heldWriter) Write(p []byte) (int, error) {
	w.once.Do(func() { close(w.writing) })
	<-w.read
	return w.ResponseRecorder.Write(p)
}

// TestAnswersBudget: the memory of all large answers is bounded, and given back
// when they have been read; small ones never have to wait for it.
func TestAnswersBudget(t *testing.T) {
	options := testOptions()
	options.AnswersBytesMax = 4 << 20
	options.Endpoints[0].Loads = map[string]wire.Load{"Echo": {AnswerBytes: 1 << 20}}
	g := New(options)
	large := `{"a":"` + strings.Repeat("b", 2<<20) + `"}`
	slow := heldWriter{httptest.NewRecorder(), make(chan struct{}), make(chan struct{}), new(sync.Once)}
	answered := make(chan struct{})
	go func() {
		g.ServeHTTP(slow, newRequest("Echo", large))
		close(answered)
	}()
	<-slow.writing
	if got := status(g, newRequest("Echo", large)); got != http.StatusServiceUnavailable {
		t.Errorf("second large answer: status %d", got)
	}
	if got := status(g, newRequest("Echo", `{}`)); got != http.StatusOK {
		t.Errorf("a small answer: status %d", got)
	}
	close(slow.read)
	<-answered
	if slow.Code != http.StatusOK || slow.Body.String() != large {
		t.Errorf("the slow client got %d and %d bytes", slow.Code, slow.Body.Len())
	}
	if got := status(g, newRequest("Echo", large)); got != http.StatusOK {
		t.Errorf("after the first: status %d", got)
	}
	if used := g.ready.used.Load(); used != 0 {
		t.Errorf("%d bytes were not given back", used)
	}
}

// TestSmallAnswerInLargeBuffer: where answers have no room, a small one that was
// made in the memory of a large one is not refused.
func TestSmallAnswerInLargeBuffer(t *testing.T) {
	options := testOptions()
	options.AnswersBytesMax = 1 << 20
	options.Endpoints[0].Loads = map[string]wire.Load{"Echo": {AnswerBytes: 1 << 20}}
	g := New(options)
	var others int64
	g.ready.take(&others, options.AnswersBytesMax)
	for _, size := range []int{2, 2 * answerFreeBytesMax} {
		made := bytes.Repeat([]byte("b"), size)
		buffer := slices.Grow(made, 10*answerFreeBytesMax)
		a := answer{body: buffer, buffer: &buffer}
		refusal := g.hold(&a, true)
		if refused := refusal != nil; refused != (size > answerFreeBytesMax) {
			t.Errorf("an answer of %d bytes: refused %t", size, refused)
		}
		if !bytes.Equal(a.body, made) || a.held != 0 {
			t.Errorf("an answer of %d bytes is %d, and holds %d", size, len(a.body), a.held)
		}
	}
	if g.ready.release(&others); g.ready.used.Load() != 0 {
		t.Errorf("%d bytes were not given back", g.ready.used.Load())
	}
}

// TestClientDoesNotRead: a client that takes nothing of a large answer is let go
// of, and its answer with it; one that takes it slowly gets it.
func TestClientDoesNotRead(t *testing.T) {
	for name, more := range map[string]string{"express": "", "net/http": "Pragma: x\r\n"} {
		for _, reads := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/reads=%t", name, reads), func(t *testing.T) {
				t.Parallel()
				readSlowly(t, more, reads)
			})
		}
	}
}

func readSlowly(t *testing.T, headers string, reads bool) {
	const length, parts = 8 << 20, 50
	seen := &outcomes{ends: make(chan Outcome, 1)}
	options := testOptions()
	options.Metrics = seen
	options.AnswerPieceTimeMax = time.Second
	g := New(options)
	conn := dial(t, serve(t, g, ServerOptions{}))
	defer conn.Close()
	body := `{"a":"` + strings.Repeat("b", length-8) + `"}`
	if _, err := fmt.Fprintf(conn, "%s%sContent-Length: %d\r\n\r\n%s", head, headers, length, body); err != nil {
		t.Fatal(err)
	}
	var got int64
	for reads && got < length {
		<-time.After(30 * time.Millisecond) // in all more than the time for a piece
		n, err := io.CopyN(io.Discard, conn, min(length/parts, length-got))
		if got += n; err != nil {
			t.Fatalf("%d bytes: %v", got, err)
		}
	}
	<-seen.ends
	if used := g.ready.used.Load(); used != 0 {
		t.Errorf("%d bytes were not given back", used)
	}
	if reads {
		return
	}
	if n, err := io.Copy(io.Discard, conn); err == nil && n >= length {
		t.Error("read nothing at first, and then everything")
	}
}

// TestTricklingBody: a body that comes in byte by byte gets no more time than one
// that does not come in.
func TestTricklingBody(t *testing.T) {
	addr := serve(t, New(testOptions()), ServerOptions{RequestReadTimeMax: 200 * time.Millisecond})
	conn := dial(t, addr)
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "%sContent-Length: 1000\r\n\r\n", head); err != nil {
		t.Fatal(err)
	}
	answered := make(chan struct{})
	go func() {
		for {
			select {
			case <-answered:
				return
			case <-time.After(20 * time.Millisecond):
				_, _ = conn.Write([]byte{' '})
			}
		}
	}()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	close(answered)
	if err != nil || answer.StatusCode != http.StatusRequestTimeout {
		t.Errorf("%v, %v", answer, err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestCompressionBomb: what a body decompresses to is bounded too.
func TestCompressionBomb(t *testing.T) {
	options := testOptions()
	options.BodyBytesMax = 64 << 10
	g := New(options)
	for _, c := range []struct{ bytes, status int }{{64 << 10, 200}, {64<<10 + 1, 413}, {4 << 20, 413}} {
		r := newRequest("Echo", encoded(t, "gzip", strings.Repeat(" ", c.bytes)))
		r.Header.Set("Content-Encoding", "gzip")
		if got := status(g, r); got != c.status {
			t.Errorf("%d bytes: status %d, want %d", c.bytes, got, c.status)
		}
	}
	if used := g.bodies.used.Load(); used != 0 {
		t.Errorf("%d bytes were not given back", used)
	}
}

// TestHTTP2 speaks HTTP/2 with and without TLS.
func TestHTTP2(t *testing.T) {
	plain := serve(t, New(testOptions()), ServerOptions{})
	secure := httptest.NewUnstartedServer(nil)
	secure.Config = newHTTPServer(ServerOptions{Handler: New(testOptions())}.withDefaults())
	secure.EnableHTTP2 = true
	secure.StartTLS()
	defer secure.Close()
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{
		Protocols:       &protocols,
		TLSClientConfig: &tls.Config{RootCAs: secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs},
	}}
	defer client.CloseIdleConnections()
	for _, url := range []string{"http://" + plain, secure.URL} {
		r, err := http.NewRequest("POST", url, strings.NewReader(`{"a":"b"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = newRequest("Echo", "").Header
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if answer.ProtoMajor != 2 || string(body) != `{"a":"b"}` || len(answer.Header.Get("x-amzn-RequestId")) != 52 {
			t.Errorf("%s: %s %s %v", url, answer.Proto, body, answer.Header)
		}
	}
}
