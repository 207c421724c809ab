package layout

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/item"
)

// The journal: what has changed in the tables that somebody follows. It stands
// beside the tables, because it outlives them. Keys:
//
//	+-----+-----+----------+-------+
//	| 'c' | 's' | table id | shard |                        a shard
//	| 1   | 1   | 8, BE    | 4, BE |
//	+-----+-----+----------+-------+
//
//	+-----+-----+----------+-------+-------+---------+
//	| 'c' | 'r' | table id | shard | stamp | ordinal |      a change record
//	| 1   | 1   | 8, BE    | 4, BE | 8, BE | 4, BE   |
//	+-----+-----+----------+-------+-------+---------+
//
//	+-----+-----+----------+-------+        +-------+---------+    a trim mark:
//	| 'c' | 't' | table id | shard |   ->   | stamp | ordinal |    the last record
//	| 1   | 1   | 8, BE    | 4, BE |        | 8, BE | 4, BE   |    that was removed
//	+-----+-----+----------+-------+        +-------+---------+
//	shard 0: of all shards of the table that are gone themselves
//
//	+-----+-----+----------+------+
//	| 'c' | 'k' | table id | name |                         a reader's cursor
//	| 1   | 1   | 8, BE    | text |
//	+-----+-----+----------+------+
//
//	+-----+-----+        +--------+
//	| 'c' | 'i' |   ->   | secret |                         what shard iterators are
//	| 1   | 1   |        | 32     |                         authenticated with
//	+-----+-----+        +--------+
//
// Records of a shard lie in the order of their commits: stamp is that of the
// update which wrote the record together with the item, ordinal tells the
// records of one update apart.
//
// The value of a record; a length of 0 is no image:
//
//	+---------+-------+-----------------+------------+-----------+-----------+
//	| version | actor | microseconds    | old length | old image | new image |
//	| 1       | 1     | 8, BE, of 1970  | uvarint    |           | rest      |
//	+---------+-------+-----------------+------------+-----------+-----------+
//
// version is 1. Images are drawn in package item; each has the item's key.
//
// The values of shards and cursors are a version byte, 1, and JSON: they are
// read seldom, and by people too.
const (
	changeVersion = 1
	shardVersion  = 1
	cursorVersion = 1

	sectionChanges = 'r'
	sectionShards  = 's'
	sectionTrims   = 't'
	sectionCursors = 'k'
	sectionSecret  = 'i'
)

// ErrJournal reports stored bytes that are nothing of the journal.
var ErrJournal = errors.New("layout: not of the journal")

// Position is a place in a shard: behind the record of that stamp and ordinal,
// if there is one, and before all later ones.
type Position struct {
	Stamp   uint64 `json:"stamp"`
	Ordinal uint32 `json:"ordinal,omitempty"`
}

// Before reports whether p comes before q.
func (p Position) Before(q Position) bool {
	return p.Stamp < q.Stamp || p.Stamp == q.Stamp && p.Ordinal < q.Ordinal
}

// ChangeKey is the key of a change record.
type ChangeKey struct {
	Table uint64
	Shard uint32
	Position
}

// ChangeKeyBytes is the length of the key of a record.
const ChangeKeyBytes = 2 + 8 + 4 + 8 + 4

// AppendChangeKey appends the key of a record.
func AppendChangeKey(dst []byte, k ChangeKey) []byte {
	dst = appendChangePrefix(dst, k.Table, k.Shard)
	dst = binary.BigEndian.AppendUint64(dst, k.Stamp)
	return binary.BigEndian.AppendUint32(dst, k.Ordinal)
}

func appendChangePrefix(dst []byte, table uint64, shard uint32) []byte {
	dst = binary.BigEndian.AppendUint64(append(dst, familyJournal, sectionChanges), table)
	return binary.BigEndian.AppendUint32(dst, shard)
}

