package overload

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gramme-db/gramme/test/process"
)

var (
	crowd = flag.Int("crowd", 3000, "how many connections flood the server")
	long  = flag.Duration("long", 4*time.Second, "for how long")
)

const (
	fewConnections = 64
	floodMax       = 10 * time.Second // for the slowest answer, on a machine that has other work
	floodLossMax   = 4                // to which part of its work the server may fall back, on such a machine
)

// sort of request: how often it is sent, and its text.
type sort struct {
	name    string
	percent int
	body    func(i int) (operation, body string)
}

func sorts() []sort {
	large := batchGet(25)
	return []sort{
		{"GetItem 1 KB", 60, func(i int) (string, string) { return "GetItem", getSmall(i) }},
		{"PutItem 1 KB", 30, func(i int) (string, string) { return "PutItem", putSmall(i) }},
		{"Query 1 MB", 5, func(int) (string, string) { return "Query", queryPage() }},
		{"BatchGetItem 4 MB", 2, func(int) (string, string) { return "BatchGetItem", large }},
		{"BatchWriteItem 100 KB", 3, func(i int) (string, string) { return "BatchWriteItem", batchWrite(i%50, 4<<10) }},
	}
}

// pick returns which sort is next.
func pick(sorts []sort, rng *rand.Rand) int {
	n := rng.IntN(100)
	for i, s := range sorts {
		if n -= s.percent; n < 0 {
			return i
		}
	}
	return 0
}

// phase is what came of a load that was sent for a while.
type phase struct {
	name string
	took time.Duration

	mu      sync.Mutex
	served  [][]time.Duration // by sort
	refused [][]time.Duration
	broken  int // connections that ended, or answers that are neither
	example string
}

// send has many connections send requests, each the next one when it has the
// answer.
func send(t *testing.T, server *process.Server, name string, connections int, took time.Duration) *phase {
	t.Helper()
	all := sorts()
	p := &phase{name: name, took: took, served: make([][]time.Duration, len(all)), refused: make([][]time.Duration, len(all))}
	var over atomic.Bool
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() { p.connection(server, all, uint64(i), &over) })
	}
	<-time.After(took)
	over.Store(true)
	wg.Wait()
	return p
}

func (p *phase) connection(server *process.Server, all []sort, seed uint64, over *atomic.Bool) {
	c, err := dial(server)
	if err != nil {
		p.note(0, answer{}, 0, err)
		return
	}
	defer c.Close()
	rng := rand.New(rand.NewPCG(seed, 0))
	for n := int(seed); !over.Load(); n++ {
		which := pick(all, rng)
		text := request(all[which].body(n))
		start := time.Now()
		got, err := c.exchange(text)
		p.note(which, got, time.Since(start), err)
		if err != nil {
			return
		}
	}
}

func (p *phase) note(which int, got answer, took time.Duration, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil && got.status == http.StatusOK:
		p.served[which] = append(p.served[which], took)
	case err == nil && got.status == http.StatusServiceUnavailable:
		p.refused[which] = append(p.refused[which], took)
	default:
		p.broken++
		p.example = fmt.Sprint(got, got.start, err)
	}
}

// quantile returns a quantile of times; it sorts them.
func quantile(times []time.Duration, q float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[min(int(q*float64(len(times))), len(times)-1)].Round(100 * time.Microsecond)
}

func (p *phase) report(t *testing.T) {
	t.Helper()
	for i, s := range sorts() {
		served, refused := p.served[i], p.refused[i]
		t.Logf("%-10s %-22s served %7.0f/s  p50 %8v  p99 %8v  max %8v   refused %5.1f %%  p50 %8v  p99 %8v", p.name, s.name,
			float64(len(served))/p.took.Seconds(), quantile(served, 0.5), quantile(served, 0.99), quantile(served, 1),
			100*float64(len(refused))/float64(max(1, len(served)+len(refused))), quantile(refused, 0.5), quantile(refused, 0.99))
	}
}

func (p *phase) total() (served, refused int) {
	for i := range p.served {
		served, refused = served+len(p.served[i]), refused+len(p.refused[i])
	}
	return served, refused
}

// TestFlood sends far more than the machine can do, and before and after it what
// it can do well: what is accepted is answered in time, the rest is refused, memory
// stays within its limit, work goes on being done, and afterwards all is as it was.
func TestFlood(t *testing.T) {
	server := start(t, fmt.Sprintf("GRAMME_MEMORY_LIMIT=%d", memoryLimit))
	fill(t, server)
	few := send(t, server, "few", fewConnections, *long/2)
	stop, worked := watch(t, server), cpu(server)
	many := send(t, server, "many", *crowd, *long)
	most := stop()
	worked = cpu(server) - worked
	again := afterwards(t, server)
	after := send(t, server, "after", fewConnections, *long/2)
	for _, p := range []*phase{few, many, after} {
		p.report(t)
		if p.broken > 0 {
			t.Errorf("%s: %d requests were neither served nor refused: %s", p.name, p.broken, p.example)
		}
		if slowest := p.slowest(); slowest > floodMax {
			t.Errorf("%s: an answer took %v", p.name, slowest)
		}
	}
	t.Logf("%d and %d connections: %.0f and %.0f requests a second served; CPU %v, memory at most %s of %s; a GetItem afterwards took %v",
		fewConnections, *crowd, few.rate(), many.rate(), worked, megabytes(most), megabytes(memoryLimit), again)
	if most > memoryLimit {
		t.Errorf("memory %s", megabytes(most))
	}
	if many.rate() < few.rate()/floodLossMax || after.rate() < few.rate()/floodLossMax {
		t.Errorf("from %.0f requests a second to %.0f in the flood and %.0f after it", few.rate(), many.rate(), after.rate())
	}
}

func (p *phase) rate() float64 {
	served, _ := p.total()
	return float64(served) / p.took.Seconds()
}

func (p *phase) slowest() (slowest time.Duration) {
	for i := range p.served {
		slowest = max(slowest, quantile(p.served[i], 1), quantile(p.refused[i], 1))
	}
	return slowest
}

// afterwards tells how long a small request takes as soon as the flood is over.
func afterwards(t *testing.T, server *process.Server) time.Duration {
	t.Helper()
	c := mustDial(t, server)
	start := time.Now()
	mustExchange(t, c, "GetItem", getSmall(0))
	return time.Since(start)
}
