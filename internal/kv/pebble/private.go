package pebble

import (
	"errors"
	"io"
	"io/fs"
	"os"

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