// ParseChangeKey takes the key of a record apart.
func ParseChangeKey(key []byte) (ChangeKey, error) {
	if len(key) != ChangeKeyBytes || key[0] != familyJournal || key[1] != sectionChanges {
		return ChangeKey{}, ErrKey
	}
	return ChangeKey{
		Table: binary.BigEndian.Uint64(key[2:]), Shard: binary.BigEndian.Uint32(key[10:]),
		Position: Position{binary.BigEndian.Uint64(key[14:]), binary.BigEndian.Uint32(key[22:])},
	}, nil
}

// Changes returns the range of all records of a shard.
func Changes(table uint64, shard uint32) Range {
	return PrefixRange(appendChangePrefix(nil, table, shard))
}

// AllChanges returns the range of the records of all tables.
func AllChanges() Range { return PrefixRange([]byte{familyJournal, sectionChanges}) }

// ChangesBehind returns the range of the records of a shard that come after a
// position, up to a stamp and with it.
func ChangesBehind(table uint64, shard uint32, after Position, upTo uint64) Range {
	all := Changes(table, shard)
	r := all.After(AppendChangeKey(nil, ChangeKey{table, shard, after}))
	if upTo < ^uint64(0) {
		r.End = AppendChangeKey(nil, ChangeKey{table, shard, Position{Stamp: upTo + 1}})
	}
	return r
}

// Actor is who has changed an item.
type Actor byte

// The actors.
const (
	ActorUser Actor = 0
	ActorTTL  Actor = 1 // DynamoDB itself: the item's time to live was over
)

// String names the actor.
func (a Actor) String() string {
	switch a {
	case ActorUser:
		return "user"
	case ActorTTL:
		return "ttl"
	}
	return fmt.Sprintf("unknown(%d)", byte(a))
}

// Change is a change record: an item as it was and as it is from then on. A nil
// image says that there was, or is, none. Not both are nil.
type Change struct {
	Actor    Actor
	Time     int64 // microseconds since 1970
	Old, New item.Item
}

// ChangeBytes returns how long the stored form of a record is.
func ChangeBytes(c Change) int {
	return changeHeadLen + uvarintLen(uint64(len(c.Old))) + len(c.Old) + len(c.New)
}

const changeHeadLen = 1 + 1 + 8

func uvarintLen(n uint64) int {
	length := 1
	for ; n >= 0x80; n >>= 7 {
		length++
	}
	return length
}

// AppendChange appends the stored form of a record.
func AppendChange(dst []byte, c Change) []byte {
	dst = append(dst, changeVersion, byte(c.Actor))
	dst = binary.BigEndian.AppendUint64(dst, uint64(c.Time))
	dst = binary.AppendUvarint(dst, uint64(len(c.Old)))
	dst = append(dst, c.Old...)
	return append(dst, c.New...)
}

// ParseChange takes a record apart. The images alias value.
func ParseChange(value []byte) (Change, error) {
	if len(value) == 0 || value[0] != changeVersion {
		return Change{}, fmt.Errorf("%w: a record of unknown version", ErrJournal)
	}
	if len(value) < changeHeadLen {
		return Change{}, fmt.Errorf("%w: a record that is cut off", ErrJournal)
	}
	c := Change{Actor: Actor(value[1]), Time: int64(binary.BigEndian.Uint64(value[2:]))}
	oldLen, w := binary.Uvarint(value[changeHeadLen:])
	rest := value[changeHeadLen+max(w, 0):]
	if w <= 0 || oldLen > uint64(len(rest)) || len(rest) == 0 {
		return Change{}, fmt.Errorf("%w: a record that is cut off", ErrJournal)
	}
	if oldLen > 0 {
		c.Old = item.Item(rest[:oldLen:oldLen])
	}
	if oldLen < uint64(len(rest)) {
		c.New = item.Item(rest[oldLen:])
	}
	return c, nil
}

