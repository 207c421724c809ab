package pebble

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	engine "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs/atomicfs"

	"github.com/gramme-db/gramme/internal/kv"
)

// Pebble's names for its markers: empty files, which say in their names which
// format its files have and which manifest is in force.
const (
	formatMarker   = "format-version"
	manifestMarker = "manifest"
)

// checkDir looks at a directory before Pebble does, which takes one without its
// markers for a new one and removes all that it finds in it. Nothing is changed
// in a directory that has data. upgrade is true if Pebble would bring its files
// to a newer format.
func checkDir(disk *disk) (upgrade bool, err error) {
	names, err := disk.List(disk.dir)
	if err != nil {
		return false, err
	}
	format, err := readEngineFormat(disk)
	if err != nil {
		return false, err
	}
	manifest, err := atomicfs.ReadMarker(disk, disk.dir, manifestMarker)
	if err != nil {
		return false, damaged(disk, err)
	}
	occupied, err := hasData(disk, names)
	switch {
	case err != nil:
		return false, err
	case format == 0 && slices.Contains(names, "CURRENT"): // in place of markers: LevelDB, RocksDB, Pebble before them
		return false, foreign(disk.dir)
	case !occupied:
		return false, markEngineFormat(disk, format)
	case format == 0:
		return false, missing(disk, formatMarker)
	case manifest == "":
		return false, missing(disk, manifestMarker)
	}
	return format < engineFormat, errors.Join(disk.checkSeal(manifest), disk.checkLogs(names))
}

// hasData reports whether one of the files tells of a store. A new one has none
// of them while it is being made, but perhaps a manifest and an empty log.
func hasData(disk *disk, names []string) (bool, error) {
	for _, name := range names {
		switch {
		case name == cleanFile, isNumbered(name, ".sst"), isNumbered(name, ".blob"):
			return true, nil
		case isNumbered(name, ".log"):
			info, err := disk.Stat(disk.PathJoin(disk.dir, name))
			if err != nil || info.Size() > 0 {
				return err == nil, err
			}
		}
	}
	return false, nil
}

// isNumbered reports whether Pebble gives files such names. Other files are no
// business of ours.
func isNumbered(name, extension string) bool {
	number, ok := strings.CutSuffix(name, extension)
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
}

// readEngineFormat returns the format of Pebble's files; 0 if it is not marked.
// It refuses files of a newer Pebble, and of one too old.
func readEngineFormat(disk *disk) (engine.FormatMajorVersion, error) {
	text, err := atomicfs.ReadMarker(disk, disk.dir, formatMarker)
	if err != nil {
		return 0, damaged(disk, err)
	}
	if text == "" {
		return 0, nil
	}
	found, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, &kv.CorruptionError{File: disk.PathJoin(disk.dir, "marker."+formatMarker+".*"), Err: err}
	}
	if version := engine.FormatMajorVersion(found); version <= engineFormat && version >= engine.FormatMinSupported {
		return version, nil
	}
	return 0, &kv.FormatError{
		Dir: disk.dir, Found: found, Supported: uint64(engineFormat),
		Advice: "its files were written by another generation of the storage engine; open it with the version of Gramme that wrote it",
	}
}

// markEngineFormat marks a directory that has no data with our format. Pebble
// itself would make the store in its oldest format and bring it forward after
// the first log was begun; but only in newer ones has a log what it takes to
// tell damage from its end.
func markEngineFormat(disk *disk, found engine.FormatMajorVersion) error {
	if found == engineFormat {
		return nil
	}
	marker, _, err := atomicfs.LocateMarker(disk, disk.dir, formatMarker)
	if err != nil {
		return err
	}
	if err := errors.Join(marker.Move(engineFormat.String()), marker.Close()); err != nil {
		return err
	}
	return disk.refusal()
}

// missing is the refusal of a store without one of its markers.
func missing(disk *disk, marker string) error {
	return &kv.CorruptionError{
		File: disk.PathJoin(disk.dir, "marker."+marker+".*"),
		Err: errors.New("the empty file is missing; nothing was changed. " +
			"If this is a copy, make it again with a tool that copies empty files too"),
	}
}

// foreign is the refusal of what other programs have stored.
func foreign(dir string) error {
	return &kv.FormatError{
		Dir: dir, Supported: storeFormat().version,
		Advice: "it is a database of another program; choose another directory",
	}
}
