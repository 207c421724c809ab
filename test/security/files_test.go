//go:build unix

package security

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/gramme-db/gramme/test/process"
)

// TestFilesArePrivate runs a server that was started without a umask, with
// indexes, a stream and time to live, and starts it again after a stop and after
// a crash. At no time is there a file that others may read.
func TestFilesArePrivate(t *testing.T) {
	dir := t.TempDir()
	c := newCaller(t, process.SecretKey)
	o := process.Options{Dir: filepath.Join(dir, "made", "data"), Log: filepath.Join(dir, "log"), Static: true, TTLCooldown: "0s"}
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	for _, end := range []func(*process.Server) error{(*process.Server).Stop, (*process.Server).Kill, (*process.Server).Stop} {
		c.visit(o, end, func(c *caller, server *process.Server) {
			c.talk(server)
			checkPrivate(t, filepath.Join(dir, "made"))
		})
		checkPrivate(t, filepath.Join(dir, "made"))
	}
}

// checkPrivate looks at a directory and all that is in it.
func checkPrivate(t *testing.T, dir string) {
	t.Helper()
	seen := 0
	check(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // removed by the server meanwhile
		}
		info, err := os.Lstat(path)
		if err != nil {
			return nil
		}
		seen++
		want := fs.FileMode(0o600)
		if info.IsDir() {
			want |= 0o100
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
		return nil
	}))
	if seen < 5 {
		t.Errorf("only %d files in %s", seen, dir)
	}
}
