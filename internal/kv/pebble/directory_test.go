package pebble_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	engine "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

// contents returns the files of a directory with what is in them. The lock file
// is left out.
func contents(t *testing.T, fs vfs.FS, dir string) map[string]string {
	t.Helper()
	names, err := fs.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for _, name := range names {
		if name == "LOCK" {
			continue
		}
		f, err := fs.Open(fs.PathJoin(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		files[name] = string(content)
	}
	return files
}

// removeFiles removes the files whose names begin so.
func removeFiles(t *testing.T, fs vfs.FS, dir, prefix string) {
	t.Helper()
	for name := range contents(t, fs, dir) {
		if strings.HasPrefix(name, prefix) {
			if err := fs.Remove(fs.PathJoin(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A store without one of its markers, which are empty files, is not taken for a
// new one, whether it was closed or not, and is left as it is.
func TestMarkersAreMissing(t *testing.T) {
	for _, lost := range [][]string{{"marker.manifest"}, {"marker.format"}, {"marker."}, {"marker.", "CLEAN"}} {
		for _, closed := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/%t", lost, closed), func(t *testing.T) {
				running := vfs.NewCrashableMem()
				s := openStore(t, pebble.Options{Dir: "data", FS: running})
				if err := set(s, "a", "1"); err != nil {
					t.Fatal(err)
				}
				if closed {
					if err := s.Close(); err != nil {
						t.Fatal(err)
					}
				}
				mem := running.CrashClone(vfs.CrashCloneCfg{})
				for _, prefix := range lost {
					removeFiles(t, mem, "data", prefix)
				}
				before := contents(t, mem, "data")
				_, err := pebble.Open(pebble.Options{Dir: "data", FS: mem})
				var damage *kv.CorruptionError
				if !errors.As(err, &damage) || !strings.Contains(err.Error(), "marker.") {
					t.Errorf("%v, want a CorruptionError that names the marker", err)
				}
				if after := contents(t, mem, "data"); !maps.Equal(after, before) {
					t.Errorf("the directory has changed: %d files, then %d", len(before), len(after))
				}
			})
		}
	}
}

// Files of other names do not make a directory a store's.
func TestForeignFilesInNewDirectory(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"notes.log", "1.5.sst", ".sst", "readme"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("?"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := set(openStore(t, pebble.Options{Dir: dir}), "a", "1"); err != nil {
		t.Error(err)
	}
}

// Wherever making a store was interrupted, by a power cut or by a kill, it can
// be made again.
func TestInterruptedCreation(t *testing.T) {
	for _, kept := range []int{0, 100} { // percent of what was not synced
		mem := vfs.NewCrashableMem()
		crash := vfs.CrashCloneCfg{UnsyncedDataPercent: kept, RNG: rand.New(rand.NewPCG(1, 1))}
		var mu sync.Mutex
		var moments []vfs.FS
		recorded := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
			mu.Lock()
			defer mu.Unlock()
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
				moments = append(moments, mem.CrashClone(crash))
			}
			return nil
		}))
		d := openDB(t, pebble.Options{Dir: "data", FS: recorded})
		mu.Lock()
		made := len(moments)
		mu.Unlock()
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		for i, fs := range moments[:made] {
			d, err := pebble.Open(pebble.Options{Dir: "data", FS: fs})
			if err != nil {
				t.Errorf("interrupted before write %d of %d: %v", i, made, err)
				continue
			}
			s := kv.Open(d)
			if err := errors.Join(set(s, "a", "1"), s.Close()); err != nil {
				t.Errorf("interrupted before write %d of %d: %v", i, made, err)
			}
		}
	}
}

// Another program's Pebble database is left alone, whatever the format of its
// files, and so is a directory of its predecessors.
func TestForeignDatabase(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(t *testing.T, fs vfs.FS)
	}{
		{"oldest", func(t *testing.T, fs vfs.FS) { makeForeign(t, fs, engine.FormatMinSupported, "theirs", "") }},
		{"as ours", func(t *testing.T, fs vfs.FS) { makeForeign(t, fs, engine.FormatValueSeparation, "theirs", "") }},
		{"without markers", func(t *testing.T, fs vfs.FS) {
			makeForeign(t, fs, engine.FormatMinSupported, "theirs", "")
			removeFiles(t, fs, "data", "marker.")
			f, err := fs.Create("data/CURRENT", vfs.WriteCategoryUnspecified)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		mem := vfs.NewMem()
		c.make(t, mem)
		before := contents(t, mem, "data")
		_, err := pebble.Open(pebble.Options{Dir: "data", FS: mem})
		var format *kv.FormatError
		if !errors.As(err, &format) || format.Found != 0 || format.Supported != 1 || format.Advice == "" {
			t.Errorf("%s: %v, want a FormatError", c.name, err)
		}
		if after := contents(t, mem, "data"); c.name != "as ours" && !maps.Equal(after, before) {
			t.Errorf("%s: the directory has changed: %d files, then %d", c.name, len(before), len(after))
		}
	}
}

// Files of an older Pebble are brought forward, but not in a store that is
// refused.
func TestOlderEngine(t *testing.T) {
	for _, c := range []struct {
		version byte // of the store
		refused bool
	}{{1, false}, {99, true}} {
		mem := vfs.NewMem()
		makeForeign(t, mem, engine.FormatMinSupported, "\x00f", string(c.version))
		before := contents(t, mem, "data")
		d, err := pebble.Open(pebble.Options{Dir: "data", FS: mem})
		var format *kv.FormatError
		switch {
		case !c.refused && err != nil:
			t.Errorf("version %d: %v", c.version, err)
		case c.refused && (!errors.As(err, &format) || format.Found != uint64(c.version)):
			t.Errorf("version %d: %v, want a FormatError", c.version, err)
		}
		if d != nil { // while it is open, it removes files in the background
			s := kv.Open(d)
			if err := errors.Join(set(s, "a", "1"), s.Close()); err != nil {
				t.Error(err)
			}
		}
		if same := maps.Equal(before, contents(t, mem, "data")); same != c.refused {
			t.Errorf("version %d: refused %t, the directory is the same %t", c.version, c.refused, same)
		}
	}
}

func makeForeign(t *testing.T, fs vfs.FS, version engine.FormatMajorVersion, key, value string) {
	t.Helper()
	other, err := engine.Open("data", &engine.Options{FS: fs, Logger: quiet{}, FormatMajorVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(other.Set([]byte(key), []byte(value), engine.Sync), other.Close()); err != nil {
		t.Fatal(err)
	}
}

type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(string, ...any) {}

// Damage within a log is told from its end, in the first log of a store too.
func TestDamageInFirstLog(t *testing.T) {
	const items = 200
	running, dir := t.TempDir(), t.TempDir()
	s := openStore(t, pebble.Options{Dir: running})
	value := strings.Repeat("v", 400)
	for i := range items {
		if err := set(s, bigKey(i), value); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(dir, os.DirFS(running)); err != nil {
		t.Fatal(err)
	}
	logs, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(logs) != 1 {
		t.Fatalf("logs %q (%v), want one", logs, err)
	}
	content, err := os.ReadFile(logs[0])
	if err != nil {
		t.Fatal(err)
	}
	content[len(bytes.TrimRight(content, "\x00"))/2] ^= 1
	if err := os.WriteFile(logs[0], content, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = pebble.Open(pebble.Options{Dir: dir})
	var damage *kv.CorruptionError
	if !errors.As(err, &damage) || damage.File != logs[0] {
		t.Errorf("%v, want a CorruptionError of %s", err, logs[0])
	}
}
