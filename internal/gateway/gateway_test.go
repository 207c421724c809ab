package gateway

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/wire"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

// testEnv stands still, and rolls nothing but zeros.
func testEnv() base.Env {
	now := time.Date(2026, 11, 3, 7, 8, 9, 0, time.UTC)
	return base.Env{Now: func() time.Time { return now }, Rand: func() uint64 { return 0 }}
}

const testAuthorization = "AWS4-HMAC-SHA256 Credential=111122223333/20261103/eu-west-1/dynamodb/aws4_request, " +
	"SignedHeaders=host;x-amz-date, Signature=0"

var errStoreClosing = errors.New("store is closing")

// testOperations is a service of operations that each do one thing.
func testOperations() map[string]wire.Operation {
	calls := map[string]func(ctx context.Context, body, dst []byte) ([]byte, error){
		"Echo": func(_ context.Context, body, dst []byte) ([]byte, error) { return append(dst, body...), nil },
		"WhoAmI": func(ctx context.Context, _, dst []byte) ([]byte, error) {
			c := wire.CallerFrom(ctx)
			return fmt.Appendf(dst, `{"account":%q,"region":%q,"id":%q}`, c.Account, c.Region, c.RequestID), nil
		},
		"Parse": func(_ context.Context, body, dst []byte) ([]byte, error) {
			d := awsjson.NewDecoder(body)
			d.Skip()
			return append(dst, '{', '}'), d.End()
		},
		"Large": func(_ context.Context, _, dst []byte) ([]byte, error) {
			return fmt.Appendf(dst, `{"text":"%s"}`, strings.Repeat("large", 200+5)), nil
		},
		"Refuse": func(context.Context, []byte, []byte) ([]byte, error) {
			return nil, &wire.Error{
				Code: "ConditionalCheckFailedException", Namespace: "com.amazonaws.dynamodb.v20120810",
				Status: http.StatusBadRequest, Message: "The conditional request failed",
			}
		},
		"Fail":   func(context.Context, []byte, []byte) ([]byte, error) { return nil, errors.New("disk on fire") },
		"Panic":  func(context.Context, []byte, []byte) ([]byte, error) { panic("no such luck") },
		"Cancel": func(context.Context, []byte, []byte) ([]byte, error) { return nil, context.Canceled },
		"Closing": func(context.Context, []byte, []byte) ([]byte, error) {
			return nil, fmt.Errorf("x: %w", errStoreClosing)
		},
		"Later": nil,
	}
	operations := map[string]wire.Operation{}
	for name, call := range calls {
		operations[name] = wire.Operation{Name: name, Call: call}
	}
	return operations
}

func testOptions() Options {
	return Options{
		Endpoints: []Endpoint{
			{TargetPrefix: "DynamoDB_20120810", SigningName: "dynamodb", Operations: testOperations()},
			{TargetPrefix: "TrentService", SigningName: "kms", JSONVersion: "1.1", Operations: testOperations()},
		},
		Auth:        sigv4.Any{Account: "000000000000"},
		Env:         testEnv(),
		Unavailable: func(err error) bool { return errors.Is(err, errStoreClosing) },
		MetricsPage: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a_metric 1\n") }),
	}
}

// TestScripts sends requests over a connection and prints what comes back: the
// head, without what every answer carries unless asked for the whole, and the
// body in bars.
//
//	send [whole] [unsigned] [encode=gzip|zlib|deflate|cut|garbage] [chunked]
//	POST /path
//	Header: value
//
//	body
//	----
//
// Host, Content-Length, X-Amz-Date and Authorization are put in.
//
//	ready [reason]
//	----
//
// makes the server ready, or not.
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata/scripts", func(t *testing.T, path string) {
		var unready error
		options := testOptions()
		options.Ready = func() error { return unready }
		addr := serve(t, New(options), ServerOptions{})
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "send":
				return roundTrip(t, addr, scriptRequest(t, d), d.HasArg("whole"))
			case "ready":
				unready = nil
				if len(d.CmdArgs) > 0 {
					unready = errors.New(d.CmdArgs[0].Key)
				}
				return "ok\n"
			}
			d.Fatalf(t, "unknown command %s", d.Cmd)
			return ""
		})
	})
}

