package pebble

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv"
)

// disk is the file system as Pebble is given it. It is there for what happens
// when the disk refuses a write.
//
// Pebble has no answer to that: where its log cannot be written, synced or
// rotated, or its manifest, it panics, in some places with its own locks in a
// state that ends the process without a word. So the disk keeps such an error
// to itself, remembers it, and is frozen from then on: Pebble goes on, but of
// what it does nothing reaches the directory that would change what is there.
// Tables may still be written, for they are new files; the log and the manifest
// end where they ended, and nothing is removed or renamed. The next Open finds
// the directory as it would after a crash at that moment.
//
// The committer looks for the failure after each sync and before each commit,
// so no update is acknowledged that was not written, and none follows; readers
// see what was there before (group.go). Open looks for it before it returns.
type disk struct {
	vfs.FS
	dir    string // the data directory
	log    *slog.Logger
	frost  atomic.Pointer[frost] // nil: not frozen
	opened atomic.Bool           // Open has returned
	tables tables
	seal   seal

	// Of the time until then:
	read    atomic.Pointer[string] // the file read last: the one to blame
	logged  atomic.Int64           // bytes read from logs
	refused atomic.Bool            // the file system could not read
}

// frost is why a disk is frozen.
type frost struct {
	cause       error // with the operation and the file
	unavailable error // the same, as updates return it
}

// failure returns why the disk is frozen: nil, or an ErrUnavailable.
func (d *disk) failure() error {
	if frost := d.frost.Load(); frost != nil {
		return frost.unavailable
	}
	return nil
}

// refusal is failure in the words of Open.
func (d *disk) refusal() error {
	if frost := d.frost.Load(); frost != nil {
		return fmt.Errorf("kv: open the data directory: %w", frost.cause)
	}
	return nil
}

// keep keeps an error from Pebble: it freezes the disk. The first one counts,
// and is logged, unless Open returns it.
func (d *disk) keep(op, name string, err error) {
	if err == nil {
		return
	}
	cause := named(op, name, err)
	unavailable := fmt.Errorf("%w until it is opened again: %w", kv.ErrUnavailable, cause)
	if d.frost.CompareAndSwap(nil, &frost{cause, unavailable}) && d.opened.Load() {
		d.log.Error("the disk refused a write; no more writes are taken, reads go on; mend the disk and start again", "err", cause)
	}
}

// named returns the error with the operation and the file.
func named(op, name string, err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) { // which says it itself
		return err
	}
	return fmt.Errorf("%s %s: %w", op, name, err)
}

func (d *disk) frozen() bool { return d.frost.Load() != nil }

// gaveUp reports whether the store is being opened in vain: Open will return why.
func (d *disk) gaveUp() bool { return !d.opened.Load() && d.frozen() }

// free: the file's errors are Pebble's. A table is a new file that nothing
// refers to yet, and Pebble tries again (tables.go); but no flush while the store
// is being opened, for it would try until the disk has room.
func (d *disk) free(name string, category vfs.DiskWriteCategory) bool {
	if !strings.HasSuffix(name, ".sst") && !strings.HasSuffix(name, ".blob") {
		return false
	}
	return d.opened.Load() || category == compactionCategory
}

func isLog(name string) bool { return strings.HasSuffix(name, ".log") }

// nowhere returns a file whose content is not on the disk.
func nowhere() vfs.File {
	f, _ := vfs.NewMem().Create("nowhere", vfs.WriteCategoryUnspecified) // never fails
	return f
}

// guard wraps what opening a file for writing returned.
func (d *disk) guard(op, name string, f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		d.keep(op, name, err)
		f = nowhere()
	}
	if isLog(name) {
		f = newGrowing(d, f)
	}
	g := &guarded{File: f, disk: d, name: name}
	if base := d.PathBase(name); op == "create" && isManifest(base) {
		g.manifest = &prefix{manifest: base}
	}
	return g, nil
}

// Create creates a file.
func (d *disk) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if d.free(name, category) {
		return d.createTable(name, category)
	}
	if d.frozen() {
		return &guarded{File: nowhere(), disk: d, name: name}, nil
	}
	d.settle(name)
	f, err := d.FS.Create(name, category)
	return d.guard("create", name, f, err)
}

// settle syncs the directory before a marker is created or removed. A marker
// names another file, and Pebble relies on the file system keeping the order in
// which files come and go. Where one does not, a power cut could leave a marker
// without its file, or no marker at all.
func (d *disk) settle(name string) {
	if strings.HasPrefix(d.PathBase(name), "marker.") {
		d.keep("sync", d.dir, syncDir(d))
	}
}

// OpenReadWrite opens a file for reading and writing.
func (d *disk) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	if d.free(name, category) {
		return d.FS.OpenReadWrite(name, category, opts...)
	}
	if d.frozen() {
		return &guarded{File: nowhere(), disk: d, name: name}, nil
	}
	f, err := d.FS.OpenReadWrite(name, category, opts...)
	return d.guard("open", name, f, err)
}

