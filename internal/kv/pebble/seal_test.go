package pebble_test

import (
	"errors"
	"path"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

// nameWith returns the name of the file of a store whose name begins so.
func nameWith(t *testing.T, fs vfs.FS, prefix string) string {
	t.Helper()
	for name := range contents(t, fs, "data") {
		if strings.HasPrefix(name, prefix) {
			return name
		}
	}
	t.Fatalf("there is no %s", prefix)
	return ""
}

// put writes a file.
func put(t *testing.T, fs vfs.FS, name, content string) {
	t.Helper()
	f, err := fs.Create(path.Join("data", name), vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write([]byte(content))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// Wherever the manifest is damaged within what was sealed, or ends there, the
// store is refused, and nothing in its directory is changed.
func TestDamagedManifest(t *testing.T) {
	mem := vfs.NewCrashableMem()
	s := openStore(t, pebble.Options{Dir: "data", FS: mem, MemtableBytes: 64 << 10})
	for range 2 {
		fill(t, s)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	manifest := nameWith(t, mem, "MANIFEST-")
	if seal := nameWith(t, mem, "marker.seal."); !strings.Contains(seal, "."+manifest+"-") {
		t.Fatalf("the seal %s is not of %s", seal, manifest)
	}
	whole := contents(t, mem, "data")[manifest]
	for at := 0; at < len(whole); at += 61 {
		for _, damaged := range []string{whole[:at], whole[:at] + string(whole[at]^4) + whole[at+1:]} {
			put(t, mem, manifest, damaged)
			before := contents(t, mem, "data")
			err := readAll(pebble.Options{Dir: "data", FS: mem})
			if err == nil && at > len(whole)*9/10 {
				return // what comes after the seal, and does no harm
			}
			var damage *kv.CorruptionError
			if !errors.As(err, &damage) || path.Base(damage.File) != manifest {
				t.Fatalf("damaged at %d: %v", at, err)
			}
			if after := contents(t, mem, "data"); len(after) != len(before) {
				t.Fatalf("damaged at %d: %d files became %d", at, len(before), len(after))
			}
		}
	}
}

// Wherever a log is damaged, but in its last records, that is told from its end,
// however short they are; and what is lost with those is the newest.
func TestDamagedLog(t *testing.T) {
	const writes = 60
	running := vfs.NewCrashableMem()
	s := openStore(t, pebble.Options{Dir: "data", FS: running})
	var ends [writes]int64 // of the log, after each write
	for i := range writes {
		if err := set(s, bigKey(i), "a small value"); err != nil {
			t.Fatal(err)
		}
		for name, content := range contents(t, running, "data") {
			if strings.HasSuffix(name, ".log") {
				ends[i] = int64(len(strings.TrimRight(content, "\x00")))
			}
		}
	}
	for at := int64(0); at < ends[writes-1]; at += 5 {
		mem := running.CrashClone(vfs.CrashCloneCfg{})
		log := nameWith(t, mem, "0")
		content := []byte(contents(t, mem, "data")[log])
		content[at] ^= 4
		put(t, mem, log, string(content))
		d, err := pebble.Open(pebble.Options{Dir: "data", FS: mem})
		var damage *kv.CorruptionError
		if err != nil {
			if !errors.As(err, &damage) || path.Base(damage.File) != log {
				t.Fatalf("damaged at %d: %v", at, err)
			}
			continue
		}
		if at < ends[writes-3] {
			t.Fatalf("damage at %d is taken for the end, and writes went on to %d", at, ends[writes-1])
		}
		if got := get(t, kv.Open(d), bigKey(writes-3)); got != "a small value" {
			t.Fatalf("with damage at %d, an earlier write is lost", at)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A log whose end was never synced is read by the next process, which goes on in
// another log. When power is cut then, that end is there, and is no damage.
func TestUnsyncedEndOfLog(t *testing.T) {
	mem := vfs.NewCrashableMem()
	b := &brokenDisk{kinds: []errorfs.OpKind{errorfs.OpFileSync, errorfs.OpFileSyncData}, file: ".log"}
	s := openStore(t, pebble.Options{Dir: "data", FS: b.wrap(mem)})
	if err := set(s, "early", "1"); err != nil {
		t.Fatal(err)
	}
	b.broken.Store(true)
	if err := set(s, "late", "1"); !errors.Is(err, kv.ErrUnavailable) {
		t.Fatalf("the write that is not synced: %v", err)
	}
	if err := s.Close(); err == nil {
		t.Fatal("closing says nothing of the disk")
	}
	b.broken.Store(false)
	s = openStore(t, pebble.Options{Dir: "data", FS: mem})
	if err := set(s, "next", "1"); err != nil {
		t.Fatal(err)
	}
	left := mem.CrashClone(vfs.CrashCloneCfg{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, pebble.Options{Dir: "data", FS: left})
	for _, key := range []string{"early", "late", "next"} {
		if got := get(t, s, key); got != "1" {
			t.Errorf("%s is %q", key, got)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
