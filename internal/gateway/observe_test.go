package gateway

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

// TestLog prints the record of each outcome, and looks for what must not be in
// one.
func TestLog(t *testing.T) {
	for _, c := range []struct{ operation, body, want string }{
		{"Echo", `{"pin":"1234"}`, `level=DEBUG msg=request request_id=A operation=Echo account=111122223333 region=eu-west-1 status=200 code=OK duration=0s bytes_in=14 bytes_out=14`},
		{"Refuse", `{"pin":"1234"}`, `level=DEBUG msg=request request_id=A operation=Refuse account=111122223333 region=eu-west-1 status=400 code=ConditionalCheckFailedException duration=0s bytes_in=14 bytes_out=120`},
		{"Guessed", `{}`, `level=DEBUG msg=request request_id=A operation=unknown account="" region="" status=400 code=UnknownOperationException duration=0s bytes_in=2 bytes_out=63`},
		{"Closing", `{"pin":"1234"}`, `level=INFO msg=request request_id=A operation=Closing account=111122223333 region=eu-west-1 status=503 code=ServiceUnavailable duration=0s bytes_in=14 bytes_out=140 cause="x: store is closing"`},
		{"Fail", `{"pin":"1234"}`, `level=ERROR msg=request request_id=A operation=Fail account=111122223333 region=eu-west-1 status=500 code=InternalServerError duration=0s bytes_in=14 bytes_out=91 cause="disk on fire"`},
		{"Panic", `{"pin":"1234"}`, `level=ERROR msg=request request_id=A operation=Panic account=111122223333 region=eu-west-1 status=500 code=InternalServerError duration=0s bytes_in=14 bytes_out=91 cause="panic: no such luck" stack="goroutine`},
	} {
		var log strings.Builder
		options := testOptions()
		options.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		New(options).ServeHTTP(httptest.NewRecorder(), newRequest(c.operation, c.body))
		got := regexp.MustCompile(`^time=\S+ `).ReplaceAllString(log.String(), "")
		got = regexp.MustCompile(`A{52}`).ReplaceAllString(got, "A")
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: logged\n%swant\n%s", c.operation, got, c.want)
		}
		for _, secret := range []string{"Signature", "AWS4", "1234\""} {
			if strings.Contains(got, secret) {
				t.Errorf("%s: %s in %s", c.operation, secret, got)
			}
		}
		if c.operation == "Panic" && !strings.Contains(got, "gateway_test.go") {
			t.Errorf("the stack does not lead to the panic: %s", got)
		}
	}
}

// TestOverloadLog: however many requests are refused, the log has a line for many
// of them.
func TestOverloadLog(t *testing.T) {
	var log strings.Builder
	options := testOptions()
	options.Logger = slog.New(slog.NewTextHandler(&log, nil))
	options.BodiesBytesMax = 1
	now := options.Env.Now()
	options.Env.Now = func() time.Time { return now }
	g := New(options)
	large := strings.Repeat(" ", 2*bodyFreeBytesMax)
	var held int64
	g.bodies.take(&held, 1)
	for range 3 {
		for range 100 {
			if got := status(g, newRequest("Echo", large)); got != http.StatusServiceUnavailable {
				t.Fatalf("status %d", got)
			}
		}
		now = now.Add(overloadLogPause)
	}
	const want = `level=WARN msg="more requests than can be served" refused=%d cause="too many bytes of request bodies are in memory"`
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	for i, refused := range []int{1, 100, 100} {
		if len(lines) != 3 || !strings.HasSuffix(lines[i], fmt.Sprintf(want, refused)) {
			t.Fatalf("logged\n%s", log.String())
		}
	}
}

func TestObserver(t *testing.T) {
	seen := &outcomes{ends: make(chan Outcome, 1)}
	options := testOptions()
	options.Metrics = seen
	now := options.Env.Now()
	options.Env.Now = func() time.Time { // a second from call to call
		now = now.Add(time.Second)
		return now
	}
	g := New(options)
	for _, c := range []struct {
		operation string
		want      Outcome
	}{
		{"Echo", Outcome{"Echo", "OK", 200, time.Second, 9, 9}},
		{"Later", Outcome{"Later", "UnknownOperationException", 400, time.Second, 9, 63}},
		{"x\ny", Outcome{"unknown", "UnknownOperationException", 400, time.Second, 9, 63}},
		{strings.Repeat("x", targetLenMax), Outcome{"unknown", "UnknownOperationException", 400, time.Second, 9, 63}},
		{"Panic", Outcome{"Panic", "InternalServerError", 500, time.Second, 9, 91}},
	} {
		g.ServeHTTP(httptest.NewRecorder(), newRequest(c.operation, `{"a":"b"}`))
		if got := <-seen.ends; got != c.want {
			t.Errorf("%q: %+v, want %+v", c.operation, got, c.want)
		}
	}
	r := newRequest("Echo", "{}")
	r.Header.Set("Content-Type", "text/html")
	g.ServeHTTP(httptest.NewRecorder(), r)
	if got := <-seen.ends; got.Status != http.StatusNotFound {
		t.Errorf("no such page: %+v", got)
	}
}

// TestSignatureCoversCompressedBody verifies for real, through the gateway.
func TestSignatureCoversCompressedBody(t *testing.T) {
	options := testOptions()
	options.Auth = &sigv4.Static{AccessKey: "AKIDEXAMPLE", Secret: "secret", Account: "111122223333"}
	g := New(options)
	signer := sigv4.Signer{
		Profile: sigv4.Profile{Service: "dynamodb"}, Region: "eu-west-1", AccessKey: "AKIDEXAMPLE", Secret: "secret",
	}
	send := func(body, signed string) string {
		r := newRequest("Echo", body)
		r.RequestURI, r.URL.RawQuery = "/a%20b?x=y%20z&x=1", "x=y%20z&x=1"
		r.URL.Path, r.URL.RawPath = "/a b", "/a%20b"
		r.Header.Set("Content-Encoding", "gzip")
		signer.Sign(r, []byte(signed), options.Env.Now())
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		return w.Body.String()
	}
	compressed := encoded(t, "gzip", `{"a":"b"}`)
	if got := send(compressed, compressed); got != `{"a":"b"}` {
		t.Errorf("signed as sent: %s", got)
	}
	if got := send(compressed, `{"a":"b"}`); !strings.Contains(got, "InvalidSignatureException") {
		t.Errorf("signed before compression: %s", got)
	}
}