// ReuseForWrite turns an old log into a new one.
func (d *disk) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if d.frozen() || !d.mayLose(oldname) {
		return &guarded{File: nowhere(), disk: d, name: newname}, nil
	}
	f, err := d.FS.ReuseForWrite(oldname, newname, category)
	return d.guard("reuse", newname, f, err)
}

// OpenDir opens a directory for syncing.
func (d *disk) OpenDir(name string) (vfs.File, error) {
	if d.frozen() {
		return &guarded{File: nowhere(), disk: d, name: name}, nil
	}
	f, err := d.FS.OpenDir(name)
	return d.guard("open", name, f, err)
}

// Open opens a file for reading.
func (d *disk) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := d.FS.Open(name, opts...)
	if err != nil || d.opened.Load() {
		return f, d.unread(err)
	}
	return &watched{File: f, disk: d, name: name}, nil
}

// List lists a directory.
func (d *disk) List(dir string) ([]string, error) {
	names, err := d.FS.List(dir)
	return names, d.unread(err)
}

// Stat describes a file.
func (d *disk) Stat(name string) (vfs.FileInfo, error) {
	info, err := d.FS.Stat(name)
	return info, d.unread(err)
}

// unread notes that something could not be read, and is not just missing.
func (d *disk) unread(err error) error {
	if err != nil && err != io.EOF && !errors.Is(err, fs.ErrNotExist) {
		d.refused.Store(true)
	}
	return err
}

// Remove removes a file.
func (d *disk) Remove(name string) error {
	if d.frozen() {
		return nil
	}
	d.settle(name)
	if !d.mayLose(name) {
		return nil
	}
	return d.FS.Remove(name)
}

// RemoveAll removes a directory.
func (d *disk) RemoveAll(name string) error {
	if d.frozen() {
		return nil
	}
	return d.FS.RemoveAll(name)
}

// Rename renames a file.
func (d *disk) Rename(oldname, newname string) error {
	if d.frozen() {
		return nil
	}
	d.keep("rename", newname, d.FS.Rename(oldname, newname))
	return nil
}

// Link links a file.
func (d *disk) Link(oldname, newname string) error {
	if d.frozen() {
		return nil
	}
	d.keep("link", newname, d.FS.Link(oldname, newname))
	return nil
}

// Unwrap returns the file system beneath.
func (d *disk) Unwrap() vfs.FS { return d.FS }

// guarded is a file whose writes must not fail: a log, a manifest, a marker, or
// a directory.
type guarded struct {
	vfs.File
	disk *disk
	name string

	manifest *prefix // what was written to a new manifest; nil: it is none
}

// Write appends.
func (g *guarded) Write(p []byte) (int, error) {
	if !g.disk.frozen() {
		if g.manifest != nil {
			g.manifest.add(p)
		}
		n, err := g.File.Write(p)
		if err == nil && n < len(p) {
			err = io.ErrShortWrite
		}
		g.disk.keep("write", g.name, err)
	}
	return len(p), nil
}

// WriteAt writes at an offset.
func (g *guarded) WriteAt(p []byte, off int64) (int, error) {
	if !g.disk.frozen() {
		_, err := g.File.WriteAt(p, off)
		g.disk.keep("write", g.name, err)
	}
	return len(p), nil
}

// Sync syncs content and metadata.
func (g *guarded) Sync() error {
	if !g.disk.frozen() {
		g.disk.keep("sync", g.name, g.File.Sync())
	}
	g.noteSynced()
	return nil
}

// SyncData syncs the content.
func (g *guarded) SyncData() error {
	if !g.disk.frozen() {
		g.disk.keep("sync", g.name, g.File.SyncData())
	}
	g.noteSynced()
	return nil
}

func (g *guarded) noteSynced() {
	if g.manifest != nil && !g.disk.frozen() {
		g.disk.seal.noteSynced(*g.manifest)
	}
}

// SyncTo begins to sync.
func (g *guarded) SyncTo(length int64) (fullSync bool, err error) {
	if !g.disk.frozen() {
		fullSync, err = g.File.SyncTo(length)
		g.disk.keep("sync", g.name, err)
	}
	return fullSync, nil
}

// Preallocate asks for room ahead of need, to save work later. A disk that
// refuses may still have room for what is written; room that is kept is not taken.
func (g *guarded) Preallocate(offset, length int64) error {
	if !g.disk.frozen() && g.disk.spare(1, g.disk.tables.unflushed.Load()+uint64(length)) == nil {
		_ = g.File.Preallocate(offset, length)
	}
	return nil
}

// Close closes.
func (g *guarded) Close() error {
	g.disk.keep("close", g.name, g.File.Close())
	return nil
}

// watched is a file that is read while the store is being opened.
type watched struct {
	vfs.File
	disk *disk
	name string
}

// Read reads on.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.File.Read(p)
	return n, w.note(n, err)
}

// ReadAt reads at an offset.
func (w *watched) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.File.ReadAt(p, off)
	return n, w.note(n, err)
}

func (w *watched) note(n int, err error) error {
	if w.disk.opened.Load() {
		return err
	}
	w.disk.read.Store(&w.name)
	if isLog(w.name) {
		w.disk.logged.Add(int64(n))
	}
	return w.disk.unread(err)
}
