package proof

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// fault is what ends a life of a server, other than good order: it strikes at
// some operation on a file, once it is armed.
type fault struct {
	mu     sync.Mutex
	after  int // operations until it strikes
	armed  bool
	gone   bool                     // it has struck
	strike func()                   // at that moment; nil: nothing ever strikes
	fail   func(point string) error // what operations return from then on; nil: nothing
	rest   func() *vfs.MemFS        // what the next life begins on; nil: the same disk
}

func (s *stage) noFault() *fault { return &fault{} }

// powerCut leaves what was synced, and some part of what was not. The server
// goes on, and nobody hears it.
func (s *stage) powerCut() *fault {
	var left *vfs.MemFS
	chance := rand.New(rand.NewPCG(s.chance.Uint64(), 0))
	return &fault{after: s.chance.IntN(strikesOver), rest: func() *vfs.MemFS { return left }, strike: func() {
		s.cut()
		left = s.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 0, 50, 100}[chance.IntN(4)], RNG: chance})
	}}
}

// diskError lets one kind of operation fail. The next life begins on the mended
// disk, or on what a power cut would have left of it.
func (s *stage) diskError() *fault {
	points := append(slices.Repeat([]string{"write log", "sync log"}, 8), durablePoints(s.t)...)
	at := points[s.chance.IntN(len(points))]
	errno := []syscall.Errno{syscall.EIO, syscall.ENOSPC}[s.chance.IntN(2)]
	f := &fault{after: s.chance.IntN(strikesOver), strike: func() {}}
	failures := 0
	f.fail = func(point string) error {
		if point != at || strings.HasSuffix(at, " table") && failures == tableFailures {
			return nil
		}
		failures++
		return &os.PathError{Op: at, Path: dataDir, Err: errno}
	}
	if s.chance.IntN(2) == 0 {
		f.rest = func() *vfs.MemFS { return s.mem.CrashClone(vfs.CrashCloneCfg{}) }
	}
	return f
}

func (f *fault) arm() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = f.strike != nil
}

// at is called before each operation.
func (f *fault) at(point string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.countLocked()
	if f.gone && f.fail != nil {
		return f.fail(point)
	}
	return nil
}

func (f *fault) countLocked() {
	if !f.armed || f.gone {
		return
	}
	if f.after--; f.after < 0 {
		f.gone = true
		f.strike()
	}
}

// strikeNow ends the life, when the fault has not come by itself.
func (f *fault) strikeNow() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.after = 0
	f.countLocked()
}

func (f *fault) struck() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gone
}

// broken reports whether calls may fail.
func (f *fault) broken() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gone && f.fail != nil
}

// left returns the disk of the next life; nil: the same.
func (f *fault) left() *vfs.MemFS {
	if f.rest == nil {
		return nil
	}
	return f.rest()
}
