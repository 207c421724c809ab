package pebble

import (
	"errors"
	"fmt"

	engine "github.com/cockroachdb/pebble/v2"

	"github.com/gramme-db/gramme/internal/kv"
)

// format is the format of a store's content that a program reads, and how it
// comes there from older ones.
type format struct {
	version    uint64
	migrations []migration // to version from each older one, in order, the oldest first
}

// migration brings a store from one version to the next. Its writes go to the
// batch, which is committed with the new version: a crash in between begins the
// migration again. One that is too great for a batch has to be written so that
// it can be begun again.
type migration struct {
	from uint64
	run  func(db *engine.DB, batch *engine.Batch) error
}

// storeFormat is the format of this program. A change of any stored form raises
// the version and adds a migration here; the forms are drawn in kv/layout, kv,
// and format.go. Version 1 is the first.
func storeFormat() format {
	return format{version: 1}
}

// settle brings the store to the format, and reports whether it was new.
func (f format) settle(db *engine.DB, o Options) (created bool, err error) {
	found, err := f.find(db, o)
	if err != nil {
		return false, err
	}
	if found == 0 {
		return true, db.Set(formatKey(), appendFormat(nil, f.version), o.writeOptions())
	}
	for _, m := range f.migrations {
		if m.from != found {
			continue
		}
		if err := f.migrate(db, m, o); err != nil {
			return false, fmt.Errorf("kv: migrate the store from format %d: %w", found, err)
		}
		found++
	}
	return false, nil
}

// find returns the version of the store, from which the migrations lead to
// ours; 0 for one that is empty. It refuses all others, and changes nothing.
func (f format) find(db *engine.DB, o Options) (version uint64, err error) {
	value, err := get(db, formatKey(), nil)
	if errors.Is(err, kv.ErrNotFound) {
		return 0, checkEmpty(db, o)
	}
	if err != nil {
		return 0, err
	}
	found, err := parseFormat(value)
	if err != nil {
		return 0, &kv.CorruptionError{Err: err}
	}
	oldest := f.version
	if len(f.migrations) > 0 {
		oldest = f.migrations[0].from
	}
	switch {
	case found > f.version:
		return 0, f.refuse(o, found, "it was written by a newer Gramme; open it with that version or a later one")
	case found < oldest:
		return 0, f.refuse(o, found, "it is too old for this version of Gramme; open it once with an earlier one, which brings it forward")
	}
	return found, nil
}

// checkEmpty refuses a store that has entries, but no format: it is none of
// ours.
func checkEmpty(db *engine.DB, o Options) error {
	entries, err := db.NewIter(nil)
	if err != nil {
		return readError(err)
	}
	occupied := entries.First()
	if err := entries.Close(); err != nil {
		return readError(err)
	}
	if occupied {
		return foreign(o.Dir)
	}
	return nil
}

func (f format) migrate(db *engine.DB, m migration, o Options) error {
	batch := db.NewBatch()
	defer func() { _ = batch.Close() }()
	if err := m.run(db, batch); err != nil {
		return err
	}
	if err := batch.Set(formatKey(), appendFormat(nil, m.from+1), nil); err != nil {
		return err
	}
	return batch.Commit(o.writeOptions())
}

func (f format) refuse(o Options, found uint64, advice string) error {
	return &kv.FormatError{Dir: o.Dir, Found: found, Supported: f.version, Advice: advice}
}

// writeOptions are for what is written while the store is being opened: synced
// wherever there is a log.
func (o Options) writeOptions() *engine.WriteOptions {
	if o.Durability == Volatile {
		return engine.NoSync
	}
	return engine.Sync
}
