package pebble_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
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

// checkShown checks what readers see of a store that has failed: with Sync, all
// that was acknowledged, and not the update that failed.
func checkShown(t *testing.T, s *kv.Store, durability pebble.Durability, acknowledged int) {
	ctx := context.Background()
	if got := get(t, s, "early"); got != "1" {
		t.Errorf("early is %q", got)
	}
	if durability != pebble.Sync {
		return
	}
	if _, err := s.Get(ctx, []byte(bigKey(acknowledged)), nil); !errors.Is(err, kv.ErrNotFound) {
		t.Errorf("the update that failed is shown (%v)", err)
	}
	snapshot, err := s.Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	for i := range acknowledged {
		if _, err := snapshot.Get([]byte(bigKey(i)), nil); err != nil {
			t.Errorf("update %d of %d acknowledged is not shown: %v", i, acknowledged, err)
		}
	}
	it := snapshot.Scan([]byte("big"), []byte("bih"), true)
	defer it.Close()
	shown := 0
	for it.Next() {
		shown++
	}
	if err := it.Err(); err != nil || shown != acknowledged {
		t.Errorf("a scan shows %d updates of %d acknowledged (%v)", shown, acknowledged, err)
	}
}

// Pebble shows an update whose sync has failed. We never do: readers see the
// store as it was before, those that waited for the sync and those that come
// later.
func TestFailedSyncIsNotShown(t *testing.T) {
	ctx := context.Background()
	b := &brokenDisk{kinds: []errorfs.OpKind{errorfs.OpFileSync, errorfs.OpFileSyncData}, file: ".log"}
	var syncs heldSyncs
	var logged strings.Builder
	s := openStore(t, pebble.Options{
		Dir: "data", FS: syncs.wrap(b.wrap(vfs.NewMem())), Logger: slog.New(slog.NewTextHandler(&logged, nil)),
	})
	var stamp kv.Stamp
	write := func(value string) error {
		return s.Update(ctx, nil, func(tx *kv.Tx) error {
			stamp = tx.Stamp()
			tx.Add([]byte("counter"), 1, 5)
			return errors.Join(
				tx.DeleteRange([]byte("b"), []byte("c")),
				tx.Set([]byte("a"), []byte(value)), tx.Set([]byte("b-"+value), []byte(value)))
		})
	}
	if err := write("before"); err != nil {
		t.Fatal(err)
	}
	release := make(chan struct{})
	syncs.held.Store(&release)
	failed := make(chan error)
	go func() { failed <- write("after") }()
	<-syncs.waiting
	var waiting sync.WaitGroup
	for range 4 {
		waiting.Go(func() { checkBefore(t, s) })
	}
	b.broken.Store(true)
	syncs.held.Store(nil)
	close(release)
	if err := <-failed; !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("the update: %v", err)
	}
	waiting.Wait()
	checkBefore(t, s)
	if w := s.Watermark(); w != stamp-1 {
		t.Errorf("the watermark is %d, but %d may still appear", w, stamp)
	}
	if w, err := s.AwaitWatermark(ctx); w != stamp-1 || err != nil {
		t.Errorf("the awaited watermark is %d (%v), but %d may still appear", w, err, stamp)
	}
	if err := set(s, "later", ""); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("a later update: %v", err)
	}
	if lines := strings.Count(logged.String(), "level=ERROR"); lines != 1 || !strings.Contains(logged.String(), "input/output error") {
		t.Errorf("%d errors are logged, want 1 with the cause:\n%s", lines, logged.String())
	}
}

// checkBefore checks that all ways to read lead to the first of the writes of
// TestFailedSyncIsNotShown.
func checkBefore(t *testing.T, s *kv.Store) {
	ctx := context.Background()
	if value, err := s.Get(ctx, []byte("a"), nil); string(value) != "before" {
		t.Errorf("a is %q (%v)", value, err)
	}
	if value, err := s.Get(ctx, []byte("b-after"), nil); !errors.Is(err, kv.ErrNotFound) {
		t.Errorf("what the update made is %q (%v)", value, err)
	}
	if slots, err := s.Counters(ctx, []byte("counter")); err != nil || !slices.Equal(slots, []int64{0, 5}) {
		t.Errorf("the counters are %v (%v)", slots, err)
	}
	snapshot, err := s.Snapshot(ctx)
	if err != nil {
		t.Error(err)
		return
	}
	defer snapshot.Close()
	if value, err := snapshot.Get([]byte("b-before"), nil); string(value) != "before" {
		t.Errorf("in a snapshot, what the update deleted is %q (%v)", value, err)
	}
	for reverse, want := range map[bool]string{false: "a=before b-before=before ", true: "b-before=before a=before "} {
		for _, it := range []*kv.Iterator{
			snapshot.Scan([]byte("a"), []byte("c"), reverse),
			s.Scan(ctx, []byte("a"), []byte("c"), reverse),
		} {
			shown := ""
			for it.Next() {
				shown += fmt.Sprintf("%s=%s ", it.Key(), it.Value())
			}
			if err := it.Err(); err != nil || shown != want {
				t.Errorf("a scan shows %q (%v), want %q", shown, err, want)
			}
			it.Close()
		}
	}
}

// A disk without room ahead may still have some for what is written.
func TestPreallocationFails(t *testing.T) {
	s := openStore(t, pebble.Options{Dir: t.TempDir(), FS: noRoomAhead{vfs.Default}, MemtableBytes: 512 << 10}) // Pebble preallocates real files only
	fill(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// noRoomAhead is a file system whose files cannot be preallocated.
type noRoomAhead struct{ vfs.FS }

func (n noRoomAhead) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := n.FS.Create(name, category)
	return tightFile{f}, err
}

func (n noRoomAhead) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := n.FS.ReuseForWrite(oldname, newname, category)
	return tightFile{f}, err
}

type tightFile struct{ vfs.File }

func (tightFile) Preallocate(int64, int64) error { return syscall.ENOSPC }

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
		err := set(s, bigKey(n), value)
		if errors.Is(err, kv.ErrUnavailable) { // the table was refused just before
			break
		}
		if err != nil {
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
