package pebble

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/gramme-db/gramme/internal/kv"
)

// A log ends where the last process did: at a chunk that is not whole, or of
// another log, whose file was used again. Damage looks the same. But most chunks
// tell how much of the log was on the disk when they were written, so one that
// comes later proves that there was more. Pebble looks for such proof in later
// blocks; a block is many small writes, so we look at every place.
//
// A chunk of a log, as Pebble draws it:
//
//	+-------+-------+-------+--------+--------+-----------+
//	| CRC   | bytes | type  | log    | synced | payload   |
//	| 4, LE | 2, LE | 1     | 4, LE  | 8, LE  | ...       |
//	+-------+-------+-------+--------+--------+-----------+
//
// In a chunk of an older type synced is missing. None goes beyond a block.
const (
	chunkBlockBytes  = 32 << 10
	chunkHeaderBytes = 19
	oldHeaderBytes   = 11
	chunkNumberAt    = 7 // where in a chunk the number of the log is
	chunkTypeMin     = 9 // the first of four types of chunks that have synced
	chunkTypeMax     = 12
	oldTypeMin       = 5
)

// checkLogs refuses a store of which a log is damaged, before Pebble takes what
// is missing for never written. What it has found in a log is durable then: its
// end may have been read from memory alone, and this process goes on behind it.
func (d *disk) checkLogs(names []string) error {
	for _, number := range logNumbers(names) {
		path := d.PathJoin(d.dir, fmt.Sprintf("%06d.log", number))
		content, err := d.readLog(path)
		if err != nil {
			return err
		}
		l := &logContent{bytes: content, number: number}
		l.read()
		if proof := l.proof(); proof > 0 {
			return &kv.CorruptionError{File: path, Err: fmt.Errorf(
				"what is at byte %d was not written there, and what is at byte %d proves that the log goes on; nothing was changed", l.end, proof)}
		}
	}
	return nil
}

// logNumbers returns the numbers of the logs among the files, in order.
func logNumbers(names []string) (numbers []uint32) {
	for _, name := range names {
		number, err := strconv.ParseUint(strings.TrimSuffix(name, ".log"), 10, 32)
		if err == nil && isNumbered(name, ".log") {
			numbers = append(numbers, uint32(number))
		}
	}
	slices.Sort(numbers)
	return numbers
}

// readLog reads a whole log, past the count of what Pebble reads of logs, and
// syncs it.
func (d *disk) readLog(path string) ([]byte, error) {
	f, err := d.FS.OpenReadWrite(path, writeCategory) // not every system syncs a file that is open for reading
	if err != nil {
		return nil, d.unread(err)
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(f)
	if err != nil {
		return nil, d.unread(err)
	}
	return content, f.Sync()
}

// logContent is what is in the file of a log.
type logContent struct {
	bytes  []byte
	number uint32
	end    int // where the log seems to end; read finds it
}

// read reads to the end, or what seems to be it.
func (l *logContent) read() {
	for l.end < len(l.bytes) {
		if next := l.skip(l.end); next > l.end {
			l.end = next
			continue
		}
		_, next := l.chunk(l.end)
		if next == 0 {
			return
		}
		l.end = next
	}
}

// proof returns where it is proved that the log goes on; 0 if it is not. What
// claims that more was synced than is in front of it is no chunk, but part of a
// value that looks like one: a client may store what it likes.
func (l *logContent) proof() int {
	number := binary.LittleEndian.AppendUint32(nil, l.number)
	for at := l.end; at+chunkHeaderBytes <= len(l.bytes); at++ {
		ahead := bytes.Index(l.bytes[at+chunkNumberAt:], number)
		if ahead < 0 {
			return 0
		}
		at += ahead
		if synced, next := l.chunk(at); next > 0 && synced > uint64(l.end) && synced <= uint64(at) {
			return at
		}
	}
	return 0
}

// skip returns the next block if what is left of this one has no room for a
// chunk, and none was begun in it.
func (l *logContent) skip(at int) int {
	next := (at/chunkBlockBytes + 1) * chunkBlockBytes
	rest := l.bytes[at:min(next, len(l.bytes))]
	if next-at < chunkHeaderBytes && !slices.ContainsFunc(rest, func(b byte) bool { return b != 0 }) {
		return next
	}
	return at
}

// chunk reads the chunk at a place: how much of the log it says was synced
// before, and where the next one is; 0 if there is no chunk of this log.
func (l *logContent) chunk(at int) (synced uint64, next int) {
	b := l.bytes[at:min((at/chunkBlockBytes+1)*chunkBlockBytes, len(l.bytes))]
	if len(b) < oldHeaderBytes || binary.LittleEndian.Uint32(b[chunkNumberAt:]) != l.number {
		return 0, 0
	}
	header := oldHeaderBytes
	switch kind := b[6]; {
	case kind >= chunkTypeMin && kind <= chunkTypeMax && len(b) >= chunkHeaderBytes:
		header = chunkHeaderBytes
		synced = binary.LittleEndian.Uint64(b[11:])
	case kind < oldTypeMin || kind >= chunkTypeMin:
		return 0, 0
	}
	end := header + int(binary.LittleEndian.Uint16(b[4:]))
	if end > len(b) || maskedSum(b[6:end]) != binary.LittleEndian.Uint32(b) {
		return 0, 0
	}
	return synced, at + end
}

// maskedSum is the checksum of a chunk: CRC-32C, turned and moved as LevelDB did.
func maskedSum(b []byte) uint32 {
	sum := crc32.Checksum(b, castagnoli)
	return (sum>>15 | sum<<17) + 0xa282ead8
}
