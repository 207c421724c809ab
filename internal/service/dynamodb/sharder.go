package dynamodb

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/gramme-db/gramme/internal/journal"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// sharder keeps the journals in shape, in the background: it rotates shards that
// have been open for long, splits those that are too busy, removes records that
// are too old and what is left empty by that. All it has to know stands in the
// store, but for how busy shards are, which it sees from look to look.
type sharder struct {
	catalog *catalog
	journal *journal.Journal
	options StreamOptions
	logger  *slog.Logger
	background

	// The worker's:
	seen     map[openShard]load // at the last measurement
	measured time.Time
}

// openShard names a shard in the whole store.
type openShard struct {
	table uint64
	shard uint32
}

// load is how many writes a shard had got in each half of its hashes.
type load struct{ lower, upper int64 }

func newSharder(c *catalog, j *journal.Journal, o StreamOptions, logger *slog.Logger) *sharder {
	return &sharder{
		catalog: c, journal: j, options: o, logger: logger, background: newBackground(),
		seen: map[openShard]load{}, measured: c.env.Now(),
	}
}

func (x *sharder) work(ctx context.Context) (again time.Duration) {
	if err := x.round(ctx); err != nil {
		if ctx.Err() == nil {
			x.logger.Error("keeping the shards of streams failed; it is tried again", "in", sharderRetryPause, "error", err)
		}
		return sharderRetryPause
	}
	return min(sharderPause, x.options.SplitWindow, x.options.Rotation, x.options.Retention)
}

// round looks at all shards and streams once.
func (x *sharder) round(ctx context.Context) error {
	shards, streams, unread := x.list(ctx)
	now := x.catalog.env.Now()
	busy := x.measure(shards, now)
	errs := []error{unread}
	left := make(map[uint64][]layout.Shard, len(streams)) // by table
	for _, s := range shards {
		gone, err := x.journal.Trim(ctx, s, now.Add(-x.options.Retention).UnixMicro())
		errs = append(errs, err)
		if !gone {
			left[s.Table] = append(left[s.Table], s)
		}
	}
	for _, s := range streams {
		of := left[s.TableID]
		switch {
		case s.Disabled == 0:
			errs = append(errs, x.turn(ctx, s, of, busy, now))
		case !slices.ContainsFunc(of, func(shard layout.Shard) bool { return s.Has(shard.Number) }):
			errs = append(errs, x.drop(ctx, s, len(of) == 0))
		}
	}
	return errors.Join(errs...)
}

// list reads all shards and all streams. What cannot be read is left out, and
// told: the others go on.
func (x *sharder) list(ctx context.Context) (shards []layout.Shard, streams []layout.Stream, unread error) {
	snap, err := x.catalog.store.Snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer snap.Close()
	var errs []error
	shardsErr := scan(snap, layout.AllShards(), func(key, value []byte) error {
		s, err := layout.ParseShard(key, value)
		if err != nil {
			errs = append(errs, err)
			return nil
		}
		shards = append(shards, s)
		return nil
	})
	streamsErr := scan(snap, layout.AllStreams(), func(key, value []byte) error {
		s, err := layout.ParseStream(key, value)
		if err != nil {
			errs = append(errs, err)
			return nil
		}
		streams = append(streams, s)
		return nil
	})
	return shards, streams, errors.Join(append(errs, shardsErr, streamsErr)...)
}

func scan(snap *kv.Snapshot, r layout.Range, see func(key, value []byte) error) error {
	it := snap.Scan(r.Start, r.End, false)
	defer it.Close()
	for it.Next() {
		if err := see(it.Key(), it.Value()); err != nil {
			return err
		}
	}
	return it.Err()
}

// measure returns the open shards that were too busy ever since the last
// measurement, or nothing as long as that is not a window ago.
func (x *sharder) measure(shards []layout.Shard, now time.Time) map[openShard]bool {
	window := now.Sub(x.measured)
	if window < x.options.SplitWindow {
		return nil
	}
	busy := map[openShard]bool{}
	seen := make(map[openShard]load, len(shards))
	for i := range shards {
		if shards[i].Closed() {
			continue
		}
		name := openShard{shards[i].Table, shards[i].Number}
		counted := x.journal.LoadOf(name.table, name.shard)
		is := load{counted.Lower.Load(), counted.Upper.Load()}
		seen[name] = is
		was := x.seen[name]
		busy[name] = load{is.lower - was.lower, is.upper - was.upper}.tooMuch(x.options.SplitWrites, window)
	}
	x.seen, x.measured = seen, now
	return busy
}

// tooMuch reports whether a shard has got more writes in a window than one
// should, and whether two would have less each: a single hot key cannot be
// split.
func (l load) tooMuch(perSecond int, window time.Duration) bool {
	total := l.lower + l.upper
	return float64(total) > float64(perSecond)*window.Seconds() && 100*min(l.lower, l.upper) >= splitShareMin*total
}

// turn rotates the shards of a stream's table, which are given, and splits the
// busy ones, if it is time.
func (x *sharder) turn(ctx context.Context, s layout.Stream, shards []layout.Shard, busy map[openShard]bool, now time.Time) error {
	open := slices.DeleteFunc(slices.Clone(shards), func(s layout.Shard) bool { return s.Closed() })
	children := map[uint32]int{}
	split := 0
	for _, shard := range open {
		if now.UnixMilli() >= shard.CreatedAt+x.options.Rotation.Milliseconds() {
			children[shard.Number] = 1
		}
		if busy[openShard{shard.Table, shard.Number}] && len(open)+split < openShardsMax {
			children[shard.Number] = 2
			split++
		}
	}
	if len(children) == 0 {
		return nil
	}
	err := x.catalog.change(ctx, tableRef{s.Account, s.Region, s.Table}, func(tx *kv.Tx, t *schema.Table) (*schema.Table, error) {
		if t == nil || t.ID != s.TableID || t.Stream.Label != s.Label || !t.Stream.Enabled || len(t.Journal.Shards) == 0 {
			return nil, errStreamMoved
		}
		after := *t
		return &after, reshard(tx, &after, children, now)
	})
	if errors.Is(err, errStreamMoved) {
		return nil // the next round looks again
	}
	if err == nil && split > 0 {
		x.logger.Info("busy shards of a stream split", "table", s.Table, "shards", split)
	}
	return err
}

// errStreamMoved reports that a stream is no longer as a round has found it.
var errStreamMoved = errors.New("dynamodb: the stream has changed meanwhile")

// drop removes a disabled stream whose last record is gone. With the last shard
// of a table that is deleted goes all else that the journal has of it.
func (x *sharder) drop(ctx context.Context, s layout.Stream, last bool) error {
	t, err := x.catalog.find(ctx, tableRef{s.Account, s.Region, s.Table})
	if err != nil {
		return err
	}
	deleted := t == nil || t.ID != s.TableID
	key := layout.AppendStreamKey(nil, s.Account, s.Region, s.Table, s.Label)
	return x.catalog.store.Update(ctx, [][]byte{key}, func(tx *kv.Tx) error {
		if last && deleted {
			marks, cursors := layout.Trims(s.TableID), layout.Cursors(s.TableID)
			if err := errors.Join(tx.DeleteRange(marks.Start, marks.End), tx.DeleteRange(cursors.Start, cursors.End)); err != nil {
				return err
			}
		}
		return tx.Delete(key)
	})
}
