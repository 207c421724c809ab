package pebble_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

// Nobody but the owner may read the data, in any file that there ever is.
func TestPrivateFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deeper", "data")
	for range 2 {
		s := openStore(t, pebble.Options{Dir: dir})
		fill(t, s)
		checkPrivate(t, dir)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		checkPrivate(t, dir)
	}
}

// fill writes enough to fill some memtables.
func fill(t *testing.T, s *kv.Store) {
	t.Helper()
	value := strings.Repeat("v", 100<<10)
	for i := range 12 {
		if err := set(s, bigKey(i), value); err != nil {
			t.Fatal(err)
		}
	}
}

// A copy may have been made with other modes. Files that are not the store's stay
// as they are, and so does the directory; but who may write to it may do anything.
func TestCopyIsMadePrivate(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, pebble.Options{Dir: dir})
	fill(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	note := filepath.Join(dir, "note.txt")
	if err := os.WriteFile(note, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	chmodAll(t, dir, 0o666)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	s = openStore(t, pebble.Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{dir: 0o777, note: 0o666} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s was changed: %v, %v", path, info.Mode(), err)
		}
	}
	if want := "every user of this machine may change the data directory; run: chmod o-w " + dir; strings.Count(log.String(), want) != 1 {
		t.Errorf("the log says %s, want %q", log.String(), want)
	}
	if err := errors.Join(os.Remove(note), os.Chmod(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	checkPrivate(t, dir)
}

func chmodAll(t *testing.T, dir string, mode fs.FileMode) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%v in %s (%v)", files, dir, err)
	}
	for _, file := range files {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
	}
}

func checkPrivate(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // removed by the engine meanwhile
		}
		info, err := entry.Info()
		if err != nil {
			return nil
		}
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, pebble.Options{Dir: dir})
	if _, err := pebble.Open(pebble.Options{Dir: dir}); !errors.Is(err, kv.ErrLocked) {
		t.Errorf("a second store of this process: %v, want %v", err, kv.ErrLocked)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if _, err := pebble.Open(pebble.Options{Dir: link}); !errors.Is(err, kv.ErrLocked) {
		t.Errorf("a second store of this process, by another name: %v, want %v", err, kv.ErrLocked)
	}
	// Another process: this test again, as a child.
	child := exec.Command(os.Args[0], "-test.run=^TestLockedChild$", "-test.v")
	child.Env = append(os.Environ(), "GRAMME_TEST_LOCKED_DIR="+dir)
	if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("another process: %v\n%s", err, out)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_ = openStore(t, pebble.Options{Dir: dir}) // free again
}

func TestLockedChild(t *testing.T) {
	dir := os.Getenv("GRAMME_TEST_LOCKED_DIR")
	if dir == "" {
		t.Skip("a part of TestLocked")
	}
	if _, err := pebble.Open(pebble.Options{Dir: dir}); !errors.Is(err, kv.ErrLocked) {
		t.Errorf("%v, want %v", err, kv.ErrLocked)
	}
}

// The directory cannot be made or used: an error of the operating system, and
// none of ours.
func TestNoDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := pebble.Open(pebble.Options{Dir: filepath.Join(file, "data")})
	var path *fs.PathError
	if !errors.As(err, &path) || errors.Is(err, kv.ErrLocked) {
		t.Errorf("%v, want an error of the operating system", err)
	}
	if _, err := pebble.Open(pebble.Options{}); err == nil {
		t.Error("a store without a directory is opened")
	}
}