// Shard is a part of a table's journal: the records of the items whose hashes
// lie in a range, for some time. When it is closed, its children go on. A shard
// is open while End is 0.
//
// All its records have stamps greater than Start and less than End.
type Shard struct {
	Table  uint64 `json:"-"` // in the key
	Number uint32 `json:"-"` // in the key; within the table, from 1 on, never used again
	Parent uint32 `json:"parent,omitempty"`

	// ParentCreatedAt outlives the parent, of whose id it is a part.
	ParentCreatedAt int64 `json:"parentCreatedAt,omitempty"`

	FirstHash uint32 `json:"firstHash"`
	LastHash  uint32 `json:"lastHash"` // within

	Start     uint64 `json:"start"` // the stamp of the update that opened it
	End       uint64 `json:"end,omitempty"`
	CreatedAt int64  `json:"createdAt"` // milliseconds since 1970
	ClosedAt  int64  `json:"closedAt,omitempty"`
}

// Closed reports whether the shard takes no more records.
func (s *Shard) Closed() bool { return s.End != 0 }

// AppendShardKey appends the key of a shard.
func AppendShardKey(dst []byte, table uint64, shard uint32) []byte {
	return binary.BigEndian.AppendUint32(appendShardsPrefix(dst, table), shard)
}

func appendShardsPrefix(dst []byte, table uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, familyJournal, sectionShards), table)
}

// Shards returns the range of a table's shards.
func Shards(table uint64) Range { return PrefixRange(appendShardsPrefix(nil, table)) }

// AllShards returns the range of the shards of all tables.
func AllShards() Range { return PrefixRange([]byte{familyJournal, sectionShards}) }

// AppendShard appends a shard's value.
func AppendShard(dst []byte, s Shard) []byte {
	text, err := json.Marshal(s)
	base.Must(err == nil, "%v: numbers alone", err)
	return append(append(dst, shardVersion), text...)
}

// ParseShard takes a shard apart.
func ParseShard(key, value []byte) (Shard, error) {
	const keyLen = 2 + 8 + 4
	if len(key) != keyLen || key[0] != familyJournal || key[1] != sectionShards {
		return Shard{}, ErrKey
	}
	if len(value) == 0 || value[0] != shardVersion {
		return Shard{}, fmt.Errorf("%w: a shard of unknown version", ErrJournal)
	}
	var s Shard
	if err := json.Unmarshal(value[1:], &s); err != nil {
		return Shard{}, fmt.Errorf("%w: a shard: %w", ErrJournal, err)
	}
	s.Table, s.Number = binary.BigEndian.Uint64(key[2:]), binary.BigEndian.Uint32(key[10:])
	return s, nil
}

// GoneShards stands in the key of a trim mark for all shards of a table that
// are gone.
const GoneShards = 0

// AppendTrimKey appends the key of a shard's trim mark.
func AppendTrimKey(dst []byte, table uint64, shard uint32) []byte {
	dst = binary.BigEndian.AppendUint64(append(dst, familyJournal, sectionTrims), table)
	return binary.BigEndian.AppendUint32(dst, shard)
}

// ParseTrimKey takes the key of a trim mark apart.
func ParseTrimKey(key []byte) (table uint64, shard uint32, err error) {
	if len(key) != 14 || key[0] != familyJournal || key[1] != sectionTrims {
		return 0, 0, ErrKey
	}
	return binary.BigEndian.Uint64(key[2:]), binary.BigEndian.Uint32(key[10:]), nil
}

// AllTrims returns the range of the trim marks of all tables.
func AllTrims() Range { return PrefixRange([]byte{familyJournal, sectionTrims}) }

// AppendTrim appends the value of a trim mark.
func AppendTrim(dst []byte, p Position) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(dst, p.Stamp), p.Ordinal)
}

// ParseTrim returns where the last record stood that was removed.
func ParseTrim(value []byte) (Position, error) {
	if len(value) != 12 {
		return Position{}, fmt.Errorf("%w: a trim mark has 12 bytes", ErrJournal)
	}
	return Position{binary.BigEndian.Uint64(value), binary.BigEndian.Uint32(value[8:])}, nil
}

