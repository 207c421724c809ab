package pebble

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"

	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs/atomicfs"

	"github.com/gramme-db/gramme/internal/kv"
)

// tableInText finds the first of the tables that are not as the manifest says,
// as in "L6: 000007: object size mismatch". Pebble tells it in its text alone.
var tableInText = regexp.MustCompile(`\bL\d: (\d{6,}): `)

// blame reports an error of opening the store with the file that it is about:
// the one that is not there, the table that is not as the manifest says, the
// manifest if it is damaged itself, or what was read last.
func (d *disk) blame(err error) *kv.CorruptionError {
	found := corruption(err)
	path, table, read := (*fs.PathError)(nil), tableInText.FindStringSubmatch(err.Error()), d.read.Load()
	switch {
	case found.File != "":
	case table != nil:
		found.File = d.PathJoin(d.dir, table[1]+".sst")
		if manifest := d.manifest(); manifest != "" && !d.intact(manifest) {
			found.File = manifest
		}
	case errors.As(err, &path):
		found.File = path.Path
	case read != nil:
		found.File = *read
	}
	return found
}

// manifest returns the path of the manifest in force; empty if there is none.
func (d *disk) manifest() string {
	name, err := atomicfs.ReadMarker(d, d.dir, manifestMarker)
	if err != nil || name == "" {
		return ""
	}
	return d.PathJoin(d.dir, name)
}

// intact reports whether the records of a manifest end where the file does.
// Pebble takes one that is damaged for the end, which it is after a power cut.
func (d *disk) intact(manifest string) bool {
	f, err := d.FS.Open(manifest)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	for records := record.NewReader(f, 0); err == nil; {
		_, err = records.Next()
	}
	return !record.IsInvalidRecord(err)
}

// oneLine is an error in one line, where Pebble tells of many tables in as many.
type oneLine struct{ error }

// Error returns the text.
func (o oneLine) Error() string { return strings.ReplaceAll(o.error.Error(), "\n", "; ") }

// Unwrap returns the error.
func (o oneLine) Unwrap() error { return o.error }
