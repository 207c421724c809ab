package bench

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gramme-db/gramme"
	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

const testItems = ItemsMin

// newServer returns a Gramme that verifies signatures.
func newServer(t *testing.T) *gramme.Gramme {
	t.Helper()
	g, err := gramme.Open(gramme.Options{InMemory: true, Addr: "127.0.0.1:0", AccessKey: "AKIDEXAMPLE", SecretKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

func testOptions() Options {
	return Options{
		Env:      base.RealEnv(),
		Signer:   sigv4.Signer{Profile: sigv4.Profile{Service: "dynamodb"}, Region: "us-east-1", AccessKey: "AKIDEXAMPLE", Secret: "secret"},
		Prefix:   "test-",
		Items:    testItems,
		Size:     900,
		Progress: func(string) {},
	}
}

func testLoad(workload string) Load {
	return Load{Workload: workload, Connections: 4, Duration: time.Minute, Operations: 200, PageItems: 50}
}

func open(t *testing.T, o Options, target Target) *Subject {
	t.Helper()
	s, err := Open(context.Background(), o, target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background(), false); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Every workload, both ways to choose items, is answered rightly by a server
// that verifies signatures; the loads after one another find the table whole.
func TestWorkloads(t *testing.T) {
	s := open(t, testOptions(), Target{Name: "gramme", URL: newServer(t).URL(), Indexes: 1})
	names, _ := Workloads()
	for _, name := range names {
		for _, distribution := range []Distribution{Uniform, Zipfian} {
			l := testLoad(name)
			l.Distribution = distribution
			r, err := s.Run(context.Background(), l)
			if err != nil {
				t.Fatal(err)
			}
			followed := int64(l.Connections) // requests that have to follow the last
			if r.Errors > 0 || r.Requests < l.Operations || r.Requests > l.Operations+followed {
				t.Errorf("%s %s: %d requests, %d errors: %s", name, distribution, r.Requests, r.Errors, r.FirstError)
			}
		}
	}
}

// The size of an item is what DynamoDB counts.
func TestItemSize(t *testing.T) {
	for indexes := range IndexesMax + 1 {
		s := shape{size: 900, indexes: indexes, filler: newFiller()}
		item := s.appendItem(nil, 42, 7)
		size := 0
		for part := range strings.SplitSeq(strings.Trim(string(item), "{}"), `"}`) {
			name, value, _ := strings.Cut(strings.TrimLeft(part, ","), `":{"S":"`)
			size += len(strings.TrimPrefix(name, `"`)) + len(strings.TrimSuffix(value, `"`))
		}
		if size != 900 {
			t.Errorf("with %d indexes: %d bytes, want 900", indexes, size)
		}
	}
}

// Items that lie side by side share no text, whether one request wrote them or
// many: what is left to compress is that letters and digits take six bits of eight,
// and the names of attributes.
func TestItemsDoNotCompress(t *testing.T) {
	s := shape{size: 900, filler: newFiller()}
	for _, step := range []uint64{0, 1, 1 << 32} {
		var items []byte
		for i := range 200 {
			items = s.appendItem(items, int64(i), uint64(i)*step)
		}
		var packed bytes.Buffer
		w, err := flate.NewWriter(&packed, flate.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Write(items)
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		if packed.Len() < len(items)*6/10 {
			t.Errorf("versions %d apart: %d bytes are compressed to %d", step, len(items), packed.Len())
		}
	}
}

// forge answers as a Gramme does, but for what change does to an answer.
func forge(t *testing.T, change func(operation string, answer []byte) []byte) string {
	t.Helper()
	g := newServer(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		g.Handler().ServeHTTP(answer, r)
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		w.WriteHeader(answer.Code)
		_, _ = w.Write(change(operation, answer.Body.Bytes()))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// An answer that is not what was written is an error.
func TestWrongAnswers(t *testing.T) {
	last := map[string][]byte{}
	swap := func(operation string, answer []byte) []byte {
		previous := last[operation]
		last[operation] = bytes.Clone(answer)
		return previous
	}
	for _, c := range []struct {
		name, workload string
		change         func(answer []byte) []byte
	}{
		{"a byte changed", "get", func(answer []byte) []byte { return bytes.ReplaceAll(answer, []byte("e"), []byte("f")) }},
		{"no item", "get", func([]byte) []byte { return []byte("{}") }},
		{"another item", "get", func(answer []byte) []byte { return swap("get", answer) }},
		{"fewer items", "query", func(answer []byte) []byte { return answer[:len(answer)/2] }},
		{"other items", "batch-get", func(answer []byte) []byte { return swap("batch-get", answer) }},
		{"half a page", "scan", func(answer []byte) []byte {
			half := len(answer) / 2 // behind the last item a page is short, and rightly without items
			return append(answer[:half:half], answer[max(half, len(answer)-120):]...)
		}},
		{"unprocessed", "batch-write", func([]byte) []byte { return []byte(`{"UnprocessedItems":{"t":[{"PutRequest":{}}]}}`) }},
	} {
		forging := new(atomic.Bool)
		url := forge(t, func(_ string, answer []byte) []byte {
			if !forging.Load() {
				return answer
			}
			return c.change(answer)
		})
		s := open(t, testOptions(), Target{Name: "forged", URL: url})
		forging.Store(true)
		l := testLoad(c.workload)
		l.Connections, l.Operations = 1, 20
		r, err := s.Run(context.Background(), l)
		forging.Store(false)
		if err != nil || r.Wrong < 18 || r.Errors != r.Wrong {
			t.Errorf("%s: %d of %d answers are wrong, %v, %s", c.name, r.Wrong, r.sent(), err, r.FirstError)
		}
	}
}

// slowServer answers everything, and turns the clock by 100 ms for each GetItem.
func slowServer(t *testing.T, clock *atomic.Int64) string {
	t.Helper()
	g := newServer(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetItem") {
			clock.Add(int64(100 * time.Millisecond))
		}
		g.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// In an open loop the latency counts from when the request was to be sent: at a
// rate of 100 a second each one waits 90 ms longer than the one before.
func TestOpenLoop(t *testing.T) {
	var clock atomic.Int64
	start := time.Now()
	o := testOptions()
	o.Env.Now = func() time.Time { return start.Add(time.Duration(clock.Load())) }
	s := open(t, o, Target{Name: "slow", URL: slowServer(t, &clock)})
	for rate, want := range map[float64]time.Duration{0: 100 * time.Millisecond, 100: 460 * time.Millisecond} {
		r, err := s.Run(context.Background(), Load{Workload: "get", Connections: 1, Duration: time.Hour, Operations: 5, Rate: rate, PageItems: 1})
		if err != nil || r.Requests != 5 || r.Histogram.Max() != want {
			t.Errorf("rate %v: %d requests, the slowest %s, want %s; %v %s", rate, r.Requests, r.Histogram.Max(), want, err, r.FirstError)
		}
	}
}

// An open loop that the server cannot follow ends with its time all the same: of
// a hundred requests that are due in a second, ten are sent.
func TestOpenLoopEnds(t *testing.T) {
	var clock atomic.Int64
	start := time.Now()
	o := testOptions()
	o.Env.Now = func() time.Time { return start.Add(time.Duration(clock.Load())) }
	s := open(t, o, Target{Name: "slow", URL: slowServer(t, &clock)})
	r, err := s.Run(context.Background(), Load{Workload: "get", Connections: 1, Duration: 950 * time.Millisecond, Rate: 100, PageItems: 1})
	if err != nil || r.Requests != 10 || r.Errors > 0 {
		t.Errorf("%d requests, %d errors, %v", r.Requests, r.Errors, err)
	}
}

// A pace below one request for the duration is told as what it was: one request in
// all of that time.
func TestSlowPace(t *testing.T) {
	s := open(t, testOptions(), Target{Name: "gramme", URL: newServer(t).URL()})
	l := Load{Workload: "get", Connections: 2, Duration: 100 * time.Millisecond, Rate: 0.5, PageItems: 1}
	r, err := s.Run(context.Background(), l)
	if err != nil || r.Requests != 1 || r.Seconds < 0.1 || r.PerSecond > 10 || r.pace() != "2 at 0.5/s" {
		t.Errorf("%d requests in %v s, %s: %v", r.Requests, r.Seconds, r.pace(), err)
	}
}

// What cannot be measured is refused before a table is made.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(*Options, *Target)
	}{
		{"not on this machine", func(_ *Options, t *Target) { t.URL = "http://192.0.2.1:8000" }},
		{"is no endpoint", func(_ *Options, t *Target) { t.URL = "127.0.0.1:8000" }},
		{"is no endpoint", func(_ *Options, t *Target) { t.URL = "http://127.0.0.1:8000/path" }},
		{"items: 1 is not from", func(o *Options, _ *Target) { o.Items = 1 }},
		{"items: 1005 is no multiple of 10", func(o *Options, _ *Target) { o.Items = 1005 }},
		{"the size of items: 1 is not from", func(o *Options, _ *Target) { o.Size = 1 }},
		{"indexes: 21 is not from", func(_ *Options, t *Target) { t.Indexes = 21 }},
		{"with 20 indexes it is at least", func(o *Options, t *Target) { o.Size, t.Indexes = SizeMin, 20 }},
		{"process 2147483647", func(_ *Options, t *Target) { t.PID = 1<<31 - 1 }},
		{"no server listens", func(_ *Options, t *Target) { t.URL = "http://127.0.0.1:1" }},
	} {
		o, target := testOptions(), Target{Name: "none", URL: "http://127.0.0.1:1"}
		c.change(&o, &target)
		_, err := Open(context.Background(), o, target)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want: %s", err, c.want)
		}
	}
}

// A server may end a connection that it has not used: the request is sent again,
// over a new one. What it answers with an error is told with its words.
func TestConnectionsEnd(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) == "refuse" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}`)
		}
	}))
	t.Cleanup(s.Close)
	e, err := parseEndpoint(context.Background(), s.URL, false)
	if err != nil {
		t.Fatal(err)
	}
	c := newConn(&e, base.RealEnv(), testOptions().Signer)
	for range 3 {
		if _, err := c.call(context.Background(), "GetItem", []byte("{}")); err != nil {
			t.Fatal(err)
		}
		s.CloseClientConnections()
	}
	_, err = c.call(context.Background(), "GetItem", []byte("refuse"))
	const want = "GetItem: status 400, com.amazonaws.dynamodb.v20120810#ResourceNotFoundException: Requested resource not found"
	if err == nil || err.Error() != want {
		t.Error(err)
	}
}

// Over TLS everything is the same; a certificate that nobody vouches for is
// refused, with what to do.
func TestTLS(t *testing.T) {
	s := httptest.NewTLSServer(newServer(t).Handler())
	t.Cleanup(s.Close)
	if _, err := Open(context.Background(), testOptions(), Target{URL: s.URL}); err == nil || !strings.Contains(err.Error(), "SSL_CERT_FILE") {
		t.Error(err)
	}
	e, err := parseEndpoint(context.Background(), s.URL, false)
	if err != nil {
		t.Fatal(err)
	}
	e.tls.RootCAs = s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	c := newConn(&e, base.RealEnv(), testOptions().Signer)
	defer c.close()
	if answer, err := c.call(context.Background(), "ListTables", []byte("{}")); err != nil || string(answer) != `{"TableNames":[]}` {
		t.Errorf("%s, %v", answer, err)
	}
}

func TestCompare(t *testing.T) {
	url := newServer(t).URL()
	one, two := open(t, testOptions(), Target{Name: "one", URL: url}), open(t, testOptions(), Target{Name: "two", URL: url})
	c, err := Compare(context.Background(), []*Subject{one, two}, testLoad("get"), 3)
	if err != nil {
		t.Fatal(err)
	}
	other := c.Servers[1]
	if len(other.Rounds) != 3 || other.Median.Requests != 600 || other.PerSec == nil || other.CPU != nil || c.Servers[0].PerSec != nil {
		t.Errorf("%+v", other)
	}
	if r := other.PerSec; r.Min > r.Median || r.Median > r.Max {
		t.Errorf("%+v", r)
	}
}
