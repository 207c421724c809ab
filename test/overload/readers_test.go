package overload

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gramme-db/gramme/test/process"
)

const (
	memoryLimit    = 1 << 30
	readers        = 600
	pollerPause    = 5 * time.Millisecond
	firstBytesWait = 15 * time.Second
	refusedMax     = 10 * time.Second // how long a refusal takes, with a machine that has other work
	smallMax       = 10 * time.Second // likewise a small request meanwhile
)

// TestSlowReaders has many clients ask for 16 MB each and read no more than the
// status. Their answers stay within the memory limit, all others are refused
// soon, and small requests go on being answered.
func TestSlowReaders(t *testing.T) {
	server := start(t, fmt.Sprintf("GRAMME_MEMORY_LIMIT=%d", memoryLimit))
	fill(t, server)
	for _, c := range []struct{ name, operation, body string }{
		{"BatchGetItem", "BatchGetItem", batchGet(largeItems)},
		{"Query", "Query", queryPage()},
	} {
		t.Run(c.name, func(t *testing.T) {
			stop, quit := watch(t, server), poll(t, server)
			answered, refused, conns := readNothing(t, server, request(c.operation, c.body))
			small := quit()
			most := stop()
			t.Logf("%d clients: %d answers begun, %d refused, p50 %v, max %v; memory at most %s of %s; meanwhile %d GetItems, p99 %v, max %v",
				readers, answered, len(refused), quantile(refused, 0.5), quantile(refused, 1), megabytes(most), megabytes(memoryLimit),
				len(small), quantile(small, 0.99), quantile(small, 1))
			if answered == 0 || answered+len(refused) != readers {
				t.Errorf("%d of %d clients have heard nothing", readers-answered-len(refused), readers)
			}
			if most > memoryLimit {
				t.Errorf("memory %s", megabytes(most))
			}
			if quantile(refused, 1) > refusedMax || len(small) == 0 || quantile(small, 1) > smallMax {
				t.Errorf("the slowest refusal took %v, the slowest of %d small requests %v", quantile(refused, 1), len(small), quantile(small, 1))
			}
			for _, c := range conns {
				_ = c.Close()
			}
			recovers(t, server, c.operation, c.body)
		})
	}
}

// readNothing sends one request on each of many connections, and reads the head
// of the answer at most.
func readNothing(t *testing.T, server *process.Server, text string) (answered int, refused []time.Duration, conns []net.Conn) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range readers {
		c := mustDial(t, server)
		_ = c.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		conns = append(conns, c)
		wg.Go(func() {
			start := time.Now()
			_ = c.SetDeadline(start.Add(firstBytesWait))
			if _, err := c.Write([]byte(text)); err != nil {
				return
			}
			got, err := http.ReadResponse(c.answers, nil)
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			switch got.StatusCode {
			case http.StatusOK:
				answered++
			case http.StatusServiceUnavailable:
				refused = append(refused, time.Since(start))
			}
		})
	}
	wg.Wait()
	return answered, refused, conns
}

// poll reads small items one after the other until quit, which returns how long
// each took.
func poll(t *testing.T, server *process.Server) (quit func() []time.Duration) {
	t.Helper()
	over, done := make(chan struct{}), make(chan []time.Duration)
	go func() {
		c := mustDial(t, server)
		var times []time.Duration
		for i := 0; ; i++ {
			select {
			case <-over:
				done <- times
				return
			case <-time.After(pollerPause):
			}
			start := time.Now()
			got, err := c.exchange(request("GetItem", getSmall(i)))
			if err != nil || got.status != http.StatusOK {
				t.Errorf("a small request: %v %s %v", got, got.start, err)
				<-over
				done <- times
				return
			}
			times = append(times, time.Since(start))
		}
	}()
	return func() []time.Duration {
		close(over)
		return <-done
	}
}

// recovers waits until a request goes well again.
func recovers(t *testing.T, server *process.Server, operation, body string) {
	t.Helper()
	start := time.Now()
	for {
		got, err := mustDial(t, server).exchange(request(operation, body))
		switch {
		case err == nil && got.status == http.StatusOK:
			t.Logf("answered again %v later", time.Since(start).Round(time.Millisecond))
			return
		case time.Since(start) > refusedMax:
			t.Fatalf("not answered again: %v %s %v", got, got.start, err)
		}
	}
}