// serve runs a server on loopback until the test ends, and returns its address.
func serve(t *testing.T, handler http.Handler, o ServerOptions) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.Handler = handler
	server := NewServer(o)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

func scriptRequest(t *testing.T, d *datadriven.TestData) string {
	head, body, _ := strings.Cut(d.Input+"\n", "\n\n")
	body = strings.TrimSuffix(body, "\n")
	if d.HasArg("encode") {
		var encoding string
		d.ScanArgs(t, "encode", &encoding)
		body = encoded(t, encoding, body)
	}
	var request strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(head), "\n") {
		if i == 0 {
			line += " HTTP/1.1\r\nHost: localhost:8000\r\nConnection: close"
		}
		request.WriteString(line + "\r\n")
	}
	switch {
	case d.HasArg("chunked"):
		request.WriteString("Transfer-Encoding: chunked\r\n")
		half := len(body) / 2
		body = fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", half, body[:half], len(body)-half, body[half:])
	case strings.HasPrefix(head, "POST"):
		fmt.Fprintf(&request, "Content-Length: %d\r\n", len(body))
	}
	if strings.HasPrefix(head, "POST") && !d.HasArg("unsigned") {
		fmt.Fprintf(&request, "X-Amz-Date: 20261103T070809Z\r\nAuthorization: %s\r\n", testAuthorization)
	}
	return request.String() + "\r\n" + body
}

func encoded(t *testing.T, encoding, body string) string {
	var out bytes.Buffer
	var w io.WriteCloser
	switch encoding {
	case "gzip", "cut":
		w = gzip.NewWriter(&out)
	case "zlib":
		w = zlib.NewWriter(&out)
	case "deflate":
		w, _ = flate.NewWriter(&out, 9)
	case "garbage":
		return "\x1f\x8bgarbage"
	default:
		t.Fatalf("unknown encoding %s", encoding)
	}
	_, _ = io.WriteString(w, body)
	_ = w.Close()
	if encoding == "cut" {
		return out.String()[:out.Len()-10]
	}
	return out.String()
}

// roundTrip returns the answer, with its checksum checked.
func roundTrip(t *testing.T, addr, request string, whole bool) string {
	t.Helper()
	conn := dial(t, addr)
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	return printAnswer(t, method, answer, whole)
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// carriedByAll are the headers that are only printed on request. ReadResponse
// has held the length to the body.
var carriedByAll = regexp.MustCompile(`(?m)^(Connection|Content-Length|Date|Server|x-amz-crc32|x-amzn-RequestId): .*\n`)

func printAnswer(t *testing.T, method string, answer []byte, whole bool) string {
	t.Helper()
	head, _, _ := strings.Cut(string(answer), "\r\n\r\n")
	head = strings.ReplaceAll(head, "\r\n", "\n") + "\n"
	parsed, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%v in %q", err, answer)
	}
	body, err := io.ReadAll(parsed.Body)
	if err != nil {
		t.Fatal(err)
	}
	if crc := parsed.Header.Get("x-amz-crc32"); method != "HEAD" && crc != "" && crc != fmt.Sprint(crc32.ChecksumIEEE(body)) {
		t.Errorf("checksum %s of %q", crc, body)
	}
	text := string(body)
	if parsed.Header.Get("Content-Encoding") == "gzip" {
		text = gunzip(t, body)
	}
	if !whole {
		head = carriedByAll.ReplaceAllString(head, "")
	}
	return head + shorten(text) + "\n"
}

// shorten keeps the scripts readable.
func shorten(text string) string {
	if len(text) > 300 {
		return fmt.Sprintf("|%s...| (%d bytes)", text[:40], len(text))
	}
	return "|" + strings.ReplaceAll(text, "\n", `\n`) + "|"
}

func gunzip(t *testing.T, body []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// newRequest is a good request for an operation, for tests that call the
// Gateway without a connection.
func newRequest(operation, body string) *http.Request {
	r := httptest.NewRequest("POST", "http://localhost:8000/", strings.NewReader(body))
	r.Header = http.Header{
		"Content-Type":  {"application/x-amz-json-1.0"},
		"X-Amz-Target":  {"DynamoDB_20120810." + operation},
		"X-Amz-Date":    {"20261103T070809Z"},
		"Authorization": {testAuthorization},
	}
	return r
}
