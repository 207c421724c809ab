package proof

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestPowerCuts lets power fail at random operations on files, under a load of
// all kinds of writes, while a server starts, while it ends, and while it
// recovers from an earlier cut. Of what was not synced some random part is left.
// Each time a server starts on what is left, and everything that was
// acknowledged must be there, nothing half done, with indexes, counts, expiries,
// journals and streams that agree with the items.
//
// It would fail if an answer were sent before its log is synced, if a commit
// were more than one write of the log, if a file were used before its directory
// is synced, or if a restart did anything that cannot be interrupted. It fails
// too when one of the places in testdata/points.txt was not cut at.
func TestPowerCuts(t *testing.T) {
	var hit tally
	rounds(t, 1, func(seed uint64) { cutRound(t, seed, &hit) }, func() string {
		return fmt.Sprintf("%d cuts at %d points", hit.total(), len(hit.names()))
	})
	hit.checkAllHit(t)
}

const (
	lives     = 3 // how often the server starts; the third time it has an old manifest to remove
	callsEach = 30
)

// cutRound runs a server on one disk a few times, then opens what each of the cuts
// has left.
func cutRound(t *testing.T, seed uint64, hit *tally) {
	book := newLedger()
	c := &cutter{mem: vfs.NewCrashableMem(), chance: rand.New(rand.NewPCG(seed, 100)), ledger: book, hit: hit}
	disk := watch(c.mem, c.at)
	for life := range uint64(lives) {
		s := mustOpen(t, disk)
		l := &load{t: t, handler: s.Handler(), ledger: book}
		l.create()
		l.run(seed*lives+life, callsEach)
		if err := shut(s); err != nil {
			t.Error(err)
		}
	}
	for _, cut := range c.take() {
		cut.verify(t, hit)
	}
}

// cut is what a power cut leaves.
type cut struct {
	points  string // where it was; where there are two, the second one was in the restart after the first
	seed    uint64
	fs      *vfs.MemFS
	promise *promise
}

// verify starts a server on what is left, and cuts power while it does.
func (x *cut) verify(t *testing.T, hit *tally) {
	chance := rand.New(rand.NewPCG(x.seed, 101))
	c := &cutter{mem: x.fs, chance: chance, sealed: x.promise, hit: hit, before: x.points + ", then ", most: 1}
	fs := vfs.FS(x.fs)
	if x.promise.ledger != nil && !strings.Contains(x.points, ", then ") && chance.IntN(3) == 0 {
		fs = watch(x.fs, c.at)
	}
	engine, err := openEngine(fs)
	if err != nil {
		t.Errorf("after a cut at %s: %v", x.points, err)
		return
	}
	x.tell(t, verify(engine, x.promise))
	for _, again := range c.take() {
		again.verify(t, hit)
	}
}

func (x *cut) tell(t *testing.T, wrong []string) {
	if len(wrong) > 0 {
		t.Errorf("after a cut at %s:\n\t%s", x.points, strings.Join(wrong[:min(len(wrong), 8)], "\n\t"))
	}
}

// cutter decides where power fails. The server that it happens to goes on: what
// the cut would have left is set aside.
type cutter struct {
	mem    *vfs.MemFS
	ledger *ledger  // what clients do meanwhile
	sealed *promise // or what was promised before they stopped
	hit    *tally
	before string
	most   int // cuts; 0: no bound

	mu     sync.Mutex
	chance *rand.Rand
	seen   tally
	cuts   []*cut
}

// cutsOften is how many of the first operations at a point are cut at; of the
// later ones fewer and fewer.
const cutsOften = 4

// at is called before each operation.
func (c *cutter) at(point string) error {
	n := c.seen.add(point)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.most > 0 && (len(c.cuts) == c.most || c.chance.IntN(10) > 0) {
		return nil
	}
	if c.chance.IntN(n) >= cutsOften {
		return nil
	}
	p := c.sealed
	if p == nil {
		p = c.ledger.promise()
	}
	left := c.mem.CrashClone(vfs.CrashCloneCfg{
		UnsyncedDataPercent: []int{0, 0, 30, 70, 100}[c.chance.IntN(5)],
		RNG:                 rand.New(rand.NewPCG(c.chance.Uint64(), 0)),
	})
	if c.sealed == nil {
		p.seal()
	}
	c.hit.add(point)
	c.cuts = append(c.cuts, &cut{points: c.before + point, seed: c.chance.Uint64(), fs: left, promise: p})
	return nil
}

// take returns the cuts so far.
func (c *cutter) take() []*cut {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.cuts)
}
