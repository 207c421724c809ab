package pebble

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs/atomicfs"

	"github.com/gramme-db/gramme/internal/kv"
)

// seal keeps damage of the manifest from being taken for its end.
//
// Pebble takes a record of its manifest that is damaged for one that a power
// cut has torn, and reads no further. What comes after it is as if it had never
// been: tables that are listed there would be removed as of no use, and where
// their logs are gone, acknowledged writes with them. So before a file is
// removed or used again, which the manifest has made useless, the checksum of
// the manifest so far is made durable; and if the manifest does not begin with
// that when the store is opened, it is refused. The end of the manifest after
// that is free to be torn: all that it replaces is still there.
//
// The seal is in the name of an empty file, as Pebble's own markers are:
//
//	marker.seal.000007.MANIFEST-000001-3310-1c291ca3
//	            |      |               |    |
//	            count  manifest        size CRC-32C, hexadecimal
type seal struct {
	marker *atomicfs.Marker

	mu struct {
		sync.Mutex
		synced prefix // of the manifest that is written
		sealed prefix
	}
}

const sealMarker = "seal"

// prefix is the beginning of a manifest, with its checksum.
type prefix struct {
	manifest string // its name; empty: none
	bytes    int64
	sum      uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (p *prefix) add(b []byte) {
	p.bytes += int64(len(b))
	p.sum = crc32.Update(p.sum, castagnoli, b)
}

func (p prefix) String() string { return fmt.Sprintf("%s-%d-%08x", p.manifest, p.bytes, p.sum) }

// parsePrefix reads what String has written.
func parsePrefix(s string) (p prefix, err error) {
	parts := sealText.FindStringSubmatch(s)
	if parts == nil {
		return p, fmt.Errorf("%q is no seal", s)
	}
	p.manifest = parts[1]
	bytes, err := strconv.ParseInt(parts[2], 10, 64)
	sum, sumErr := strconv.ParseUint(parts[3], 16, 32)
	p.bytes, p.sum = bytes, uint32(sum)
	return p, errors.Join(err, sumErr)
}

var sealText = regexp.MustCompile(`^(MANIFEST-\d+)-(\d+)-([0-9a-f]{8})$`)

// checkSeal refuses a store whose manifest does not begin with what was sealed.
// A manifest that was begun later has no seal yet: it is made as a whole before
// it is in force.
func (d *disk) checkSeal(manifest string) error {
	text, err := atomicfs.ReadMarker(d, d.dir, sealMarker)
	if err != nil || text == "" {
		return err
	}
	want, err := parsePrefix(text)
	if err != nil {
		return &kv.CorruptionError{File: d.PathJoin(d.dir, "marker."+sealMarker+".*"), Err: err}
	}
	if want.manifest != manifest {
		return nil
	}
	found, err := d.readPrefix(manifest, want.bytes)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // which Pebble reports
	case err != nil, found == want:
		return err
	}
	return &kv.CorruptionError{
		File: d.PathJoin(d.dir, manifest),
		Err:  fmt.Errorf("its first %d bytes have another checksum than when they were written, or are not there; nothing was changed", want.bytes),
	}
}

// readPrefix returns the prefix of a manifest; of less bytes if it has less.
func (d *disk) readPrefix(manifest string, bytes int64) (prefix, error) {
	f, err := d.Open(d.PathJoin(d.dir, manifest))
	if err != nil {
		return prefix{}, err
	}
	defer func() { _ = f.Close() }()
	p := prefix{manifest: manifest}
	for room := make([]byte, 32<<10); p.bytes < bytes && err == nil; {
		var n int
		n, err = f.Read(room[:min(int64(len(room)), bytes-p.bytes)])
		p.add(room[:n])
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return p, err
}

// openSeal prepares for what will be sealed. What is in the manifest so far is
// among it, unless its end is torn: then Pebble begins a new one. It is synced,
// as the last process may have been killed before it did that.
func (d *disk) openSeal() (err error) {
	if manifest := d.manifest(); manifest != "" && d.intact(manifest) {
		if err := d.syncFile(manifest); err != nil {
			return err
		}
		if d.seal.mu.synced, err = d.readPrefix(d.PathBase(manifest), math.MaxInt64); err != nil {
			return err
		}
	}
	d.seal.marker, _, err = atomicfs.LocateMarker(d, d.dir, sealMarker)
	return err
}

func (d *disk) syncFile(name string) error {
	f, err := d.FS.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// closeSeal is for when nothing is removed any more.
func (d *disk) closeSeal() error {
	if d.seal.marker == nil {
		return nil
	}
	return d.seal.marker.Close()
}

// noteSynced notes that so much of a manifest is on the disk.
func (s *seal) noteSynced(p prefix) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.synced = p
}

// mayLose seals the manifest before a file of data is removed or used again. It
// returns false if it cannot.
func (d *disk) mayLose(name string) bool {
	s := &d.seal
	if s.marker == nil || !isData(d.PathBase(name)) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.sealed == s.mu.synced {
		return true
	}
	d.keep("seal", s.mu.synced.manifest, s.marker.Move(s.mu.synced.String()))
	s.mu.sealed = s.mu.synced
	return !d.frozen()
}

func isData(base string) bool {
	switch path.Ext(base) {
	case ".log", ".sst", ".blob":
		return true
	}
	return isManifest(base)
}

func isManifest(base string) bool { return strings.HasPrefix(base, "MANIFEST-") }
