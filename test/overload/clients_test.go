package overload

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gramme-db/gramme/test/process"
)

const (
	silentClients    = 2000
	slowClients      = 1000
	tricklePause     = 500 * time.Millisecond
	headEndsAfter    = 10 * time.Second // of the server: heads, and small bodies in the express lane
	endSlack         = 8 * time.Second  // on a machine that has other work
	perClientMax     = 48 << 10         // bytes of the server's memory
	pipelinedClients = 50
	pipelinedEach    = 500
	comeAndGo        = 3000
)

// TestBadClients has clients that come and do not do what clients do, all at
// once, while others are served.
func TestBadClients(t *testing.T) {
	server := start(t, fmt.Sprintf("GRAMME_MEMORY_LIMIT=%d", hostileLimit))
	fill(t, server)
	stop, quit := watch(t, server), poll(t, server)
	began := time.Now()
	crowds := []*crowdOf{
		enter(t, server, "connect and say nothing", silentClients, ""),
		enter(t, server, "heads that trickle in", slowClients, head("GetItem", 10)[:40]),
		enter(t, server, "bodies of 1 KB that trickle in", slowClients, head("GetItem", 1<<10)+"{"),
		enter(t, server, "bodies of 16 MB that trickle in", slowClients, head("PutItem", 16<<20)+"{"),
	}
	pipeline(t, server)
	comeAndLeave(t, server)
	for _, c := range crowds[:3] {
		c.wait()
		ended := int(c.ended.Load())
		t.Logf("%-33s %5d clients, %5d let go of after %v to %v, %4d bytes of memory each", c.name, len(c.clients), ended,
			c.first().Round(100*time.Millisecond), c.last().Round(100*time.Millisecond), c.each)
		if ended != len(c.clients) {
			t.Errorf("%s: %d of %d clients were let go of", c.name, ended, len(c.clients))
		}
	}
	large := crowds[3]
	t.Logf("%-33s %5d clients, %d bytes of memory each; they have a minute", large.name, len(large.clients), large.each)
	small := quit()
	most := stop()
	t.Logf("memory at most %s of %s; meanwhile %d GetItems in %v, p50 %v, p99 %v, max %v", megabytes(most), megabytes(hostileLimit),
		len(small), time.Since(began).Round(time.Second), quantile(small, 0.5), quantile(small, 0.99), quantile(small, 1))
	if most > hostileLimit || quantile(small, 1) > smallMax {
		t.Errorf("memory %s, the slowest small request took %v", megabytes(most), quantile(small, 1))
	}
	large.leave()
}

// crowdOf is many clients that have all said the same and then say a byte now
// and then.
type crowdOf struct {
	name    string
	clients []*client
	each    int64 // bytes of the server's memory for a client
	over    chan struct{}
	readers sync.WaitGroup
	ended   atomic.Int64

	mu    sync.Mutex
	times []time.Duration // how long each was let in
}

func enter(t *testing.T, server *process.Server, name string, n int, beginning string) *crowdOf {
	t.Helper()
	c := &crowdOf{name: name, over: make(chan struct{})}
	before := resident(server)
	for range n {
		one := mustDial(t, server)
		if _, err := io.WriteString(one, beginning); err != nil {
			t.Fatal(err)
		}
		c.clients = append(c.clients, one)
		began := time.Now()
		c.readers.Go(func() { c.read(one, began) })
	}
	mustExchange(t, mustDial(t, server), "GetItem", getSmall(0)) // the last one has been accepted
	c.each = (resident(server) - before) / int64(n)
	if c.each > perClientMax {
		t.Errorf("%s: %d bytes for each", name, c.each)
	}
	if beginning != "" {
		go c.trickle()
	}
	return c
}

// read waits for the end of the connection.
func (c *crowdOf) read(one *client, began time.Time) {
	_ = one.SetReadDeadline(began.Add(headEndsAfter + endSlack))
	_, err := io.Copy(io.Discard, one)
	if timeout, ok := err.(interface{ Timeout() bool }); ok && timeout.Timeout() {
		return
	}
	c.ended.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times = append(c.times, time.Since(began))
}

func (c *crowdOf) trickle() {
	tick := time.NewTicker(tricklePause)
	defer tick.Stop()
	for {
		select {
		case <-c.over:
			return
		case <-tick.C:
		}
		for _, one := range c.clients {
			_, _ = one.Write([]byte{' '}) // fails when the server has let go of it
		}
	}
}

func (c *crowdOf) wait() {
	c.readers.Wait()
	close(c.over)
}

func (c *crowdOf) leave() {
	for _, one := range c.clients {
		_ = one.Close()
	}
	c.wait()
}

func (c *crowdOf) first() time.Duration { return quantile(c.times, 0) }
func (c *crowdOf) last() time.Duration  { return quantile(c.times, 1) }

// pipeline sends many requests without reading an answer, and then reads all.
func pipeline(t *testing.T, server *process.Server) {
	t.Helper()
	before := resident(server)
	start := time.Now()
	text := strings.Repeat(request("GetItem", getSmall(1)), pipelinedEach)
	clients := make([]*client, pipelinedClients)
	for i := range clients {
		clients[i] = mustDial(t, server)
		go func() { _, _ = io.WriteString(clients[i], text) }()
	}
	var grown int64
	for _, c := range clients {
		_ = c.SetReadDeadline(time.Now().Add(hostileMax))
		for i := range pipelinedEach {
			got, err := c.read()
			if err != nil || got.status != http.StatusOK && got.status != http.StatusServiceUnavailable {
				t.Fatalf("answer %d of a pipeline: %v (%v)", i, got, err)
			}
		}
		grown = max(grown, resident(server)-before)
	}
	t.Logf("%-33s %5d clients with %d requests each, all answered in %v, memory grew by %s", "pipelines that nobody reads from",
		pipelinedClients, pipelinedEach, time.Since(start).Round(time.Millisecond), megabytes(grown))
}

// comeAndLeave connects and leaves again, in the middle of a request.
func comeAndLeave(t *testing.T, server *process.Server) {
	t.Helper()
	start := time.Now()
	text := request("GetItem", getSmall(1))
	for i := range comeAndGo {
		c, err := dial(server)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, text[:i*len(text)/comeAndGo])
		_ = c.Close()
	}
	t.Logf("%-33s %5d clients in %v", "come and leave in mid-sentence", comeAndGo, time.Since(start).Round(time.Millisecond))
}
