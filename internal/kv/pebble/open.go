package pebble

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	engine "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv"
)

// writeCategory is how our own files are counted by Pebble: not at all.
const writeCategory = vfs.WriteCategoryUnspecified

// Open opens the store in a directory, and makes both if they are not there.
// Errors to tell apart: kv.ErrLocked, *kv.FormatError, *kv.CorruptionError.
func Open(o Options) (*DB, error) {
	return open(o, storeFormat())
}

func open(o Options, f format) (_ *DB, err error) {
	o = o.withDefaults()
	if o.Dir, err = makeDir(o); err != nil {
		return nil, fmt.Errorf("kv: make the data directory: %w", err)
	}
	d := &DB{disk: &disk{FS: o.FS, dir: o.Dir, log: o.Logger}, troubled: make(chan struct{}, 1)}
	d.stop = make(chan struct{})
	d.disk.tables.open(o.Logger, d.stop)
	if d.lock, err = lockDir(d.disk); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = errors.Join(d.disk.closeSeal(), d.lock.Close())
		}
	}()
	upgrade, err := checkDir(d.disk)
	if err != nil {
		return nil, err
	}
	if err := keepPrivate(d.disk); err != nil {
		return nil, fmt.Errorf("kv: look at the modes in the data directory: %w", err)
	}
	if err := d.disk.openSeal(); err != nil {
		return nil, err
	}
	if upgrade {
		if err := d.probe(o, f); err != nil {
			return nil, err
		}
	}
	if err := d.makeRoom(o); err != nil {
		return nil, err
	}
	if d.engine, err = d.openEngine(o, false); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = d.engine.Close()
		}
	}()
	if d.created, err = f.settle(d.engine, o); err != nil {
		return nil, err
	}
	clean, err := takeClean(d.disk)
	if err != nil {
		return nil, err
	}
	d.recovered = !d.created && !clean
	bound, err := readStampBound(d.engine)
	if err != nil {
		return nil, err
	}
	d.disk.opened.Store(true) // before the last look: what freezes the disk from now on is logged
	if err := d.disk.refusal(); err != nil {
		return nil, err
	}
	d.disk.tables.unflushed.Store(d.engine.Metrics().WAL.Size)
	d.start(o, bound)
	return d, nil
}

// makeDir makes the data directory, and returns the one name it has: within a
// process, locks go by name.
func makeDir(o Options) (string, error) {
	if o.Dir == "" {
		return "", errors.New("it has no name")
	}
	if err := o.FS.MkdirAll(o.Dir, dirMode); err != nil {
		return "", err
	}
	if _, real := o.FS.(privateFS); !real {
		return o.Dir, nil
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}

// probe refuses a store that is not of our format, or cannot be brought to it.
// It changes nothing, while to open Pebble for writing brings Pebble's files to
// a newer format, in which the program that they belong to may not read them.
func (d *DB) probe(o Options, f format) error {
	return d.peek(o, func(db *engine.DB) error {
		_, err := f.find(db, o)
		return err
	})
}

// peek opens Pebble for reading alone, which changes nothing in the directory,
// and closes it.
func (d *DB) peek(o Options, look func(*engine.DB) error) error {
	db, err := d.openEngine(o, true)
	if err != nil {
		return err
	}
	err = errors.Join(look(db), db.Close())
	d.disk.logged.Store(0) // the logs will be read again
	return err
}

// openEngine opens Pebble.
func (d *DB) openEngine(o Options, readOnly bool) (*engine.DB, error) {
	options := d.engineOptions(o)
	options.Lock, options.ReadOnly = d.lock, readOnly
	db, err := engine.Open(o.Dir, options)
	if err != nil {
		return nil, damaged(d.disk, err)
	}
	if err := d.disk.refusal(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// damaged is the error of an Open that Pebble failed with err. Where the file
// system did all it was asked to, what is in the directory is to blame.
func damaged(d *disk, err error) error {
	switch {
	case d.frozen(): // what it did not take is missing where Pebble looks for it
		return d.refusal()
	case engine.IsCorruptionError(err):
		return d.blame(err)
	case d.refused.Load():
		return err
	}
	return d.blame(err)
}

// lockDir takes the directory for this process.
func lockDir(disk *disk) (*engine.Lock, error) {
	lock, err := engine.LockDirectory(disk.dir, disk)
	if err == nil {
		return lock, nil
	}
	// Another process has it if the system says so in one of two ways, and this
	// one if the error is not the system's.
	var errno syscall.Errno
	if !errors.As(err, &errno) || errno == syscall.EAGAIN || errno == syscall.EACCES && !isPathError(err) {
		return nil, fmt.Errorf("%w: %q: %w", kv.ErrLocked, disk.dir, err)
	}
	return nil, fmt.Errorf("kv: lock the data directory: %w", err)
}

// isPathError tells an error of opening the lock file from one of locking it.
func isPathError(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path)
}

// takeClean reports whether the directory was closed in order, and takes the
// mark away durably, before anything is written.
func takeClean(disk *disk) (bool, error) {
	name := disk.PathJoin(disk.dir, cleanFile)
	_, err := disk.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = disk.Remove(name)
	}
	if err == nil {
		err = syncDir(disk)
	}
	return true, err
}

func syncDir(disk *disk) error {
	f, err := disk.OpenDir(disk.dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// readStampBound returns where stamps begin.
func readStampBound(db *engine.DB) (uint64, error) {
	value, err := get(db, stampKey(), nil)
	if errors.Is(err, kv.ErrNotFound) {
		return 1, nil
	}
	if err != nil {
		return 0, err
	}
	bound, err := parseStampBound(value)
	if err != nil {
		return 0, &kv.CorruptionError{Err: err}
	}
	return bound, nil
}
