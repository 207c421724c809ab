package pebble_test

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
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
