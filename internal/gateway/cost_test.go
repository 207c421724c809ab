//go:build !race

// The race detector has sync.Pool forget at random, which costs allocations.

package gateway

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/gramme-db/gramme/internal/wire"
)

// sink is a ResponseWriter that costs nothing itself.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }

// costly is a good request that can be sent again and again, to an operation
// that costs nothing.
func costly() (send func() int) {
	options := testOptions()
	options.Endpoints[0].Operations["Echo"] = wire.Operation{
		Name: "Echo", Call: func(_ context.Context, body, dst []byte) ([]byte, error) { return append(dst, body...), nil },
	}
	g := New(options)
	text := []byte(`{"TableName":"Music","Key":{"Artist":{"S":"No One You Know"},"SongTitle":{"S":"Call Me Today"}},"ConsistentRead":true}`)
	body := bytes.NewReader(text)
	r := newRequest("Echo", string(text))
	r.Body = io.NopCloser(body)
	w := &sink{header: http.Header{}}
	return func() int {
		body.Reset(text)
		clear(w.header)
		g.ServeHTTP(w, r)
		return w.status
	}
}

// TestAllocations holds what the gateway adds to an operation: the exchange, the
// request id, the body, the context, the checksum and the length of the answer.
func TestAllocations(t *testing.T) {
	send := costly()
	if got := send(); got != http.StatusOK {
		t.Fatalf("status %d", got)
	}
	const want = 6
	if got := testing.AllocsPerRun(200, func() { send() }); got != want {
		t.Errorf("%v allocations, want %d", got, want)
	}
}

func BenchmarkGateway(b *testing.B) {
	send := costly()
	b.ReportAllocs()
	for b.Loop() {
		send()
	}
}
