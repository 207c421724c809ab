package pebble

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/gramme-db/gramme/internal/kv"
)

// The engine's own keys and their values:
//
//	+------+-----+        +---------+
//	| 0x00 | 'f' |   ->   | version |   the format of the store
//	| 1    | 1   |        | uvarint |
//	+------+-----+        +---------+
//
//	+------+-----+        +---------+
//	| 0x00 | 's' |   ->   | bound   |   no stamp from bound on was handed out
//	| 1    | 1   |        | 8, BE   |
//	+------+-----+        +---------+
//
// The format covers everything in the store, callers' keys included. Besides
// the database, the directory may hold the file CLEAN, which is empty: it is
// there exactly while the store is closed and was closed in order.
const (
	formatKeyByte = 'f'
	stampKeyByte  = 's'
	cleanFile     = "CLEAN"
)

func formatKey() []byte { return []byte{kv.EnginePrefix, formatKeyByte} }
func stampKey() []byte  { return []byte{kv.EnginePrefix, stampKeyByte} }

var (
	errFormatValue = errors.New("not a format version")
	errStampValue  = errors.New("not a stamp bound")
)

func appendFormat(dst []byte, version uint64) []byte {
	return binary.AppendUvarint(dst, version)
}

func parseFormat(value []byte) (version uint64, err error) {
	version, n := binary.Uvarint(value)
	if n <= 0 || n != len(value) || version == 0 {
		return 0, errFormatValue
	}
	return version, nil
}

func appendStampBound(dst []byte, bound uint64) []byte {
	return binary.BigEndian.AppendUint64(dst, bound)
}

func parseStampBound(value []byte) (bound uint64, err error) {
	if len(value) != 8 || binary.BigEndian.Uint64(value) == 0 {
		return 0, errStampValue
	}
	return binary.BigEndian.Uint64(value), nil
}

// FormatEntry prints an entry of the engine's own for people, in one line.
func FormatEntry(key, value []byte) string {
	if len(key) != 2 || key[0] != kv.EnginePrefix {
		return fmt.Sprintf("not an engine key: %x", key)
	}
	switch key[1] {
	case formatKeyByte:
		version, err := parseFormat(value)
		if err != nil {
			return fmt.Sprintf("format: %v: %x", err, value)
		}
		return fmt.Sprintf("format: version %d", version)
	case stampKeyByte:
		bound, err := parseStampBound(value)
		if err != nil {
			return fmt.Sprintf("stamps: %v: %x", err, value)
		}
		return fmt.Sprintf("stamps: below %d", bound)
	}
	return fmt.Sprintf("unknown engine key: %x", key)
}

// OwnEntries prints the entries that the engine keeps for itself, in order.
func (d *DB) OwnEntries() ([]string, error) {
	entries := scan(d.engine, []byte{kv.EnginePrefix}, []byte{kv.EnginePrefix + 1}, false)
	var lines []string
	for entries.Next() {
		lines = append(lines, FormatEntry(entries.Key(), entries.Value()))
	}
	return lines, errors.Join(entries.Err(), entries.Close())
}
