package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

// open opens a server that the test's end shuts down.
func open(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// request returns a signed request of DynamoDB.
func request(operation, body string, key string, secret sigv4.Secret) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://localhost/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	signer := sigv4.Signer{
		Profile:   sigv4.Profile{Service: "dynamodb"},
		Region:    "us-east-1",
		AccessKey: key,
		Secret:    secret,
	}
	signer.Sign(r, []byte(body), time.Now())
	return r
}

// call sends an operation through the handler and returns status and body.
func call(s *Server, operation, body string) string {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, request(operation, body, "gramme", "gramme"))
	return fmt.Sprintf("%d %s", w.Code, w.Body)
}

// TestLoads: what the gateway is told of operations is told of those that there
// are.
func TestLoads(t *testing.T) {
	for _, e := range open(t, Options{}).endpoints() {
		if len(e.Loads) == 0 {
			t.Errorf("%s tells nothing", e.SigningName)
		}
		for name := range e.Loads {
			if _, ok := e.Operations[name]; !ok {
				t.Errorf("%s has no operation %s", e.SigningName, name)
			}
		}
	}
}

const createTable = `{"TableName":"Music","BillingMode":"PAY_PER_REQUEST",
	"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
	"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}`

func create(t *testing.T, s *Server) {
	t.Helper()
	if got := call(s, "CreateTable", createTable); !strings.HasPrefix(got, "200 ") {
		t.Fatal(got)
	}
}

func TestTwoServers(t *testing.T) {
	one, other := open(t, Options{}), open(t, Options{})
	create(t, one)
	if got, want := call(one, "ListTables", `{}`), `200 {"TableNames":["Music"]}`; got != want {
		t.Errorf("one: %s, want %s", got, want)
	}
	if got, want := call(other, "ListTables", `{}`), `200 {"TableNames":[]}`; got != want {
		t.Errorf("other: %s, want %s", got, want)
	}
}

func TestReopen(t *testing.T) {
	o := Options{Dir: t.TempDir()}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	create(t, s)
	if _, err := Open(o); !errors.Is(err, kv.ErrLocked) {
		t.Errorf("second server on the directory: %v, want kv.ErrLocked", err)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got, want := call(open(t, o), "ListTables", `{}`), `200 {"TableNames":["Music"]}`; got != want {
		t.Errorf("after reopening: %s, want %s", got, want)
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		options Options
		want    string
	}{
		{Options{Account: "123"}, `account "123" is not 12 digits`},
		{Options{Account: "12345678901a"}, `account "12345678901a" is not 12 digits`},
		{Options{Region: "Us East"}, `region "Us East" is no name of a region, as in us-east-1`},
		{Options{AccessKey: "AKID"}, "an access key and its secret go together"},
		{Options{Secret: "hidden"}, "an access key and its secret go together"},
		{Options{AccessKey: "a/b", Secret: "hidden"}, "the access key id is not made of up to 128 letters, digits and underscores"},
		{Options{ControlPlaneDelay: -1}, "the control plane's delay, the size of the cache and the memory limit are not below 0"},
		{Options{Stream: StreamOptions{Retention: -1}}, "times and numbers of streams are not below 0"},
		{Options{Stream: StreamOptions{SplitWrites: -1}}, "times and numbers of streams are not below 0"},
		{Options{CacheBytes: -1}, "the control plane's delay, the size of the cache and the memory limit are not below 0"},
		{Options{MemoryBytes: 511 << 20}, "a memory limit of 511 MB is too low with this cache; it takes 512 MB"},
		{Options{MemoryBytes: 1 << 30, CacheBytes: 1 << 30}, "a memory limit of 1024 MB is too low with this cache; it takes 1472 MB"},
	} {
		if _, err := Open(c.options); err == nil || err.Error() != c.want {
			t.Errorf("%+v: %v, want %s", c.options, err, c.want)
		}
	}
}

func TestStaticKey(t *testing.T) {
	s := open(t, Options{AccessKey: "AKIDEXAMPLE", Secret: "right"})
	for _, c := range []struct {
		key    string
		secret sigv4.Secret
		want   int
	}{
		{"AKIDEXAMPLE", "right", http.StatusOK},
		{"AKIDEXAMPLE", "wrong", http.StatusBadRequest},
		{"AKIDOTHER", "right", http.StatusBadRequest},
	} {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, request("ListTables", `{}`, c.key, c.secret))
		if w.Code != c.want {
			t.Errorf("key %s, secret %s: %d %s, want %d", c.key, string(c.secret), w.Code, w.Body, c.want)
		}
	}
}

