package proof

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestFullDisk lets the disk take no more sorted tables, at each point of
// writing one, until it is told otherwise, as a full one does while it takes
// the log. Far more is written than memory holds. Every write is answered: done,
// or refused as what clients are to try again; reads go on. When there is room
// again, the same server takes writes without a hand, and all that was
// acknowledged is there, as it is after a power cut in the middle.
//
// It would fail if a write waited for the disk's recovery, if reads waited with
// the writes, or if it took a restart to go on.
func TestFullDisk(t *testing.T) {
	points := []string{"create table", "write table", "sync table"}
	refused := 0
	rounds(t, len(points), func(seed uint64) {
		refused += fullRound(t, points[int(seed%uint64(len(points)))], seed)
	}, func() string { return fmt.Sprintf("%d writes refused at %d points", refused, len(points)) })
}

const (
	floodMax  = 4 << 20          // bytes written by each client: many times what memtables hold
	answerMax = 10 * time.Second // far more than any answer takes on a busy machine, far less than a disk may stay full
)

func fullRound(t *testing.T, point string, seed uint64) (refused int) {
	errno := []syscall.Errno{syscall.ENOSPC, syscall.EIO}[seed/3%2]
	var full atomic.Bool
	mem := vfs.NewCrashableMem()
	s := mustOpen(t, watch(mem, func(at string) error {
		if full.Load() && at == point {
			return &os.PathError{Op: at, Path: dataDir, Err: errno}
		}
		return nil
	}))
	book := newLedger()
	l := &load{t: t, handler: s.Handler(), ledger: book}
	l.create()
	l.run(2*seed, 10)
	full.Store(true)
	l.broken = true
	l.flood(seed)
	l.run(2*seed+1, callsEach)
	refused = l.refused.total()
	if refused < callsEach {
		t.Errorf("%d writes were refused on a disk that takes no tables", refused)
	}
	during := book.promise()
	left := mem.CrashClone(vfs.CrashCloneCfg{})
	during.seal()
	readOn(t, s.Handler(), during, point)
	full.Store(false)
	l.awaitRoom()
	l.broken = false
	l.run(2*seed+2, callsEach)
	after := book.promise()
	after.seal()
	readOn(t, s.Handler(), after, point)
	if err := shut(s); err != nil {
		t.Error(err)
	}
	for name, was := range map[string]struct {
		fs      *vfs.MemFS
		promise *promise
	}{"with room again": {mem, after}, "cut off and mended": {left, during}} {
		engine, err := openEngine(was.fs)
		if err != nil {
			t.Errorf("%s: %s at %s: %v", name, errno, point, err)
			continue
		}
		(&cut{points: fmt.Sprintf("%s at %s, %s", errno, point, name)}).tell(t, verify(engine, was.promise))
	}
	return refused
}

// flood lets all clients write more large items than memory has room for. It
// fails when one waits for longer than that.
func (l *load) flood(seed uint64) {
	var all sync.WaitGroup
	for id := range clients {
		all.Go(func() {
			c := &client{load: l, id: id, chance: rand.New(rand.NewPCG(seed, uint64(id)))}
			pad := strings.Repeat("x", 20<<10)
			for written := 0; written < floodMax; written += len(pad) {
				name := c.register()
				n := c.fresh(name)
				c.write(name, n, "PutItem", fmt.Sprintf(`{"TableName":"items","Item":{%s,"n":{"N":"%d"},"pad":{"S":"%s"}}}`, key(name), n, pad))
			}
		})
	}
	written := make(chan struct{})
	go func() { all.Wait(); close(written) }()
	select {
	case <-written:
	case <-time.After(answerMax):
		l.t.Fatalf("writes wait for a disk that takes no tables")
	}
}

// awaitRoom tries again, as a client does, until a write is taken.
func (l *load) awaitRoom() {
	for begin := time.Now(); time.Since(begin) < answerMax; runtime.Gosched() {
		if call(l.handler, "PutItem", `{"TableName":"items","Item":{"pk":{"S":"doomed"},"sk":{"S":"room"}}}`).ok() {
			return
		}
	}
	l.t.Fatal("no write is taken when there is room again")
}
