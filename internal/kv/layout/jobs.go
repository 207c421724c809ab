package layout

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// A job names an index of a live table that is being built or removed; which
// of both, the table's descriptor says. The expiry index of a table has the
// number 0 here: those of others begin at 1. Key and value:
//
//	+-----+----------+--------+
//	| 'j' | table id | index  |
//	| 1   | 8, BE    | 2, BE  |
//	+-----+----------+--------+
//
//	+---------+---------+---------+----------------+----------------+--------+
//	| version | items   | entries | length of next | descriptor key | cursor |
//	| 1       | uvarint | uvarint | uvarint        | catalog.go     | rest   |
//	+---------+---------+---------+----------------+----------------+--------+
//
// version is 1. items counts the items that were looked at so far, entries the
// index entries that were made of them. cursor is the key of the last item that
// was looked at, empty at the beginning: everything up to it is in the index.
//
// A job is written only by updates that own the table's descriptor key.
const jobVersion = 1

// ExpiryIndex is the number of the expiry index in jobs.
const ExpiryIndex = 0

// ErrJob reports stored bytes that are no job.
var ErrJob = errors.New("layout: not a job")

// Job is a job, taken apart.
type Job struct {
	Table      uint64
	Index      uint16
	Descriptor DescriptorKey // of the table
	Items      uint64
	Entries    uint64
	Cursor     []byte
}

// AppendJobKey appends the key of the job of an index.
func AppendJobKey(dst []byte, table uint64, index uint16) []byte {
	dst = binary.BigEndian.AppendUint64(append(dst, familyJob), table)
	return binary.BigEndian.AppendUint16(dst, index)
}

// JobRange returns the range of all jobs.
func JobRange() (start, end []byte) {
	start = []byte{familyJob}
	return start, PrefixEnd(start)
}

// AppendJob appends a job's value.
func AppendJob(dst []byte, j Job) []byte {
	d := AppendDescriptorKey(nil, j.Descriptor.Account, j.Descriptor.Region, j.Descriptor.Name)
	dst = append(dst, jobVersion)
	dst = binary.AppendUvarint(dst, j.Items)
	dst = binary.AppendUvarint(dst, j.Entries)
	dst = binary.AppendUvarint(dst, uint64(len(d)))
	dst = append(dst, d...)
	return append(dst, j.Cursor...)
}

// ParseJob takes a job apart. It copies what it keeps.
func ParseJob(key, value []byte) (Job, error) {
	const keyLen = 1 + 8 + indexLen
	if len(key) != keyLen || key[0] != familyJob {
		return Job{}, ErrKey
	}
	if len(value) == 0 || value[0] != jobVersion {
		return Job{}, fmt.Errorf("%w: unknown version", ErrJob)
	}
	j := Job{Table: binary.BigEndian.Uint64(key[1:]), Index: binary.BigEndian.Uint16(key[9:])}
	rest := value[1:]
	var descriptorLen uint64
	for _, n := range []*uint64{&j.Items, &j.Entries, &descriptorLen} {
		var w int
		if *n, w = binary.Uvarint(rest); w <= 0 {
			return Job{}, fmt.Errorf("%w: bad number", ErrJob)
		}
		rest = rest[w:]
	}
	if descriptorLen > uint64(len(rest)) {
		return Job{}, fmt.Errorf("%w: cut off", ErrJob)
	}
	var err error
	if j.Descriptor, err = ParseDescriptorKey(rest[:descriptorLen]); err != nil {
		return Job{}, fmt.Errorf("%w: %w", ErrJob, err)
	}
	j.Cursor = bytes.Clone(rest[descriptorLen:])
	return j, nil
}

// Percent tells about how much of the table lies before the cursor: items are
// spread evenly over their hashes.
func (j *Job) Percent() int {
	if len(j.Cursor) < tableKeyLen+hashLen {
		return 0
	}
	return int(uint64(binary.BigEndian.Uint32(j.Cursor[tableKeyLen:])) * 100 >> 32)
}

func describeJob(j Job) string {
	d := j.Descriptor
	return fmt.Sprintf("job table=%d index=%d of %s/%s/%s items=%d entries=%d cursor=%x",
		j.Table, j.Index, d.Account, d.Region, d.Name, j.Items, j.Entries, j.Cursor)
}
