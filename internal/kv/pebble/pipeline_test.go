package pebble_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

// While one sync of the log is under way, updates of one key follow each other,
// and nobody is told before it is over: neither readers, nor updates that write
// nothing, nor those whose group is in flight. If it fails, all of them fail,
// and the key is what it was.
func TestPipeline(t *testing.T) {
	t.Run("synced", func(t *testing.T) { testPipeline(t, nil) })
	t.Run("failed", func(t *testing.T) { testPipeline(t, io.ErrUnexpectedEOF) })
}

const hotUpdates = 8

func testPipeline(t *testing.T, outcome error) {
	mem := vfs.NewCrashableMem()
	var hold bool // set while nothing else is running
	waiting, release := make(chan struct{}, 100), make(chan struct{})
	s := openStore(t, pebble.Options{Dir: "data", FS: errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if !isSync(op) || !strings.HasSuffix(op.Path, ".log") || !hold {
			return nil
		}
		waiting <- struct{}{}
		<-release
		return outcome
	}))})
	if err := set(s, "hot", "0"); err != nil {
		t.Fatal(err)
	}
	hold = true
	began, ended := make(chan string, hotUpdates), make(chan error, hotUpdates)
	for range hotUpdates {
		go func() { ended <- increment(s, began) }()
	}
	for i := range hotUpdates { // each sees the one before it, though that is not durable
		if got := <-began; got != strconv.Itoa(i) {
			t.Errorf("update %d sees %q", i, got)
		}
	}
	<-waiting
	checkNothingTold(t, s)
	if got := after(t, mem, "hot"); got != "0" {
		t.Errorf("after a power cut: %q", got)
	}
	if len(ended) > 0 {
		t.Error("an update was answered before its sync")
	}
	close(release)
	for range hotUpdates {
		err := <-ended
		if outcome == nil && err != nil || outcome != nil && !errors.Is(err, kv.ErrUnavailable) {
			t.Errorf("an update ends with %v", err)
		}
	}
	want := strconv.Itoa(hotUpdates)
	if outcome != nil {
		want = "0"
	}
	if got := get(t, s, "hot"); got != want {
		t.Errorf("the key is %q, want %q", got, want)
	}
	if got := after(t, mem, "hot"); got != want {
		t.Errorf("after a power cut the key is %q, want %q", got, want)
	}
	if syncs := len(waiting) + 1; syncs > 3 {
		t.Errorf("%d updates cost %d syncs", hotUpdates, syncs)
	}
}

func increment(s *kv.Store, began chan<- string) error {
	key := []byte("hot")
	return s.Update(context.Background(), [][]byte{key}, func(tx *kv.Tx) error {
		value, err := tx.Get(key, nil)
		if err != nil {
			return err
		}
		began <- string(value)
		n, err := strconv.Atoi(string(value))
		if err != nil {
			return err
		}
		return tx.Set(key, []byte(strconv.Itoa(n+1)))
	})
}

// A context that is over shows who would wait.
func checkNothingTold(t *testing.T, s *kv.Store) {
	over, cancel := context.WithCancel(context.Background())
	defer cancel()
	refused := errors.New("refused")
	err := s.Update(over, nil, func(tx *kv.Tx) error {
		_, err := tx.Get([]byte("hot"), nil)
		cancel()
		return errors.Join(err, refused)
	})
	if !errors.Is(err, context.Canceled) || errors.Is(err, refused) {
		t.Errorf("an update tells what is not durable: %v", err)
	}
	if value, err := s.Get(over, []byte("hot"), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a reader is shown %q (%v)", value, err)
	}
	if _, err := s.Snapshot(over); !errors.Is(err, context.Canceled) {
		t.Errorf("a snapshot is opened over what is not durable (%v)", err)
	}
	it := s.Scan(over, nil, nil, false)
	defer it.Close()
	if it.Next() || !errors.Is(it.Err(), context.Canceled) {
		t.Errorf("a scan begins over what is not durable (%v)", it.Err())
	}
}

// after returns what is at the key when power fails now.
func after(t *testing.T, mem *vfs.MemFS, key string) string {
	d := openDB(t, pebble.Options{Dir: "data", FS: mem.CrashClone(vfs.CrashCloneCfg{})})
	value, err := d.Get(context.Background(), []byte(key), nil)
	if err := errors.Join(err, d.Close()); err != nil {
		t.Fatal(err)
	}
	return string(value)
}

// Many writers count one key up while readers look and the power fails: what was
// answered or read before is there after, and no count is lost.
func TestHotKeyUnderCuts(t *testing.T) {
	const writers, readers, counts = 16, 4, 40
	for seed := range uint64(12) {
		mem := vfs.NewCrashableMem()
		s := openStore(t, pebble.Options{Dir: "data", FS: mem, MemtableBytes: 64 << 10})
		if err := set(s, "hot", "0"); err != nil {
			t.Fatal(err)
		}
		var told atomic.Int64 // the greatest count that anybody knows of
		var all, looking sync.WaitGroup
		done := make(chan struct{})
		for range writers {
			all.Go(func() {
				for range counts {
					n, err := countHot(s)
					if err != nil {
						t.Error(err)
					}
					tellMax(&told, n)
				}
			})
		}
		for range readers {
			looking.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
					}
					n, _ := strconv.ParseInt(get(t, s, "hot"), 10, 64)
					tellMax(&told, n)
				}
			})
		}
		for told.Load() < int64(seed)*writers*counts/15 {
			runtime.Gosched()
		}
		before := told.Load()
		cut := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: int(seed) * 8, RNG: rand.New(rand.NewPCG(seed, 5))})
		all.Wait()
		close(done)
		looking.Wait()
		if got := get(t, s, "hot"); got != strconv.Itoa(writers*counts) {
			t.Errorf("seed %d: %s counts of %d", seed, got, writers*counts)
		}
		d := openDB(t, pebble.Options{Dir: "data", FS: cut})
		value, err := d.Get(context.Background(), []byte("hot"), nil)
		if err := errors.Join(err, d.Close()); err != nil {
			t.Fatal(err)
		}
		if n, _ := strconv.ParseInt(string(value), 10, 64); n < before {
			t.Errorf("seed %d: %d was told before the power cut, %d is there after it", seed, before, n)
		}
	}
}

// countHot counts the key up and returns the count.
func countHot(s *kv.Store) (n int64, err error) {
	key := []byte("hot")
	err = s.Update(context.Background(), [][]byte{key}, func(tx *kv.Tx) error {
		value, err := tx.Get(key, nil)
		if err != nil {
			return err
		}
		if n, err = strconv.ParseInt(string(value), 10, 64); err != nil {
			return err
		}
		n++
		return tx.Set(key, strconv.AppendInt(nil, n, 10))
	})
	return n, err
}

func tellMax(told *atomic.Int64, n int64) {
	for was := told.Load(); n > was && !told.CompareAndSwap(was, n); was = told.Load() {
	}
}
