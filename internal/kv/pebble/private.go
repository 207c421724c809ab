package pebble

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// privateFS is the machine's file system, with files and directories that only
// their owner may read, whatever the process's umask. A file gets its mode when
// it comes into being, so there is no moment at which others could open it.
type privateFS struct{ vfs.FS }

func newPrivateFS() vfs.FS { return privateFS{vfs.Default} }

// Create creates a file, in place of the one that has the name.
func (p privateFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return p.OpenReadWrite(name, category)
}

// OpenReadWrite opens a file, and creates it if it is not there.
func (p privateFS) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	if err := touch(name); err != nil {
		return nil, err
	}
	return p.FS.OpenReadWrite(name, category, opts...)
}

// Lock locks a file.
func (p privateFS) Lock(name string) (io.Closer, error) {
	if err := touch(name); err != nil {
		return nil, err
	}
	return p.FS.Lock(name)
}

// MkdirAll makes a directory.
func (p privateFS) MkdirAll(dir string, _ os.FileMode) error {
	return p.FS.MkdirAll(dir, dirMode)
}

// Unwrap returns the file system beneath.
func (p privateFS) Unwrap() vfs.FS { return p.FS }

// touch creates the file if it is not there.
func touch(name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// keepPrivate takes the files of a store away from others, who got at them by a
// copy that made them anew. The directory is its owner's to close: it may hold
// more than the store. If others can write to it they can change the store,
// whatever its files allow, and the log says so.
func keepPrivate(disk *disk) error {
	if _, real := disk.FS.(privateFS); !real || runtime.GOOS == "windows" { // whose modes say nothing
		return nil
	}
	names, err := disk.List(disk.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !isOurs(name) {
			continue
		}
		if err := makePrivate(filepath.Join(disk.dir, name)); err != nil {
			disk.log.Warn("others may read a file of the store; give it back to the user who runs gramme", "err", err)
		}
	}
	info, err := os.Stat(disk.dir)
	if err == nil && info.Mode()&writableByAll != 0 {
		disk.log.Warn("every user of this machine may change the data directory; run: chmod o-w " + disk.dir)
	}
	return err
}

// isOurs reports whether a file of this name is the store's.
func isOurs(name string) bool {
	for _, extension := range []string{".sst", ".blob", ".log"} {
		if isNumbered(name, extension) {
			return true
		}
	}
	return name == cleanFile || name == "LOCK" ||
		slices.ContainsFunc([]string{"MANIFEST-", "OPTIONS-", "marker."}, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

func makePrivate(path string) error {
	info, err := os.Lstat(path) // what a link leads to is not ours to change
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&forOthers == 0 {
		return err
	}
	return os.Chmod(path, fileMode)
}
