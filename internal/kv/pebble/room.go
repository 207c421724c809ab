package pebble

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"

	engine "github.com/cockroachdb/pebble/v2"

	"github.com/gramme-db/gramme/internal/kv"
)

// room returns nil as long as the disk has room for the log and for the tables
// that it is flushed to, or else an ErrUnavailable.
func (d *disk) room() error {
	if err := d.spare(logReserveParts, d.tables.unflushed.Load()); err != nil {
		return fmt.Errorf("%w until there is room on the disk: %w", kv.ErrUnavailable, err)
	}
	return nil
}

// spare returns an error when the disk has less room than its reserve, or one
// part of that, and so many bytes more. What can be done later leaves the last
// of the room to what must not fail: the log, the manifest, and the tables that
// the log is flushed to, without which the store cannot be opened again. A file
// system that cannot tell has room.
func (d *disk) spare(parts, more uint64) error {
	usage, err := d.FS.GetDiskUsage(d.dir)
	if err != nil {
		return nil
	}
	reserve := min(reserveBytes, usage.TotalBytes/reserveShare)/parts + more
	if usage.AvailBytes >= reserve {
		return nil
	}
	return fmt.Errorf("%d bytes are free, and the last %d are kept: %w", usage.AvailBytes, reserve, syscall.ENOSPC)
}

// makeRoom takes away what a crash has left of tables that were being written,
// before the logs are flushed to tables again: where the disk is nearly full, the
// room was kept for that once. Pebble would do it afterwards, and each attempt to
// open the store would leave more of them. Which tables are in use is known only
// when all is read, so nothing is done as long as there is room.
func (d *DB) makeRoom(o Options) error {
	names, err := d.disk.List(d.disk.dir)
	if err != nil {
		return err
	}
	logs, err := d.disk.logBytes(names)
	if err != nil {
		return err
	}
	d.disk.tables.unflushed.Store(logs) // compactions begin while the store is being opened
	tables := slices.DeleteFunc(names, func(name string) bool { return !isNumbered(name, ".sst") })
	if len(tables) == 0 || d.disk.spare(1, logs) == nil { // a new store, which cannot be read yet, has none
		return nil
	}
	used, err := d.usedTables(o)
	if err != nil {
		return err
	}
	for _, name := range tables {
		number, _ := strconv.ParseUint(strings.TrimSuffix(name, ".sst"), 10, 64)
		if used[number] {
			continue
		}
		if err := d.disk.Remove(d.disk.PathJoin(d.disk.dir, name)); err != nil {
			return fmt.Errorf("kv: make room on the disk: %w", err)
		}
	}
	return nil
}

// logBytes returns how many bytes the logs among the files have.
func (d *disk) logBytes(names []string) (total uint64, err error) {
	for _, name := range names {
		if !isNumbered(name, ".log") {
			continue
		}
		info, err := d.Stat(d.PathJoin(d.dir, name))
		if err != nil {
			return 0, err
		}
		total += uint64(info.Size())
	}
	return total, nil
}

// usedTables returns the numbers of the tables that the store consists of. It
// changes nothing.
func (d *DB) usedTables(o Options) (used map[uint64]bool, err error) {
	err = d.peek(o, func(db *engine.DB) error {
		levels, err := db.SSTables()
		used = make(map[uint64]bool)
		for _, level := range levels {
			for _, t := range level {
				used[uint64(t.BackingSSTNum)] = true
			}
		}
		return err
	})
	return used, err
}