func TestRecovered(t *testing.T) {
	mem := vfs.NewCrashableMem()
	o := pebble.Options{Dir: "data", FS: mem}
	d := openDB(t, o)
	if d.Recovered() {
		t.Error("a new store was not closed before")
	}
	s := kv.Open(d)
	if err := set(s, "a", "1"); err != nil {
		t.Fatal(err)
	}
	crashed := mem.CrashClone(vfs.CrashCloneCfg{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // closed in order, with and without writes
		d = openDB(t, o)
		if d.Recovered() || d.ReplayedBytes() > 32<<10 { // a block of the log, of which the most is zeros
			t.Errorf("after Close: recovered %t, %d bytes", d.Recovered(), d.ReplayedBytes())
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	d = openDB(t, pebble.Options{Dir: "data", FS: crashed})
	if !d.Recovered() || d.ReplayedBytes() == 0 {
		t.Errorf("after a crash: recovered %t, %d bytes", d.Recovered(), d.ReplayedBytes())
	}
	crashed = crashed.CrashClone(vfs.CrashCloneCfg{}) // once more, before anything is written
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = openDB(t, pebble.Options{Dir: "data", FS: crashed})
	if !d.Recovered() {
		t.Error("a crash right after opening is not noticed")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// The files are from a newer Pebble.
func TestNewerEngine(t *testing.T) {
	mem := vfs.NewMem()
	if err := openStore(t, pebble.Options{Dir: "data", FS: mem}).Close(); err != nil {
		t.Fatal(err)
	}
	f, err := mem.Create("data/marker.format-version.000999.999", vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = pebble.Open(pebble.Options{Dir: "data", FS: mem})
	var format *kv.FormatError
	if !errors.As(err, &format) || format.Found != 999 || format.Advice == "" {
		t.Errorf("%v, want a FormatError", err)
	}
}

// Damage is reported as such, with the file's name, when the store is opened or
// when it is read. Damage of all kinds at random places is in package proof.
func TestDamage(t *testing.T) {
	for _, c := range []struct {
		name, pattern string
		damage        func(t *testing.T, file string)
	}{
		{"a table", "*.sst", flip},
		{"a table is cut off", "*.sst", cutOff},
		{"a table is gone", "*.sst", remove},
		{"the log", "*.log", flip},
		{"the manifest", "MANIFEST-*", flip},
		{"the manifest is gone", "MANIFEST-*", remove},
	} {
		t.Run(c.name, func(t *testing.T) {
			running, dir := t.TempDir(), t.TempDir()
			s := openStore(t, pebble.Options{Dir: running})
			fill(t, s)
			if c.pattern != "*.log" { // which Close empties into tables
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.CopyFS(dir, os.DirFS(running)); err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(dir, c.pattern))
			if err != nil || len(files) == 0 {
				t.Fatalf("no %s (%v)", c.pattern, err)
			}
			for _, file := range files {
				c.damage(t, file)
			}
			var logged strings.Builder
			err = readAll(pebble.Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
			var corruption *kv.CorruptionError
			if !errors.As(err, &corruption) {
				t.Fatalf("%v, want a CorruptionError", err)
			}
			if strings.Contains(err.Error(), "\n") || strings.Contains(logged.String(), "stack trace") {
				t.Errorf("more is told than one line has room for: %v\n%s", err, logged.String())
			}
			if matched, _ := filepath.Match(c.pattern, filepath.Base(corruption.File)); !matched {
				t.Errorf("the file is %q in %v", corruption.File, err)
			}
		})
	}
}

// readAll opens the store and reads all of it.
func readAll(o pebble.Options) error {
	d, err := pebble.Open(o)
	if err != nil {
		return err
	}
	s := kv.Open(d)
	defer func() { _ = s.Close() }()
	for i := range 12 {
		if _, err := s.Get(context.Background(), []byte(bigKey(i)), nil); err != nil {
			return err
		}
	}
	snapshot, err := s.Snapshot(context.Background())
	if err != nil {
		return err
	}
	defer snapshot.Close()
	it := snapshot.Scan(nil, nil, false)
	defer it.Close()
	for it.Next() {
	}
	return it.Err()
}

// flip inverts bytes all over the file.
func flip(t *testing.T, file string) {
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 20; i < len(content); i += 97 {
		content[i] ^= 0xff
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func cutOff(t *testing.T, file string) {
	if err := os.Truncate(file, 100); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, file string) {
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}
