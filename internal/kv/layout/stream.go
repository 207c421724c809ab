package layout

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/gramme-db/gramme/internal/base"
)

// A stream of DynamoDB Streams: a window on a table's journal, from the shard
// that was opened when the stream was enabled to those that were closed when it
// was disabled. Its key; its value is a version byte, 1, and JSON:
//
//	+-----+-----------+--------+------+------------+------+-------+
//	| 'e' | account   | region | 0x00 | table name | 0x00 | label |
//	| 1   | 12 digits | text   | 1    | text       | 1    | text  |
//	+-----+-----------+--------+------+------------+------+-------+
//
// It outlives the table: records are read for a day after the last write.
const streamVersion = 1

// Stream is a stream, taken apart.
type Stream struct {
	Account string `json:"-"` // this and the next three are in the key
	Region  string `json:"-"`
	Table   string `json:"-"`
	Label   string `json:"-"`

	TableID  uint64      `json:"tableId"`
	View     string      `json:"view"`               // StreamViewType, in AWS's words
	Keys     []StreamKey `json:"keys"`               // of the table, the partition key first
	Created  int64       `json:"created"`            // milliseconds since 1970
	Ready    int64       `json:"ready"`              // it is ENABLING until then
	Disabled int64       `json:"disabled,omitempty"` // 0: it is not
	Gone     int64       `json:"gone,omitempty"`     // it is DISABLING until then
	First    uint32      `json:"first"`              // its first shard
	Last     uint32      `json:"last,omitempty"`     // its last shard, once it is disabled
}

// StreamKey is a key attribute of a stream's table.
type StreamKey struct {
	Name string `json:"name"`
	Role string `json:"role"` // HASH or RANGE
}

// Has reports whether a shard of the table's journal belongs to the stream.
func (s *Stream) Has(shard uint32) bool {
	return shard >= s.First && (s.Last == 0 || shard <= s.Last)
}

// AppendStreamKey appends the key of a stream.
func AppendStreamKey(dst []byte, account, region, table, label string) []byte {
	dst = AppendStreamPrefix(dst, account, region, table)
	return append(dst, label...)
}

// AppendStreamPrefix appends what the keys of the streams of one table name
// have in common; an empty name is that of all tables.
func AppendStreamPrefix(dst []byte, account, region, table string) []byte {
	dst = append(dst, familyStream)
	dst = append(dst, account...)
	dst = append(dst, region...)
	dst = append(dst, 0)
	if table == "" {
		return dst
	}
	dst = append(dst, table...)
	return append(dst, 0)
}

// AllStreams returns the range of all streams.
func AllStreams() Range { return PrefixRange([]byte{familyStream}) }

// AppendStream appends a stream's value.
func AppendStream(dst []byte, s Stream) []byte {
	text, err := json.Marshal(s)
	base.Must(err == nil, "%v: numbers and text alone", err)
	return append(append(dst, streamVersion), text...)
}

// ParseStream takes a stream apart. It copies what it keeps.
func ParseStream(key, value []byte) (Stream, error) {
	const accountLen = 12
	if len(key) < 1+accountLen || key[0] != familyStream {
		return Stream{}, ErrKey
	}
	parts := bytes.Split(key[1+accountLen:], []byte{0})
	if len(parts) != 3 {
		return Stream{}, ErrKey
	}
	if len(value) == 0 || value[0] != streamVersion {
		return Stream{}, fmt.Errorf("%w: a stream of unknown version", ErrJournal)
	}
	var s Stream
	if err := json.Unmarshal(value[1:], &s); err != nil {
		return Stream{}, fmt.Errorf("%w: a stream: %w", ErrJournal, err)
	}
	s.Account = string(key[1 : 1+accountLen])
	s.Region, s.Table, s.Label = string(parts[0]), string(parts[1]), string(parts[2])
	return s, nil
}

func describeStream(s Stream, value []byte) string {
	return fmt.Sprintf("stream %s/%s/%s/%s %s", s.Account, s.Region, s.Table, s.Label, value[1:])
}