// Cursor is how far a reader of a whole table has come in the shards that it
// reads, or is about to.
type Cursor struct {
	Shards []CursorShard `json:"shards"`

	// Looked is the stamp up to which the reader knows what shards there were.
	Looked uint64 `json:"looked"`
}

// CursorShard is how far a reader has come in one shard.
type CursorShard struct {
	Shard uint32   `json:"shard"`
	After Position `json:"after"`
	Done  bool     `json:"done,omitempty"` // read to its end
}

// AppendCursorKey appends the key of the cursor of a reader.
func AppendCursorKey(dst []byte, table uint64, reader string) []byte {
	dst = binary.BigEndian.AppendUint64(append(dst, familyJournal, sectionCursors), table)
	return append(dst, reader...)
}

// Cursors returns the range of the cursors of a table.
func Cursors(table uint64) Range { return PrefixRange(AppendCursorKey(nil, table, "")) }

// Trims returns the range of the trim marks of a table.
func Trims(table uint64) Range {
	return PrefixRange(binary.BigEndian.AppendUint64([]byte{familyJournal, sectionTrims}, table))
}

// AppendCursor appends a cursor's value.
func AppendCursor(dst []byte, c Cursor) []byte {
	text, err := json.Marshal(c)
	base.Must(err == nil, "%v: numbers alone", err)
	return append(append(dst, cursorVersion), text...)
}

// ParseCursor takes a cursor apart.
func ParseCursor(value []byte) (Cursor, error) {
	if len(value) == 0 || value[0] != cursorVersion {
		return Cursor{}, fmt.Errorf("%w: a cursor of unknown version", ErrJournal)
	}
	var c Cursor
	if err := json.Unmarshal(value[1:], &c); err != nil {
		return Cursor{}, fmt.Errorf("%w: a cursor: %w", ErrJournal, err)
	}
	return c, nil
}

// IteratorSecretBytes is the length of the secret of shard iterators.
const IteratorSecretBytes = 32

// AppendIteratorSecretKey appends the key of the secret of shard iterators.
func AppendIteratorSecretKey(dst []byte) []byte { return append(dst, familyJournal, sectionSecret) }

// describeJournal describes a key of the family; ok is false when it is none.
func describeJournal(key, value []byte) (line string, ok bool) {
	if k, err := ParseChangeKey(key); err == nil {
		c, err := ParseChange(value)
		if err != nil {
			return fmt.Sprintf("change table=%d shard=%d stamp=%d.%d %v: %x", k.Table, k.Shard, k.Stamp, k.Ordinal, err, value), true
		}
		return fmt.Sprintf("change table=%d shard=%d stamp=%d.%d actor=%s time=%d old=%s new=%s",
			k.Table, k.Shard, k.Stamp, k.Ordinal, c.Actor, c.Time, describeImage(c.Old), describeImage(c.New)), true
	}
	if s, err := ParseShard(key, value); err == nil {
		return fmt.Sprintf("shard table=%d shard=%d %s", s.Table, s.Number, value[1:]), true
	}
	const headLen = 2 + 8
	if p, err := ParseTrim(value); err == nil && len(key) == headLen+4 && key[1] == sectionTrims {
		return fmt.Sprintf("trimmed table=%d shard=%d up to stamp=%d.%d", binary.BigEndian.Uint64(key[2:]), binary.BigEndian.Uint32(key[headLen:]), p.Stamp, p.Ordinal), true
	}
	if len(key) == 2 && key[1] == sectionSecret {
		return "secret of shard iterators", true
	}
	if len(key) > headLen && key[1] == sectionCursors && len(value) > 0 {
		return fmt.Sprintf("cursor table=%d reader=%q %s", binary.BigEndian.Uint64(key[2:]), key[headLen:], value[1:]), true
	}
	return "", false
}

func describeImage(it item.Item) string {
	switch {
	case it == nil:
		return "none"
	case it.Check() != nil:
		return fmt.Sprintf("damaged:%x", []byte(it))
	}
	return it.String()
}
