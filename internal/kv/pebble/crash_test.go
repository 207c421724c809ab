package pebble_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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

// heldSyncs is a file system whose syncs of the log can be held up.
type heldSyncs struct {
	held    atomic.Pointer[chan struct{}] // nil: syncs go through
	waiting chan struct{}                 // told of each sync that is held up
}

func (h *heldSyncs) wrap(fs vfs.FS) vfs.FS {
	h.waiting = make(chan struct{})
	return errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
		held := h.held.Load()
		if held != nil && isSync(op) && strings.HasSuffix(op.Path, ".log") {
			h.waiting <- struct{}{}
			<-*held
		}
		return nil
	}))
}

func isSync(op errorfs.Op) bool {
	return op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData
}

// While an update is on its way to the disk, Pebble shows it already; we do not.
func TestUnsyncedIsNotShown(t *testing.T) {
	var syncs heldSyncs
	s := openStore(t, pebble.Options{Dir: "data", FS: syncs.wrap(vfs.NewMem())})
	ctx := context.Background()
	for _, key := range []string{"changed", "deleted", "other"} {
		if err := set(s, key, "before"); err != nil {
			t.Fatal(err)
		}
	}
	release := make(chan struct{})
	syncs.held.Store(&release)
	updated := make(chan error)
	go func() {
		updated <- s.Update(ctx, nil, func(tx *kv.Tx) error {
			tx.Add([]byte("counter"), 0, 1)
			return errors.Join(
				tx.Set([]byte("changed"), []byte("after")), tx.Set([]byte("created"), []byte("after")),
				tx.Delete([]byte("deleted")))
		})
	}()
	<-syncs.waiting

	// A context that is over shows who would wait.
	over, cancel := context.WithCancel(ctx)
	cancel()
	for _, key := range []string{"changed", "created", "deleted", "counter"} {
		if value, err := s.Get(over, []byte(key), nil); !errors.Is(err, context.Canceled) {
			t.Errorf("%s shows %q (%v) before it is durable", key, value, err)
		}
	}
	if _, err := s.Counters(over, []byte("counter")); !errors.Is(err, context.Canceled) {
		t.Errorf("a counter is shown before it is durable (%v)", err)
	}
	if _, err := s.Snapshot(over); !errors.Is(err, context.Canceled) {
		t.Errorf("a snapshot is opened over what is not durable (%v)", err)
	}
	it := s.Scan(over, nil, nil, false)
	defer it.Close()
	if it.Next() || !errors.Is(it.Err(), context.Canceled) {
		t.Errorf("a scan begins over what is not durable (%v)", it.Err())
	}
	if value, err := s.Get(over, []byte("other"), nil); string(value) != "before" {
		t.Errorf("a key that is not written shows %q (%v)", value, err)
	}
	syncs.held.Store(nil)
	close(release)
	if err := <-updated; err != nil {
		t.Error(err)
	}
	if got := get(t, s, "changed"); got != "after" {
		t.Errorf("after the sync: %q", got)
	}
}

// A scan of keys with one stem waits for the updates of such keys, and for no
// others.
func TestUnsyncedIsNotScanned(t *testing.T) {
	var syncs heldSyncs
	s := openStore(t, pebble.Options{Dir: "data", FS: syncs.wrap(vfs.NewMem())})
	const written, other = "stem of 14 b. /", "stem of others/"
	for _, stem := range []string{written, other} {
		if err := set(s, stem+"a", "before"); err != nil {
			t.Fatal(err)
		}
	}
	over, cancel := context.WithCancel(context.Background())
	cancel() // shows who would wait
	for name, write := range map[string]func(tx *kv.Tx) error{
		"a key is changed": func(tx *kv.Tx) error { return tx.Set([]byte(written+"a"), []byte("after")) },
		"a key is made":    func(tx *kv.Tx) error { return tx.Set([]byte(written+"b"), []byte("after")) },
		"a key is deleted": func(tx *kv.Tx) error { return tx.Delete([]byte(written + "a")) },
		"a counter":        func(tx *kv.Tx) error { tx.Add([]byte(written+"c"), 0, 1); return nil },
	} {
		release := make(chan struct{})
		syncs.held.Store(&release)
		updated := make(chan error)
		go func() { updated <- s.Update(context.Background(), nil, write) }()
		<-syncs.waiting
		for _, reverse := range []bool{false, true} {
			if shown, err := scanned(over, s, written+"a", written+"~", reverse); shown != "" || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: a scan shows %q before it is durable (%v)", name, shown, err)
			}
			if shown, err := scanned(over, s, other+"a", other+"~", reverse); shown != other+"a=before " || err != nil {
				t.Errorf("%s: a scan of others shows %q (%v)", name, shown, err)
			}
			if shown, err := scanned(over, s, "s", "t", reverse); shown != "" || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: a scan of keys with many stems shows %q (%v)", name, shown, err)
			}
		}
		syncs.held.Store(nil)
		close(release)
		if err := <-updated; err != nil {
			t.Error(err)
		}
	}
}

