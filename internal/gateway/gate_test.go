package gateway

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gramme-db/gramme/internal/wire"
)

func newGate(weightMax int64) *gate {
	g := new(gate)
	g.init(weightMax, 1<<30)
	return g
}

// TestGateOrder: the row is served in its order, a light one does not pass a
// heavy one, and one that goes away is not waited for.
func TestGateOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(10)
		if err := g.enter(t.Context(), 8); err != nil {
			t.Fatal(err)
		}
		entered := make(chan int64, 3)
		join := func(ctx context.Context, weight int64) {
			go func() {
				if err := g.enter(ctx, weight); err == nil {
					entered <- weight
				}
			}()
			synctest.Wait()
		}
		impatient, goAway := context.WithCancel(t.Context())
		join(impatient, 9)
		join(t.Context(), 6)
		join(t.Context(), 5)
		join(t.Context(), 1)
		if len(entered) != 0 || g.waiting.Load() != 4 {
			t.Fatalf("inside: %d, waiting: %d", len(entered), g.waiting.Load())
		}
		goAway()
		synctest.Wait()
		g.leave(8)
		if got := <-entered; got != 6 || g.used.Load() != 6 || g.waiting.Load() != 2 {
			t.Errorf("first came %d, used: %d, waiting: %d", got, g.used.Load(), g.waiting.Load())
		}
		g.leave(6)
		if sum := <-entered + <-entered; sum != 6 || g.used.Load() != 6 || g.waiting.Load() != 0 {
			t.Errorf("then came %d, used: %d, waiting: %d", sum, g.used.Load(), g.waiting.Load())
		}
	})
}

// TestGatePatience: nobody waits for longer than an answer is worth, and for less
// once the row has been standing.
func TestGatePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1)
		if err := g.enter(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		var waits sync.WaitGroup
		wait := func(want time.Duration) {
			waits.Go(func() {
				start := time.Now()
				err := g.enter(t.Context(), 1)
				if took := time.Since(start); !errors.Is(err, errGateTime) || took != want {
					t.Errorf("waited for %v (%v), want %v", took, err, want)
				}
			})
			synctest.Wait()
		}
		wait(gateWaitMax)
		<-time.After(gateStandingAfter / 2)
		wait(gateWaitMax)
		<-time.After(gateStandingAfter / 2)
		wait(gateStandingWaitMax)
		waits.Wait()
		if used, waiting := g.used.Load(), g.waiting.Load(); used != 1 || waiting != 0 {
			t.Errorf("used %d, waiting %d", used, waiting)
		}
		wait(gateWaitMax) // the row was empty
		waits.Wait()
	})
}

// TestGateFull: the row has an end.
func TestGateFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1)
		if err := g.enter(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		for range gateWaitersMax {
			go func() { _ = g.enter(t.Context(), 1) }()
		}
		synctest.Wait()
		if err := g.enter(t.Context(), 1); !errors.Is(err, errGateFull) {
			t.Errorf("beyond the row: %v", err)
		}
	})
}

// TestGateCrowd: no more is ever inside than may be, nobody is forgotten in the
// row, and in the end all is given back.
func TestGateCrowd(t *testing.T) {
	const weightMax, crowd, rounds = 7, 50, 400
	g := newGate(weightMax)
	var inside, refused atomic.Int64
	var all sync.WaitGroup
	for i := range crowd {
		rng := rand.New(rand.NewPCG(uint64(i), 1))
		all.Go(func() {
			for range rounds {
				ctx, cancel := context.WithCancel(t.Context())
				if rng.IntN(4) == 0 {
					go cancel()
				}
				weight := 1 + rng.Int64N(weightMax)
				if err := g.enter(ctx, weight); err != nil {
					refused.Add(1)
				} else {
					if now := inside.Add(weight); now > weightMax {
						t.Errorf("%d are inside", now)
					}
					inside.Add(-weight)
					g.leave(weight)
				}
				cancel()
			}
		})
	}
	all.Wait()
	if used, waiting := g.used.Load(), g.waiting.Load(); used != 0 || waiting != 0 || refused.Load() == crowd*rounds {
		t.Errorf("used %d, waiting %d, refused %d", used, waiting, refused.Load())
	}
}

// TestGateCost: as long as there is room, nothing is allocated.
func TestGateCost(t *testing.T) {
	g := newGate(2)
	got := testing.AllocsPerRun(100, func() {
		if err := g.enter(t.Context(), 1); err == nil {
			g.leave(1)
		}
	})
	if got != 0 {
		t.Errorf("%v allocations", got)
	}
}

