package pebble_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

// brokenDisk fails one kind of operation on one kind of file, once it is told to.
type brokenDisk struct {
	kinds   []errorfs.OpKind
	file    string // part of the path
	broken  atomic.Bool
	refused atomic.Int64
}

func (b *brokenDisk) wrap(fs vfs.FS) vfs.FS {
	return errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if !b.broken.Load() || !strings.Contains(op.Path, b.file) {
			return nil
		}
		for _, kind := range b.kinds {
			if op.Kind == kind {
				b.refused.Add(1)
				return syscall.EIO
			}
		}
		return nil
	}))
}

// Wherever the disk fails, updates say so, nothing that may be lost is shown,
// and all that was acknowledged is there when the store is opened again,
// whether the machine went down meanwhile or not.
func TestBrokenDisk(t *testing.T) {
	syncs := []errorfs.OpKind{errorfs.OpFileSync, errorfs.OpFileSyncData}
	writes := []errorfs.OpKind{errorfs.OpFileWrite}
	creates := []errorfs.OpKind{errorfs.OpCreate, errorfs.OpReuseForWrite}
	for _, c := range []struct {
		name  string
		kinds []errorfs.OpKind
		file  string
	}{
		{"the log cannot be synced", syncs, ".log"},
		{"the log cannot be written", writes, ".log"},
		{"no new log can be made", creates, ".log"},
		{"the manifest cannot be synced", syncs, "MANIFEST"},
		{"the manifest cannot be written", writes, "MANIFEST"},
	} {
		for _, durability := range []pebble.Durability{pebble.Sync, pebble.None} {
			t.Run(fmt.Sprintf("%s/%d", c.name, durability), func(t *testing.T) {
				testBrokenDisk(t, &brokenDisk{kinds: c.kinds, file: c.file}, durability)
			})
		}
	}
}

func testBrokenDisk(t *testing.T, b *brokenDisk, durability pebble.Durability) {
	mem := vfs.NewCrashableMem()
	d := openDB(t, pebble.Options{Dir: "data", FS: b.wrap(mem), Durability: durability, MemtableBytes: 512 << 10})
	s := kv.Open(d)
	if err := set(s, "early", "1"); err != nil {
		t.Fatal(err)
	}
	early, err := s.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Health(); err != nil {
		t.Errorf("health before the failure: %v", err)
	}
	b.broken.Store(true)
	acknowledged, failed := writeUntilFailure(s)
	if failed == nil {
		t.Fatal("updates go on without end")
	}
	if !errors.Is(failed, kv.ErrUnavailable) || !errors.Is(failed, syscall.EIO) || b.refused.Load() == 0 {
		t.Errorf("the update that failed: %v", failed)
	}
	if err := set(s, "later", "1"); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("an update after the failure: %v", err)
	}
	if err := s.Health(); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("health after the failure: %v", err)
	}
	checkShown(t, s, durability, acknowledged)
	if value, err := early.Get([]byte("early"), nil); string(value) != "1" {
		t.Errorf("an earlier snapshot shows %q (%v)", value, err)
	}
	early.Close()
	if err := s.Close(); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("Close after the failure: %v", err)
	}
	b.broken.Store(false)
	if durability != pebble.Sync {
		acknowledged = 0 // what was not synced may be lost
	}
	checkAcknowledged(t, mem, acknowledged)
	checkAcknowledged(t, mem.CrashClone(vfs.CrashCloneCfg{}), acknowledged)
}

// failuresMax is more updates than it takes to fill several memtables.
const failuresMax = 1000

func bigKey(i int) string { return fmt.Sprintf("big%05d", i) }

// writeUntilFailure returns how many big updates were acknowledged.
func writeUntilFailure(s *kv.Store) (acknowledged int, err error) {
	value := string(bytes.Repeat([]byte("v"), 20<<10))
	for i := range failuresMax {
		if err := set(s, bigKey(i), value); err != nil {
			return i, err
		}
	}
	return failuresMax, nil
}

// checkShown checks what readers see of a store that has failed.
func checkShown(t *testing.T, s *kv.Store, durability pebble.Durability, acknowledged int) {
	ctx := context.Background()
	if got := get(t, s, "early"); got != "1" {
		t.Errorf("early is %q", got)
	}
	if durability != pebble.Sync {
		return
	}
	lost := []byte(bigKey(acknowledged))
	_, err := s.Get(ctx, lost, nil)
	if !errors.Is(err, kv.ErrUnavailable) && !errors.Is(err, kv.ErrNotFound) {
		t.Errorf("the update that failed is shown (%v)", err)
	}
	snapshot, err := s.Snapshot(ctx)
	if err == nil {
		_, err = snapshot.Get(lost, nil)
		snapshot.Close()
	}
	if !errors.Is(err, kv.ErrUnavailable) && !errors.Is(err, kv.ErrNotFound) {
		t.Errorf("a snapshot shows the update that failed (%v)", err)
	}
}