func scanned(ctx context.Context, s *kv.Store, start, end string, reverse bool) (shown string, err error) {
	it := s.Scan(ctx, []byte(start), []byte(end), reverse)
	defer it.Close()
	for it.Next() {
		shown += fmt.Sprintf("%s=%s ", it.Key(), it.Value())
	}
	return shown, it.Err()
}

// A range that is being deleted may be any key's.
func TestUnsyncedRangeDeletionIsNotShown(t *testing.T) {
	var syncs heldSyncs
	s := openStore(t, pebble.Options{Dir: "data", FS: syncs.wrap(vfs.NewMem())})
	if err := set(s, "b", "before"); err != nil {
		t.Fatal(err)
	}
	release := make(chan struct{})
	syncs.held.Store(&release)
	deleted := make(chan error)
	go func() { deleted <- s.DeleteRange(context.Background(), []byte("a"), []byte("c")) }()
	<-syncs.waiting
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if value, err := s.Get(over, []byte("b"), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a key in a range that is being deleted shows %q (%v)", value, err)
	}
	syncs.held.Store(nil)
	close(release)
	if err := <-deleted; err != nil {
		t.Error(err)
	}
}

// Many write and read; then power fails, and of what was not synced some random
// part is left. Whatever was acknowledged or read before is there.
func TestPowerCut(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { testPowerCut(t, seed) })
	}
}

const cutKeys = 8

// sight is, for each key, the greatest number that was acknowledged or read.
type sight [cutKeys]atomic.Int64

func (s *sight) saw(key int, n int64) {
	for {
		before := s[key].Load()
		if n <= before || s[key].CompareAndSwap(before, n) {
			return
		}
	}
}

func testPowerCut(t *testing.T, seed uint64) {
	mem := vfs.NewCrashableMem()
	s := openStore(t, pebble.Options{Dir: "data", FS: mem})
	var seen sight
	var enough atomic.Int64
	stop, ready := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	for key := range cutKeys {
		all.Go(func() { countUp(t, s, &seen, key, stop) })
		all.Go(func() {
			for seen[key].Load() < 50 {
				look(t, s, &seen, key)
			}
			if enough.Add(1) == cutKeys {
				close(ready)
			}
		})
	}
	<-ready
	var before [cutKeys]int64
	for key := range before {
		before[key] = seen[key].Load()
	}
	stamp := s.Watermark()
	after := mem.CrashClone(vfs.CrashCloneCfg{
		UnsyncedDataPercent: int(seed) * 20, RNG: rand.New(rand.NewPCG(seed, 1)),
	})
	close(stop)
	all.Wait()
	checkCut(t, after, before, stamp)
}

// countUp makes the number at a key greater and greater, counts along, and
// stamps.
func countUp(t *testing.T, s *kv.Store, seen *sight, key int, stop chan struct{}) {
	for n := int64(1); ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		name := fmt.Appendf(nil, "key%d", key)
		err := s.Update(context.Background(), [][]byte{name}, func(tx *kv.Tx) error {
			tx.Stamp()
			tx.Add([]byte("counters"), key, 1)
			return tx.Set(name, strconv.AppendInt(nil, n, 10))
		})
		if err != nil {
			t.Error(err)
			return
		}
		seen.saw(key, n)
	}
}

func look(t *testing.T, s *kv.Store, seen *sight, key int) {
	value, err := s.Get(context.Background(), fmt.Appendf(nil, "key%d", key), nil)
	if errors.Is(err, kv.ErrNotFound) {
		return
	}
	n, convErr := strconv.ParseInt(string(value), 10, 64)
	if err != nil || convErr != nil {
		t.Error(err, convErr)
	}
	seen.saw(key, n)
	snapshot, err := s.Snapshot(context.Background())
	if err != nil {
		t.Error(err)
		return
	}
	defer snapshot.Close()
	it := snapshot.Scan([]byte("key"), nil, false)
	defer it.Close()
	for it.Next() {
		other := int(it.Key()[3] - '0')
		n, _ := strconv.ParseInt(string(it.Value()), 10, 64)
		seen.saw(other, n)
	}
}

func checkCut(t *testing.T, after vfs.FS, before [cutKeys]int64, stamp kv.Stamp) {
	d := openDB(t, pebble.Options{Dir: "data", FS: after})
	if !d.Recovered() {
		t.Error("the store does not say that it was not closed")
	}
	if d.ReplayedBytes() == 0 {
		t.Error("no log was replayed")
	}
	s := kv.Open(d)
	defer func() { _ = s.Close() }()
	counters, err := s.Counters(context.Background(), []byte("counters"))
	if err != nil {
		t.Fatal(err)
	}
	for key := range cutKeys {
		n, _ := strconv.ParseInt(get(t, s, fmt.Sprintf("key%d", key)), 10, 64)
		if n < before[key] {
			t.Errorf("key %d is at %d after the power cut; %d was acknowledged or read before", key, n, before[key])
		}
		if counters[key] != n {
			t.Errorf("key %d is at %d, but %d was counted", key, n, counters[key])
		}
	}
	err = s.Update(context.Background(), nil, func(tx *kv.Tx) error {
		if got := tx.Stamp(); got <= stamp {
			t.Errorf("stamp %d is handed out after the watermark was %d", got, stamp)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
