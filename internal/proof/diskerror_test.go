package proof

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestDiskErrors lets the disk refuse one kind of operation after the other,
// for good, or for tables a few times, with EIO and with ENOSPC, under the load of the power cuts.
// Writes are refused as AWS refuses what its clients are to try again, or go on
// where the server can do without; whatever was shown stays readable. After the
// disk is mended, a server starts on it without a hand, and all that was
// acknowledged is there: on the disk as it is, and on what a power cut at that
// moment would have left.
//
// It would fail if an error of the disk were lost on its way to the answer, if a
// write were answered after a sync that failed, or if reads ended with the writes.
func TestDiskErrors(t *testing.T) {
	points := durablePoints(t)
	refused := 0
	rounds(t, len(points), func(seed uint64) {
		refused += errorRound(t, points[int(seed%uint64(len(points)))], seed)
	}, func() string { return fmt.Sprintf("%d writes refused at %d points", refused, len(points)) })
	if refused == 0 {
		t.Error("no write was refused")
	}
}

// durablePoints returns the points that a running server meets.
func durablePoints(t *testing.T) (points []string) {
	text, err := os.ReadFile("testdata/points.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if !strings.HasPrefix(line, "rarely ") {
			points = append(points, line)
		}
	}
	return points
}

// tableFailures is how often a table cannot be made, written or synced. The
// server tries again meanwhile, and refuses writes. How it fares when tables fail
// for good is in fulldisk_test.go.
const tableFailures = 5

// errorRound runs a load while the disk fails at a point, and returns how many
// writes were refused.
func errorRound(t *testing.T, point string, seed uint64) (refused int) {
	errno := []syscall.Errno{syscall.EIO, syscall.ENOSPC}[seed/3%2]
	var failing atomic.Bool
	var failures atomic.Int64
	mem := vfs.NewCrashableMem()
	s := mustOpen(t, watch(mem, func(at string) error {
		if failing.Load() && at == point && (!strings.HasSuffix(point, " table") || failures.Add(1) <= tableFailures) {
			return &os.PathError{Op: at, Path: dataDir, Err: errno}
		}
		return nil
	}))
	book := newLedger()
	l := &load{t: t, handler: s.Handler(), ledger: book}
	l.create()
	l.run(2*seed, 10)
	failing.Store(true)
	l.broken = true
	l.run(2*seed+1, callsEach)
	after := book.promise()
	after.seal()
	readOn(t, s.Handler(), after, point)
	left := mem.CrashClone(vfs.CrashCloneCfg{})
	_ = shut(s) // it says what it could not do
	for name, fs := range map[string]*vfs.MemFS{"mended": mem, "cut off and mended": left} {
		engine, err := openEngine(fs)
		if err != nil {
			t.Errorf("%s: %s at %s: %v", name, errno, point, err)
			continue
		}
		(&cut{points: fmt.Sprintf("%s at %s, %s", errno, point, name)}).tell(t, verify(engine, after))
	}
	return l.refused.total()
}

// readOn shows that the server still tells everything that was acknowledged.
func readOn(t *testing.T, h http.Handler, p *promise, point string) {
	v := &verifier{handler: h}
	v.wrong = append(v.wrong, p.check(v.numbers())...)
	(&cut{points: "an error at " + point + ", in what is read on"}).tell(t, v.wrong)
}
