package pebble_test

import (
	"errors"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv/pebble"
)

const diskBytes = 64 << 20

// smallDisk is a disk in memory that has only so much room.
type smallDisk struct {
	vfs.FS
	mem  *vfs.MemFS
	size uint64 // less than diskBytes when others have taken the rest

	mu      sync.Mutex
	asked   map[string]uint64 // by path, how much room the file was given ahead of need
	least   uint64            // how much was left when room was given ahead of need
	written func()            // called after each write to a table, with the lock, if it is not nil
}

func newSmallDisk(mem *vfs.MemFS) *smallDisk {
	return &smallDisk{FS: mem, mem: mem, size: diskBytes, asked: map[string]uint64{}, least: diskBytes}
}

func (s *smallDisk) options() pebble.Options {
	return pebble.Options{Dir: "data", FS: s, MemtableBytes: 512 << 10}
}

// kill returns the disk as a process leaves it that is killed. The caller holds
// the lock.
func (s *smallDisk) kill() *smallDisk {
	killed := newSmallDisk(s.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))}))
	killed.size, killed.asked = s.size, maps.Clone(s.asked)
	return killed
}

// taken returns how much room the files have. The caller holds the lock.
func (s *smallDisk) taken() (bytes uint64) {
	names, _ := s.FS.List("data")
	for _, name := range names {
		path := s.PathJoin("data", name)
		if info, err := s.FS.Stat(path); err == nil && !info.IsDir() {
			bytes += max(uint64(info.Size()), s.asked[path])
		}
	}
	return bytes
}

func (s *smallDisk) free() uint64 { return s.size - min(s.size, s.taken()) }

// GetDiskUsage returns how much room there is.
func (s *smallDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return vfs.DiskUsage{AvailBytes: s.free(), TotalBytes: diskBytes, UsedBytes: diskBytes - s.free()}, nil
}

// Create creates a file.
func (s *smallDisk) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	s.forget(name)
	f, err := s.FS.Create(name, category)
	return &smallFile{File: f, disk: s, name: name}, err
}

// ReuseForWrite turns a file into another one.
func (s *smallDisk) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	s.mu.Lock()
	s.asked[newname] = s.asked[oldname]
	delete(s.asked, oldname)
	s.mu.Unlock()
	f, err := s.FS.ReuseForWrite(oldname, newname, category)
	return &smallFile{File: f, disk: s, name: newname}, err
}

// Remove removes a file.
func (s *smallDisk) Remove(name string) error {
	s.forget(name)
	return s.FS.Remove(name)
}

func (s *smallDisk) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.asked, name)
}

// Unwrap returns the file system beneath.
func (s *smallDisk) Unwrap() vfs.FS { return s.FS }

// smallFile is a file that is written to a small disk.
type smallFile struct {
	vfs.File
	disk *smallDisk
	name string
}

// Write appends.
func (f *smallFile) Write(p []byte) (n int, err error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.free() < uint64(len(p)) && !f.has(len(p)) {
		return 0, syscall.ENOSPC
	}
	n, err = f.File.Write(p)
	if f.disk.written != nil && strings.HasSuffix(f.name, ".sst") {
		f.disk.written()
	}
	return n, err
}

// has reports whether the file was given the room for so much more. The caller
// holds the lock.
func (f *smallFile) has(more int) bool {
	info, err := f.File.Stat()
	return err == nil && uint64(info.Size())+uint64(more) <= f.disk.asked[f.name]
}

// Fd returns what is no file of this process. Without any, Pebble would not ask
// for room ahead of need.
func (f *smallFile) Fd() uintptr { return 1 << 30 }

// Preallocate takes room ahead of need.
func (f *smallFile) Preallocate(offset, length int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.free() < uint64(length) {
		return syscall.ENOSPC
	}
	f.disk.asked[f.name] = max(f.disk.asked[f.name], uint64(offset+length))
	f.disk.least = min(f.disk.least, f.disk.free())
	return nil
}

// A process that is killed on a full disk leaves parts of tables there, in the
// room that was kept to flush the logs. The store opens, though the process is
// killed again and again while it does, and all that was acknowledged is there.
func TestKilledOnFullDisk(t *testing.T) {
	const updates, killsWhileOpening, partOfTable, left = 110, 5, 8 << 20, 64 << 10
	disk := newSmallDisk(vfs.NewCrashableMem())
	s := openStore(t, disk.options())
	for i := range updates {
		if err := set(s, bigKey(i), noise(i)); err != nil {
			t.Fatal(err)
		}
	}
	disk.mu.Lock()
	killed := disk.kill()
	disk.mu.Unlock()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	leaveTable(t, killed, partOfTable)
	killed.size = killed.taken() + left
	for range killsWhileOpening {
		killed = killOpening(t, killed)
	}
	s = openStore(t, killed.options())
	for i := range updates {
		if get(t, s, bigKey(i)) != noise(i) {
			t.Fatalf("update %d is not there", i)
		}
	}
}

// A store is made on a disk that is nearly full, and opens there again, after it
// was killed and after it was closed.
func TestNewStoreOnFullDisk(t *testing.T) {
	const left = 3 << 20 // less than is kept
	disk := newSmallDisk(vfs.NewCrashableMem())
	disk.size = left
	s := openStore(t, disk.options())
	disk.mu.Lock()
	killed := disk.kill()
	disk.mu.Unlock()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s = openStore(t, killed.options())
		if err := set(s, "k", "v"); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// leaveTable leaves a table in the directory that nothing refers to.
func leaveTable(t *testing.T, disk *smallDisk, size int) {
	t.Helper()
	f, err := disk.FS.Create("data/000900.sst", vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(make([]byte, size))
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// killOpening opens a store, and returns the disk as it was in the middle of the
// first table that was written.
func killOpening(t *testing.T, disk *smallDisk) (killed *smallDisk) {
	t.Helper()
	disk.written = func() {
		if killed == nil {
			killed = disk.kill()
		}
	}
	d, err := pebble.Open(disk.options())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if killed == nil {
		t.Fatal("no table was written")
	}
	return killed
}

// A log takes no room ahead of need out of what is kept for tables, though
// updates are taken that need some of it.
func TestKeptRoomIsNotGivenToLogs(t *testing.T) {
	const kept, left = diskBytes / 16, 3 << 20 // less than kept, more than where updates are refused
	disk := newSmallDisk(vfs.NewMem())
	s := openStore(t, disk.options())
	if err := set(s, "early", "1"); err != nil {
		t.Fatal(err)
	}
	disk.mu.Lock()
	disk.size = disk.taken() + left
	disk.mu.Unlock()
	acknowledged := 0
	for ; acknowledged < failuresMax && set(s, bigKey(acknowledged), noise(acknowledged)) == nil; acknowledged++ {
	}
	if acknowledged == 0 || acknowledged == failuresMax {
		t.Errorf("%d updates were taken", acknowledged)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if disk.least < kept {
		t.Errorf("%d bytes were left when a log was given room ahead of need, the last %d are kept", disk.least, kept)
	}
}

// noise returns a value that cannot be compressed.
func noise(n int) string {
	b := make([]byte, 20<<10)
	_, _ = rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}).Read(b)
	return string(b)
}