// TestLoads holds what operations weigh.
func TestLoads(t *testing.T) {
	var g gates
	o := Options{WeightMax: 1024, MakingBytesMax: 4 * 32 << 20}
	g.init(o)
	for _, c := range []struct {
		load wire.Load
		want int64
	}{
		{wire.Load{}, 1},
		{wire.Load{AnswerBytes: 1 << 10}, 1},
		{wire.Load{AnswerBytes: 512 << 10}, 16}, // a 64th of the memory of a gate
		{wire.Load{AnswerBytes: 2 << 20}, weightMany},
		{wire.Load{AnswerBytes: 8 << 20}, 256},   // a quarter
		{wire.Load{AnswerBytes: 64 << 20}, 1024}, // more than there is: alone
	} {
		if got := g.load(c.load, o).weight; got != c.want {
			t.Errorf("%+v weighs %d, want %d", c.load, got, c.want)
		}
	}
	o.MakingBytesMax = 64 << 30
	g.init(o)
	if got := g.load(wire.Load{AnswerBytes: 64 << 20}, o).weight; got != weightMany {
		t.Errorf("with much memory it weighs %d, want %d", got, weightMany)
	}
}

// TestBodyWeight: what a body weighs follows the memory that it takes parsed, and
// a compressed one may be large.
func TestBodyWeight(t *testing.T) {
	options := testOptions()
	options.WeightMax = 1024
	options.MakingBytesMax = 4 * 64 << 20 // 64 KiB for each unit
	x := &exchange{g: New(options), r: newRequest("Echo", "")}
	for _, c := range []struct{ length, plain, compressed int64 }{
		{0, 0, 0},
		{100, 0, 25},
		{4 << 10, 1, 4128 / 4},
		{1 << 20, 256, 4096},
	} {
		x.r.Header.Del("Content-Encoding")
		plain := x.bodyWeight(int(c.length))
		x.r.Header.Set("Content-Encoding", "gzip")
		if compressed := x.bodyWeight(int(c.length)); plain != c.plain || compressed != c.compressed {
			t.Errorf("%d bytes weigh %d and %d, want %d and %d", c.length, plain, compressed, c.plain, c.compressed)
		}
	}
}

// TestTooManyOperations: beyond the limit a request waits, and is refused when it
// has waited for long; reads do not wait for writes.
func TestTooManyOperations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		op := newBlocking()
		options := op.options()
		options.WeightMax = 2
		options.Endpoints[0].Loads = map[string]wire.Load{"WhoAmI": {Reads: true, AnswerBytes: 1}}
		g := New(options)
		answers := make(chan int, 8)
		ask := func() { answers <- status(g, newRequest("Echo", "{}")) }
		go ask()
		go ask()
		synctest.Wait()
		start := time.Now()
		if got := status(g, newRequest("Echo", "{}")); got != http.StatusServiceUnavailable || time.Since(start) != gateWaitMax {
			t.Errorf("third operation: status %d after %v", got, time.Since(start))
		}
		if got := status(g, newRequest("WhoAmI", "{}")); got != http.StatusOK {
			t.Errorf("a read: status %d", got)
		}
		go ask() // waits, and gets its turn
		synctest.Wait()
		close(op.end)
		for range 3 {
			if got := <-answers; got != http.StatusOK {
				t.Errorf("operation within the limit: status %d", got)
			}
		}
	})
}

// TestCompressedBodyLightens: a compressed body weighs what it may become, until
// it is known what it is.
func TestCompressedBodyLightens(t *testing.T) {
	options := testOptions()
	var g *Gateway
	var inside int64
	options.Endpoints[0].Operations["Echo"] = wire.Operation{Name: "Echo", Call: func(_ context.Context, body, dst []byte) ([]byte, error) {
		inside = g.gates.writes.used.Load()
		return append(dst, body...), nil
	}}
	g = New(options)
	r := newRequest("Echo", encoded(t, "gzip", `{"a":"`+strings.Repeat("b", 100)+`"}`))
	r.Header.Set("Content-Encoding", "gzip")
	if got := status(g, r); got != http.StatusOK || inside != 1 {
		t.Errorf("status %d; a small body weighs %d where it is worked on", got, inside)
	}
	if used := g.gates.writes.used.Load(); used != 0 {
		t.Errorf("%d is left in the gate", used)
	}
}

func BenchmarkGate(b *testing.B) {
	g := newGate(weightMin)
	b.ReportAllocs()
	for b.Loop() {
		if g.enter(b.Context(), 1) == nil {
			g.leave(1)
		}
	}
}
