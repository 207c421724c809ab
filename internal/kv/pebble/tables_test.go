package pebble_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

// While no table can be written, updates are refused when memtables are full at
// the latest, and the store reads on. Then it goes on by itself.
func TestNoTableCanBeWritten(t *testing.T) {
	for _, kind := range []errorfs.OpKind{errorfs.OpCreate, errorfs.OpFileWrite, errorfs.OpFileSync} {
		b := &brokenDisk{kinds: []errorfs.OpKind{kind}, file: ".sst"}
		if kind == errorfs.OpFileSync {
			b.kinds = append(b.kinds, errorfs.OpFileSyncData, errorfs.OpFileSyncTo)
		}
		var logged strings.Builder
		s := openStore(t, pebble.Options{
			Dir: "data", FS: b.wrap(vfs.NewMem()), MemtableBytes: 512 << 10, Logger: slog.New(slog.NewTextHandler(&logged, nil)),
		})
		b.broken.Store(true)
		acknowledged, err := writeUntilFailure(s)
		if !errors.Is(err, kv.ErrUnavailable) || !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), ".sst") {
			t.Errorf("operation %d: %v, want a refusal that names the table", kind, err)
		}
		if err := s.Health(); !errors.Is(err, kv.ErrUnavailable) {
			t.Errorf("operation %d: health %v", kind, err)
		}
		for i := range acknowledged {
			if got := get(t, s, bigKey(i)); len(got) != 20<<10 {
				t.Errorf("operation %d: update %d is not shown", kind, i)
			}
		}
		if _, err := s.Get(context.Background(), []byte(bigKey(acknowledged)), nil); !errors.Is(err, kv.ErrNotFound) {
			t.Errorf("operation %d: what was refused is shown (%v)", kind, err)
		}
		b.broken.Store(false)
		awaitHealth(t, s)
		if _, err := writeUntilFailure(s); err != nil {
			t.Errorf("operation %d: after it was mended: %v", kind, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if lines := strings.Count(logged.String(), "level=ERROR"); lines != 1 {
			t.Errorf("operation %d: %d errors are logged, want one:\n%s", kind, lines, logged.String())
		}
	}
}

// awaitHealth waits until the store takes writes.
func awaitHealth(t *testing.T, s *kv.Store) {
	t.Helper()
	for s.Health() != nil {
		if t.Context().Err() != nil {
			t.Fatal("it takes no writes")
		}
	}
}

// Updates that wait for a flush when it fails are refused: they do not wait for
// the next one.
func TestWaitingForFlushThatFails(t *testing.T) {
	flushing, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind != errorfs.OpCreate || !strings.HasSuffix(op.Path, ".sst") {
			return nil
		}
		once.Do(func() { close(flushing) })
		<-release
		return syscall.ENOSPC
	}))
	s := openStore(t, pebble.Options{Dir: "data", FS: fs, MemtableBytes: 512 << 10})
	var writers sync.WaitGroup
	refused := make([]error, 4)
	for i := range refused {
		writers.Go(func() {
			for n := 0; n < failuresMax && refused[i] == nil; n++ {
				refused[i] = set(s, fmt.Sprint(i, n), strings.Repeat("v", 20<<10))
			}
		})
	}
	<-flushing
	for s.Metrics().WriteStalls == 0 {
		if t.Context().Err() != nil {
			t.Fatal("nobody waits")
		}
	}
	close(release)
	writers.Wait()
	for _, err := range refused {
		if !errors.Is(err, kv.ErrUnavailable) || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("one that waited: %v", err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// The last of the room is kept for the log: updates are refused before it meets
// a full disk, and taken again when there is room.
func TestNearlyFullDisk(t *testing.T) {
	const size = 1 << 30
	mem := vfs.NewMem()
	s := openStore(t, pebble.Options{Dir: "data", FS: mem, MemtableBytes: 512 << 10})
	free := func(bytes uint64) { mem.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: bytes, TotalBytes: size}) }
	free(size)
	if _, err := writeUntilFailure(s); err != nil {
		t.Fatal(err)
	}
	free(1 << 20)
	if err := s.Health(); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("health on a full disk: %v", err)
	}
	acknowledged, err := writeUntilFailure(s)
	if !errors.Is(err, kv.ErrUnavailable) || !errors.Is(err, syscall.ENOSPC) || acknowledged > failuresMax/4 {
		t.Errorf("%d updates on a full disk, then %v", acknowledged, err)
	}
	if got := get(t, s, bigKey(failuresMax-1)); len(got) != 20<<10 {
		t.Error("a full disk does not read on")
	}
	free(40 << 20) // enough for the log, not for tables
	if _, err := writeUntilFailure(s); !errors.Is(err, kv.ErrUnavailable) || !strings.Contains(err.Error(), ".sst") {
		t.Errorf("tables are written into what is left: %v", err)
	}
	free(size)
	awaitHealth(t, s)
	if _, err := writeUntilFailure(s); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
