package proof

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv/pebble"
)

// TestLazyPowerCuts lets power fail as TestPowerCuts does, under servers that
// answer writes before they are durable. What is left is the beginning of what
// each client has written, in order: the newest writes may be missing, and no
// others; each is there whole or not at all; indexes, counts, expiries, journals
// and streams agree with the items. When the clients have been quiet for a while,
// nothing is missing.
//
// It would fail if the log were not written in the order of commits, if a part of
// a commit could be left, if what was flushed to tables overtook the log, or if
// nothing synced the log when no more writes come.
func TestLazyPowerCuts(t *testing.T) {
	var hit tally
	modes := []pebble.Durability{pebble.Interval, pebble.None}
	rounds(t, len(modes), func(seed uint64) { lazyRound(t, modes[seed%2], seed, &hit) }, func() string {
		return fmt.Sprintf("%d cuts", hit.total())
	})
}

const lazyCutsEach = 50 // of one server, chosen of many more

func lazyRound(t *testing.T, durability pebble.Durability, seed uint64, hit *tally) {
	book := newLedger()
	c := &cutter{mem: vfs.NewCrashableMem(), chance: rand.New(rand.NewPCG(seed, 104)), ledger: book, hit: hit}
	engine, err := openLazy(watch(c.mem, c.at), durability)
	if err != nil {
		t.Fatal(err)
	}
	s, err := openServer(engine)
	if err != nil {
		t.Fatal(err)
	}
	l := &load{t: t, handler: s.Handler(), ledger: book}
	l.create()
	l.run(seed, callsEach)
	awaitDurable(t, c.mem, book)
	cuts := c.take()
	if err := shut(s); err != nil {
		t.Error(err)
	}
	c.chance.Shuffle(len(cuts), func(i, j int) { cuts[i], cuts[j] = cuts[j], cuts[i] })
	for _, cut := range cuts[:min(len(cuts), lazyCutsEach)] {
		cut.verifyLazy(t)
	}
}

// verifyLazy starts a server on what is left.
func (x *cut) verifyLazy(t *testing.T) {
	x.promise.receipts = nil // a token is lost with its transaction
	for name := range x.promise.acked {
		x.promise.acked[name] = 0
	}
	x.promise.prefix = true
	engine, err := openEngine(x.fs)
	if err != nil {
		t.Errorf("after a cut at %s: %v", x.points, err)
		return
	}
	x.tell(t, verify(engine, x.promise))
}

// awaitDurable cuts power again and again until nothing is missing.
func awaitDurable(t *testing.T, mem *vfs.MemFS, book *ledger) {
	t.Helper()
	for begin := time.Now(); ; {
		p := book.promise()
		left := mem.CrashClone(vfs.CrashCloneCfg{})
		p.seal()
		engine, err := openEngine(left)
		if err != nil {
			t.Fatal(err)
		}
		wrong := verify(engine, p)
		if len(wrong) == 0 {
			return
		}
		if time.Since(begin) > answerMax {
			t.Fatalf("some is still not durable:\n\t%s", strings.Join(wrong, "\n\t"))
		}
	}
}

// checkPrefix returns what is wrong with numbers that should be those of a
// moment: for each client, all of its calls up to one, and none after it.
func (p *promise) checkPrefix(found map[string]int) (wrong []string) {
	for id := range clients {
		client := fmt.Sprintf("c%d/", id)
		if p.moment(client, found) < 0 {
			wrong = append(wrong, fmt.Sprintf("what client %s has written is not there up to some moment: %v", client, found))
		}
	}
	return wrong
}

// moment returns the last call up to which what a client has written is there
// and all that comes after it is not; less than 0 if there is none.
func (p *promise) moment(client string, found map[string]int) int {
	tick := p.ledger.ticks
	for tick >= 0 && !p.fitsAt(tick, client, found) {
		tick--
	}
	return tick
}

// lost returns how many calls of a client are missing.
func (p *promise) lost(client string, found map[string]int) int {
	moment, calls := p.moment(client, found), map[int]bool{}
	for name, r := range p.ledger.registers {
		for _, tick := range r.ticks {
			if strings.HasPrefix(name, client) && tick > moment {
				calls[tick] = true
			}
		}
	}
	return len(calls)
}

// fitsAt reports whether the numbers of a client are those after a call; of the
// writes of that call each may be there or not, as in a batch.
func (p *promise) fitsAt(tick int, client string, found map[string]int) bool {
	for name, r := range p.ledger.registers {
		if !strings.HasPrefix(name, client) {
			continue
		}
		last := 0
		for i := range p.sent[name] + 1 {
			if r.ticks[i] <= tick {
				last = i
			}
		}
		fits := found[name] == r.states[last]
		if r.ticks[last] == tick && last > 0 {
			fits = fits || found[name] == r.states[last-1]
		}
		if !fits {
			return false
		}
	}
	return true
}

// TestPrefixNotices shows that a write that is there without one before it is
// noticed, and that writes of one call may be there or not.
func TestPrefixNotices(t *testing.T) {
	l := newLedger()
	l.send(l.tick(), "c0/a", 1)
	l.send(l.tick(), "c0/b", 2)
	batch := l.tick()
	l.send(batch, "c0/a", 3)
	l.send(batch, "c0/b", 4)
	p := l.promise()
	p.seal()
	for _, c := range []struct {
		a, b int
		fits bool
	}{{0, 0, true}, {1, 0, true}, {1, 2, true}, {3, 2, true}, {1, 4, true}, {3, 4, true}, {0, 2, false}, {3, 0, false}} {
		wrong := p.checkPrefix(map[string]int{"c0/a": c.a, "c0/b": c.b})
		if c.fits != (len(wrong) == 0) {
			t.Errorf("%+v: %q", c, wrong)
		}
	}
}