// Pebble shows an update whose sync has failed; we never do.
func TestFailedSyncIsNotShown(t *testing.T) {
	ctx := context.Background()
	b := &brokenDisk{kinds: []errorfs.OpKind{errorfs.OpFileSync, errorfs.OpFileSyncData}, file: ".log"}
	s := openStore(t, pebble.Options{Dir: "data", FS: b.wrap(vfs.NewMem())})
	var stamp kv.Stamp
	update := func(value string) error {
		return s.Update(ctx, nil, func(tx *kv.Tx) error {
			stamp = tx.Stamp()
			return tx.Set([]byte("a"), []byte(value))
		})
	}
	if err := update("before"); err != nil {
		t.Fatal(err)
	}
	b.broken.Store(true)
	if err := update("after"); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("the update: %v", err)
	}
	if value, err := s.Get(ctx, []byte("a"), nil); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("Get shows %q (%v)", value, err)
	}
	if _, err := s.Snapshot(ctx); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("a snapshot is opened over it (%v)", err)
	}
	if w := s.Watermark(); w != stamp-1 {
		t.Errorf("the watermark is %d, but %d may still appear", w, stamp)
	}
}

// checkAcknowledged opens the directory again, more than once. What is there
// must be the beginning of what was written, and all that was acknowledged.
func checkAcknowledged(t *testing.T, fs vfs.FS, acknowledged int) {
	t.Helper()
	for range 2 {
		s := openStore(t, pebble.Options{Dir: "data", FS: fs})
		snapshot, err := s.Snapshot(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		it := snapshot.Scan([]byte("big"), []byte("bih"), false)
		found := 0
		for ; it.Next(); found++ {
			if string(it.Key()) != bigKey(found) {
				t.Fatalf("update %d is not there, but %s is", found, it.Key())
			}
		}
		if err := it.Err(); err != nil || found < acknowledged {
			t.Errorf("%d updates are there of %d acknowledged (%v)", found, acknowledged, err)
		}
		it.Close()
		if _, err := snapshot.Get([]byte("early"), nil); err != nil && found+acknowledged > 0 {
			t.Errorf("the first update is not there: %v", err)
		}
		snapshot.Close()
		if err := set(s, "again", "1"); err != nil {
			t.Errorf("an update after opening again: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close after opening again: %v", err)
		}
	}
}

// Tables are tried again: a table that cannot be written costs nothing but time.
func TestTableCannotBeWritten(t *testing.T) {
	b := &brokenDisk{kinds: []errorfs.OpKind{errorfs.OpCreate}, file: ".sst"}
	d := openDB(t, pebble.Options{Dir: "data", FS: b.wrap(vfs.NewMem()), MemtableBytes: 512 << 10})
	s := kv.Open(d)
	b.broken.Store(true)
	value := string(bytes.Repeat([]byte("v"), 20<<10))
	n := 0
	for ; b.refused.Load() == 0; n++ {
		if err := set(s, bigKey(n), value); err != nil {
			t.Fatal(err)
		}
	}
	b.broken.Store(false)
	for i := range n {
		if got := get(t, s, bigKey(i)); got != value {
			t.Errorf("update %d is not there", i)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// While the store is being opened, the disk's errors are Open's.
func TestOpenOnBrokenDisk(t *testing.T) {
	for _, kind := range []errorfs.OpKind{
		errorfs.OpCreate, errorfs.OpFileWrite, errorfs.OpFileSync, errorfs.OpRename, errorfs.OpOpenDir,
		errorfs.OpOpen, errorfs.OpFileRead, errorfs.OpFileReadAt, errorfs.OpList, errorfs.OpLock,
	} {
		mem := vfs.NewMem()
		s := openStore(t, pebble.Options{Dir: "data", FS: mem})
		if err := set(s, "a", "1"); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		b := &brokenDisk{kinds: []errorfs.OpKind{kind}}
		b.broken.Store(true)
		d, err := pebble.Open(pebble.Options{Dir: "data", FS: b.wrap(mem)})
		var corruption *kv.CorruptionError
		switch {
		case err == nil && b.refused.Load() == 0:
			t.Errorf("operation %d: Open does not need it", kind)
		case err == nil:
			t.Errorf("operation %d failed, and Open did not", kind)
		case errors.As(err, &corruption):
			t.Errorf("operation %d: taken for damage: %v", kind, err)
		}
		if d != nil {
			_ = d.Close()
		}
		if got := get(t, openStore(t, pebble.Options{Dir: "data", FS: mem}), "a"); got != "1" {
			t.Errorf("after operation %d failed: %q", kind, got)
		}
	}
}
