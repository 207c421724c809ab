package journal

import (
	"context"
	"errors"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// Query asks for the records of one shard.
type Query struct {
	Table uint64
	Shard uint32
	After Position

	// FromHorizon says that the reader takes whatever is still there: records
	// behind After that were trimmed are no error.
	FromHorizon bool

	RecordsMax int // at least 1
	BytesMax   int // of the records' stored form; the first record is taken whatever its size
}

// Page is an answer to a Query.
type Page struct {
	Records []Record
	Next    Position // where the next Query goes on
	Done    bool     // the shard is closed, and nothing comes behind Next
}

// Read returns the records behind a position, the oldest first. It does not
// wait for records to come. It costs two engine reads and one scan. Errors to
// tell apart: ErrNoShard, ErrTrimmed.
func (j *Journal) Read(ctx context.Context, q Query) (Page, error) {
	upTo, err := j.store.AwaitWatermark(ctx)
	if err != nil {
		return Page{}, err
	}
	snap, err := j.store.Snapshot(ctx)
	if err != nil {
		return Page{}, err
	}
	defer snap.Close()
	shard, err := shardIn(snap, q.Table, q.Shard)
	if err != nil {
		return Page{}, err
	}
	trimmed, err := trimmedIn(snap, q.Table, q.Shard)
	if err != nil {
		return Page{}, err
	}
	if q.After.Before(trimmed) {
		if !q.FromHorizon {
			return Page{}, ErrTrimmed
		}
		q.After = trimmed
	}
	page, all, err := read(snap, q, uint64(upTo))
	// A shard may have been closed after the watermark was taken: then records
	// before its end may lie above the watermark.
	page.Done = all && shard.Closed() && uint64(upTo) >= shard.End
	return page, err
}

// behind is the position behind all records of a stamp.
func behind(stamp uint64) Position { return Position{Stamp: stamp, Ordinal: ^uint32(0)} }

// read reads up to a stamp; all says that there was nothing more up to it.
func read(snap *kv.Snapshot, q Query, upTo uint64) (page Page, all bool, err error) {
	page.Next = q.After
	keys := layout.ChangesBehind(q.Table, q.Shard, q.After, upTo)
	if string(keys.Start) >= string(keys.End) {
		return page, true, nil
	}
	it := snap.Scan(keys.Start, keys.End, false)
	defer it.Close()
	taken := 0 // bytes
	for it.Next() {
		if full := len(page.Records) >= q.RecordsMax || taken+len(it.Value()) > q.BytesMax; full && len(page.Records) > 0 {
			return page, false, nil
		}
		key, err := layout.ParseChangeKey(it.Key())
		if err != nil {
			return page, false, err
		}
		change, err := layout.ParseChange(append([]byte(nil), it.Value()...))
		if err != nil {
			return page, false, err
		}
		taken += len(it.Value())
		page.Records = append(page.Records, Record{q.Shard, key.Position, change})
		page.Next = key.Position
	}
	return page, true, it.Err()
}

func shardIn(snap *kv.Snapshot, table uint64, number uint32) (layout.Shard, error) {
	key := layout.AppendShardKey(nil, table, number)
	value, err := snap.Get(key, nil)
	if errors.Is(err, kv.ErrNotFound) {
		return layout.Shard{}, ErrNoShard
	}
	if err != nil {
		return layout.Shard{}, err
	}
	return layout.ParseShard(key, value)
}

// trimmedIn returns the position up to which the records of a shard were
// removed, the zero Position if none was.
func trimmedIn(snap *kv.Snapshot, table uint64, number uint32) (Position, error) {
	return parseMark(snap.Get(layout.AppendTrimKey(nil, table, number), nil))
}

// parseMark takes apart what a read of a trim mark has given.
func parseMark(value []byte, err error) (Position, error) {
	if errors.Is(err, kv.ErrNotFound) {
		return Position{}, nil
	}
	if err != nil {
		return Position{}, err
	}
	return layout.ParseTrim(value)
}

// there is what a table's journal consists of at a time.
type there struct {
	shards []layout.Shard // in the order of their numbers: parents before children
	gone   Position       // records up to here went with shards that are gone
	upTo   uint64         // a stamp: whatever has it or a smaller one is seen
}

func (j *Journal) there(ctx context.Context, table uint64) (t there, err error) {
	t.upTo = uint64(j.store.Watermark())
	snap, err := j.store.Snapshot(ctx)
	if err != nil {
		return t, err
	}
	defer snap.Close()
	if t.gone, err = trimmedIn(snap, table, layout.GoneShards); err != nil {
		return t, err
	}
	t.shards, err = shardsIn(snap, layout.Shards(table))
	return t, err
}

func shardsIn(snap *kv.Snapshot, keys layout.Range) ([]layout.Shard, error) {
	it := snap.Scan(keys.Start, keys.End, false)
	defer it.Close()
	var shards []layout.Shard
	for it.Next() {
		shard, err := layout.ParseShard(it.Key(), it.Value())
		if err != nil {
			return nil, err
		}
		shards = append(shards, shard)
	}
	return shards, it.Err()
}

// Tip is what a reader of one shard can know before it reads.
type Tip struct {
	Shard   layout.Shard
	Trimmed Position // records up to here were removed; the zero Position: none
	Latest  Position // behind the newest record: who begins here gets what is written from now on
}

// Tip looks at a shard. Error to tell apart: ErrNoShard.
func (j *Journal) Tip(ctx context.Context, table uint64, number uint32) (Tip, error) {
	upTo, err := j.store.AwaitWatermark(ctx)
	if err != nil {
		return Tip{}, err
	}
	snap, err := j.store.Snapshot(ctx)
	if err != nil {
		return Tip{}, err
	}
	defer snap.Close()
	tip := Tip{Latest: behind(uint64(upTo))}
	if tip.Shard, err = shardIn(snap, table, number); err != nil {
		return Tip{}, err
	}
	tip.Trimmed, err = trimmedIn(snap, table, number)
	return tip, err
}