func TestPages(t *testing.T) {
	s := open(t, Options{Version: "v0.0.0-test"})
	create(t, s)
	for _, c := range []struct{ path, want string }{
		{"/healthz", "ok\n"},
		{"/readyz", "ready\n"},
		{"/metrics", "\n" + `gramme_build_info{version="v0.0.0-test"} 1` + "\n"},
		{"/metrics", "\n" + `gramme_requests_total{code="OK",operation="CreateTable"} 1` + "\n"},
		{"/metrics", "\ngramme_store_commit_groups_total "},
		{"/metrics", "\nprocess_resident_memory_bytes "},
	} {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.path, nil))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s, want 200 with %q", c.path, w.Code, w.Body, c.want)
		}
	}
}

// serve serves s on a port of the loopback address. The channel gets what Serve
// returns.
func serve(t *testing.T, s *Server) (addr string, served chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served = make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	return l.Addr().String(), served
}

// halfRequest sends the header of a request, and returns when the server has
// begun to read its body: then the request is in flight.
func halfRequest(t *testing.T, addr, body string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	r := request("ListTables", body, "gramme", "gramme")
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\nExpect: 100-continue\r\n", len(body))
	if err := r.Header.Write(conn); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "\r\n")
	answers := bufio.NewReader(conn)
	for want := range strings.SplitSeq("HTTP/1.1 100 Continue\r\n|\r\n", "|") {
		if line, err := answers.ReadString('\n'); err != nil || line != want {
			t.Fatalf("%q, %v, want %q", line, err, want)
		}
	}
	return conn, answers
}

func TestShutdownWaitsForRequests(t *testing.T) {
	s := open(t, Options{})
	addr, served := serve(t, s)
	conn, answers := halfRequest(t, addr, `{}`)

	done := make(chan error, 1)
	go func() { done <- s.Shutdown(context.Background()) }()
	if err := <-served; err != nil { // the listener is closed
		t.Fatal(err)
	}
	if c, err := net.Dial("tcp", addr); err == nil {
		c.Close()
		t.Error("a connection was accepted during shutdown")
	}
	select {
	case err := <-done:
		t.Fatalf("Shutdown returned %v with a request in flight", err)
	default:
	}

	fmt.Fprint(conn, `{}`)
	resp, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || string(body) != `{"TableNames":[]}` {
		t.Errorf("the request in flight: %d %s %v", resp.StatusCode, body, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := call(s, "ListTables", `{}`); got != "503 closing\n" {
		t.Errorf("after shutdown: %q", got)
	}
}

func TestShutdownCutsOffWhatTakesTooLong(t *testing.T) {
	s := open(t, Options{})
	addr, served := serve(t, s)
	_, answers := halfRequest(t, addr, `{}`)

	over, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(over); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if resp, err := http.ReadResponse(answers, nil); err == nil && resp.StatusCode == http.StatusOK {
		t.Error("the request was answered without its body")
	}
}

func TestCoverage(t *testing.T) {
	all := open(t, Options{}).Coverage()
	if len(all) != len(services()) {
		t.Fatalf("%d services, want %d", len(all), len(services()))
	}
	of := make(map[string]bool)
	for _, name := range all[0].Done {
		of[name] = true
	}
	for _, name := range all[0].NotDone {
		if _, twice := of[name]; twice {
			t.Errorf("%s is both done and not done", name)
		}
		of[name] = false
	}
	if !of["PutItem"] {
		t.Error("PutItem is not done")
	}
	if done, known := of["ExportTableToPointInTime"]; done || !known {
		t.Errorf("ExportTableToPointInTime: done %t, known %t; take another operation that is not done", done, known)
	}
}
