package pebble_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

// What each durability pays for an update, and for a stamp.
func TestCommitsAndSyncs(t *testing.T) {
	plain := func(tx *kv.Tx) error { return tx.Set([]byte("a"), nil) }
	stamped := func(tx *kv.Tx) error { tx.Stamp(); return plain(tx) }
	empty := func(*kv.Tx) error { return nil }
	type cost struct{ commits, syncs int64 }
	for _, c := range []struct {
		durability pebble.Durability
		costs      [5]cost // of plain, stamped the first time, stamped, empty, plain
	}{
		{pebble.Sync, [5]cost{{1, 1}, {2, 2}, {1, 1}, {0, 0}, {1, 1}}},
		{pebble.None, [5]cost{{1, 0}, {2, 1}, {1, 0}, {0, 0}, {1, 0}}},
		{pebble.Volatile, [5]cost{{1, 0}, {2, 0}, {1, 0}, {0, 0}, {1, 0}}},
	} {
		s := openStore(t, pebble.Options{
			Dir: "data", FS: vfs.NewMem(), Durability: c.durability, SyncInterval: time.Hour, // none in the background
		})
		for i, fn := range []func(*kv.Tx) error{plain, stamped, stamped, empty, plain} {
			before := s.Counts()
			if err := s.Update(context.Background(), [][]byte{[]byte("a")}, fn); err != nil {
				t.Fatal(err)
			}
			since := s.Counts().Sub(before)
			if got := (cost{since.Commits, since.Syncs}); got != c.costs[i] {
				t.Errorf("durability %d, update %d cost %+v, want %+v", c.durability, i, got, c.costs[i])
			}
		}
	}
}

// Allocations of a Get and of an Update with one Set, the caller's own left out.
func TestAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("not with the race detector")
	}
	ctx := context.Background()
	key, value := []byte("a"), make([]byte, 300)
	own := [][]byte{key}
	room := make([]byte, 0, 1024)
	put := func(tx *kv.Tx) error {
		if _, err := tx.Get(key, room); err != nil {
			return err
		}
		return tx.Set(key, value)
	}
	for _, c := range []struct {
		durability pebble.Durability
		update     float64
	}{
		{pebble.Sync, 3}, // the group that readers wait for
		{pebble.None, 1},
	} {
		s := openStore(t, pebble.Options{Dir: t.TempDir(), Durability: c.durability})
		if err := set(s, "a", "1"); err != nil {
			t.Fatal(err)
		}
		got := testing.AllocsPerRun(200, func() {
			if err := s.Update(ctx, own, put); err != nil {
				t.Error(err)
			}
		})
		if got > c.update {
			t.Errorf("durability %d: an update allocates %v times, want at most %v", c.durability, got, c.update)
		}
		got = testing.AllocsPerRun(200, func() {
			if _, err := s.Get(ctx, key, room); err != nil {
				t.Error(err)
			}
		})
		if got > 0 {
			t.Errorf("durability %d: a Get allocates %v times", c.durability, got)
		}
	}
}

// With Interval and None, what was written is on the disk a while later, by
// itself.
func TestIntervalSyncs(t *testing.T) {
	for _, durability := range []pebble.Durability{pebble.Interval, pebble.None} {
		mem := vfs.NewCrashableMem()
		s := openStore(t, pebble.Options{
			Dir: "data", FS: mem, Durability: durability, SyncInterval: time.Millisecond,
		})
		if err := set(s, "a", "1"); err != nil {
			t.Fatal(err)
		}
		for there := false; !there; {
			d := openDB(t, pebble.Options{Dir: "data", FS: mem.CrashClone(vfs.CrashCloneCfg{})})
			_, err := d.Get(context.Background(), []byte("a"), nil)
			there = err == nil
			if err != nil && !errors.Is(err, kv.ErrNotFound) {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The figures for operators move.
func TestMetrics(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, pebble.Options{Dir: dir})
	fill(t, s)
	m := s.Metrics()
	if m.LogBytes < 1<<20 || m.LogBytesWritten < 1<<20 || m.LogFiles == 0 || m.MemtableBytes < 1<<20 || m.CommitSyncs != 12 {
		t.Errorf("after writing 1.2 MB: %+v", m)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := readAll(pebble.Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, pebble.Options{Dir: dir})
	for range 2 {
		_ = get(t, s, bigKey(0))
	}
	m = s.Metrics()
	if m.Tables == 0 || m.TableBytes == 0 || m.DiskBytes < m.TableBytes || m.CacheHits == 0 || m.CacheMisses == 0 {
		t.Errorf("after opening again and reading: %+v", m)
	}
}
