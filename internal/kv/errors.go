package kv

import (
	"errors"
	"fmt"
)

// Errors to tell apart with errors.Is.
var (
	// ErrNotFound: there is no value at the key.
	ErrNotFound = errors.New("kv: not found")

	// ErrClosed: the store is closed.
	ErrClosed = errors.New("kv: the store is closed")

	// ErrKey: a key is empty, too long, or the engine's own.
	ErrKey = errors.New("kv: not a valid key")

	// ErrTooLarge: a value or an update is beyond its limit.
	ErrTooLarge = errors.New("kv: too large")

	// ErrUnavailable: the engine takes no writes, because its disk does not.
	// Where it could not write its log, that is so until it is opened again;
	// whether the update that met it will be there then is not known, and
	// readers do not see it. Where the disk is full or takes no tables, it
	// passes by itself, and nothing was written. Wraps the cause.
	ErrUnavailable = errors.New("kv: the store takes no more writes")

	// ErrLocked: another process, or another store of this one, has the data
	// directory open.
	ErrLocked = errors.New("kv: the data directory is in use")
)

// FormatError reports a data directory in a format that this program does not
// read.
type FormatError struct {
	Dir       string
	Found     uint64 // 0: the format is not marked at all
	Supported uint64 // the newest that this program reads
	Advice    string // a sentence on what to do
}

// Error names both formats and ends with the advice.
func (e *FormatError) Error() string {
	return fmt.Sprintf("kv: data directory %q has format %d, this program reads up to %d: %s",
		e.Dir, e.Found, e.Supported, e.Advice)
}

// CorruptionError reports stored bytes that cannot be what was written.
type CorruptionError struct {
	File string // empty when it is not known
	Err  error
}

// Error names the file if it is known.
func (e *CorruptionError) Error() string {
	if e.File == "" {
		return fmt.Sprintf("kv: damaged data: %v", e.Err)
	}
	return fmt.Sprintf("kv: damaged file %s: %v", e.File, e.Err)
}

// Unwrap returns the engine's error.
func (e *CorruptionError) Unwrap() error { return e.Err }
