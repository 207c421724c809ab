package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

// readStopped opens the data directory of a stopped server for read, and closes
// it. It takes the directory's lock, so no server is running meanwhile; and as
// the engine opens a directory only to write to it, one that was not closed in
// order is recovered by this.
func readStopped(dir string, read func(context.Context, driver.Driver) error) (err error) {
	if err := checkDataDir(dir); err != nil {
		return err
	}
	store, err := pebble.Open(pebble.Options{Dir: dir})
	if err != nil {
		return explain(err, dir)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return explain(read(context.Background(), store), dir)
}

// checkDataDir refuses a folder that no server has written, which the engine
// would make a new data directory of. What is left of a data directory that is
// not whole the engine refuses itself.
func checkDataDir(dir string) error {
	found, err := filepath.Glob(filepath.Join(dir, "MANIFEST-*"))
	if err == nil && len(found) == 0 {
		err = fs.ErrNotExist
	}
	if _, statErr := os.Stat(dir); statErr != nil {
		err = statErr
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s is not a data directory of gramme", dir)
	}
	return fmt.Errorf("cannot read the data directory: %w", err)
}

// explain returns an error of opening a data directory, or of reading in it, in
// words that say what to do.
func explain(err error, dir string) error {
	var format *kv.FormatError
	var damage *kv.CorruptionError
	var file *fs.PathError // no permission, no space, no directory
	switch {
	case errors.Is(err, kv.ErrLocked):
		return fmt.Errorf("the data directory %s is in use by another gramme; stop that one, or choose another directory", dir)
	case errors.As(err, &format):
		return fmt.Errorf("the data directory %s cannot be opened by this version of gramme (format %d, known up to %d): %s", dir, format.Found, format.Supported, format.Advice)
	case errors.As(err, &damage) && damage.File != "":
		return fmt.Errorf("the data directory %s is damaged, in file %s; keep a copy of it and restore a backup: %w", dir, damage.File, damage.Err)
	case errors.As(err, &damage):
		return fmt.Errorf("the data directory %s is damaged; keep a copy of it and restore a backup: %w", dir, damage.Err)
	case errors.As(err, &file):
		return fmt.Errorf("cannot use the data directory %s: %w; mend that, or choose another directory", dir, file)
	}
	return err
}
