package journal_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/journal"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/kv/memory"
)

const table = 7

func openStore(t testing.TB) *kv.Store {
	t.Helper()
	return openStoreOn(t, memoryEngine(t))
}

func memoryEngine(t testing.TB) driver.Driver {
	t.Helper()
	engine, err := memory.Open(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

func openStoreOn(t testing.TB, engine driver.Driver) *kv.Store {
	t.Helper()
	store := kv.Open(engine)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// hooked is an engine that lets something happen just before a snapshot.
type hooked struct {
	driver.Driver
	beforeSnapshot func()
}

func (h *hooked) Snapshot(ctx context.Context) (driver.Snapshot, error) {
	if happen := h.beforeSnapshot; happen != nil {
		h.beforeSnapshot = nil
		happen()
	}
	return h.Driver.Snapshot(ctx)
}

// putShard makes a shard what it is given, and returns it.
func putShard(t testing.TB, store *kv.Store, s layout.Shard) layout.Shard {
	t.Helper()
	s.Table, s.LastHash = table, ^uint32(0)
	err := store.Update(context.Background(), nil, func(tx *kv.Tx) error {
		return tx.Set(layout.AppendShardKey(nil, table, s.Number), layout.AppendShard(nil, s))
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// write writes as many records in one update, at a time, and returns its stamp.
func write(t testing.TB, store *kv.Store, shard uint32, records int, at int64) (stamp uint64) {
	t.Helper()
	err := store.Update(context.Background(), nil, func(tx *kv.Tx) error {
		stamp = uint64(tx.Stamp())
		for i := range records {
			b := item.NewBuilder(nil)
			b.BeginMap()
			b.Field("pk", item.String(fmt.Sprint(i)))
			b.EndMap()
			key := layout.ChangeKey{Table: table, Shard: shard, Position: layout.Position{Stamp: stamp, Ordinal: uint32(i)}}
			if err := tx.Set(layout.AppendChangeKey(nil, key), layout.AppendChange(nil, layout.Change{Time: at, New: b.Item()})); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return stamp
}

// readAll reads a shard from a position on in pages, and returns the times of
// its records.
func readAll(t testing.TB, j *journal.Journal, shard uint32, after journal.Position, recordsMax int) (times []int64, done bool) {
	t.Helper()
	for {
		page, err := j.Read(context.Background(), journal.Query{Table: table, Shard: shard, After: after, FromHorizon: true, RecordsMax: recordsMax, BytesMax: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			times = append(times, r.Time)
		}
		after = page.Next
		if page.Done || len(page.Records) == 0 {
			return times, page.Done
		}
	}
}

// Trimming removes exactly the records that are too old, whatever lies how close
// to them, and a closed shard when all of it is.
func TestTrim(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for round := range 60 {
		store := openStore(t)
		j := journal.New(store)
		shard := putShard(t, store, layout.Shard{Number: 1})
		var all []int64
		for at := int64(0); at < 40; at += r.Int64N(3) {
			n := 1 + r.IntN(3)
			write(t, store, 1, n, at)
			write(t, store, 2, 1, 0) // a neighbour's, which stays
			for range n {
				all = append(all, at)
			}
		}
		before := int64(0)
		for before < 50 {
			before += r.Int64N(20)
			gone, err := j.Trim(context.Background(), shard, before)
			if err != nil || gone {
				t.Fatal(gone, err)
			}
			var want []int64
			for _, at := range all {
				if at >= before {
					want = append(want, at)
				}
			}
			got, _ := readAll(t, j, 1, journal.Position{}, 1+r.IntN(5))
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("round %d: older than %d are trimmed of %v: left are %v", round, before, all, got)
			}
		}
		end := write(t, store, 1, 0, 0)
		shard = putShard(t, store, layout.Shard{Number: 1, End: end, ClosedAt: 1})
		if gone, err := j.Trim(context.Background(), shard, 2000); err != nil || !gone {
			t.Fatalf("a closed shard without records is gone: %t (%v)", gone, err)
		}
		if _, err := j.Tip(context.Background(), table, 1); !errors.Is(err, journal.ErrNoShard) {
			t.Fatalf("a shard that is gone: %v", err)
		}
	}
}

// A shard that was closed while the clock was behind stays as long as its
// records do.
func TestTrimAfterClockWasSetBack(t *testing.T) {
	store := openStore(t)
	j := journal.New(store)
	putShard(t, store, layout.Shard{Number: 1})
	write(t, store, 1, 1, 1000)
	write(t, store, 1, 1, 3000)
	shard := putShard(t, store, layout.Shard{Number: 1, End: write(t, store, 1, 0, 0), ClosedAt: 1})
	for _, c := range []struct {
		before int64
		left   string
		gone   bool
	}{{1000, "[1000 3000]", false}, {2000, "[3000]", false}, {3001, "", true}} {
		gone, err := j.Trim(context.Background(), shard, c.before)
		if err != nil || gone != c.gone {
			t.Fatalf("older than %d: gone %t (%v)", c.before, gone, err)
		}
		if gone {
			continue
		}
		if times, _ := readAll(t, j, 1, journal.Position{}, 10); fmt.Sprint(times) != c.left {
			t.Errorf("older than %d: left are %v", c.before, times)
		}
	}
}

// Trimming costs the same however many records go.
func TestTrimCost(t *testing.T) {
	cost := func(records int) kv.Counts {
		store := openStore(t)
		j := journal.New(store)
		shard := putShard(t, store, layout.Shard{Number: 1})
		for i := range records {
			write(t, store, 1, 1, int64(i))
		}
		before := store.Counts()
		if _, err := j.Trim(context.Background(), shard, int64(records-1)); err != nil {
			t.Fatal(err)
		}
		return store.Counts().Sub(before)
	}
	few, many := cost(10), cost(2000)
	if few.Commits != 1 || many.Commits != 1 || many.ScannedEntries > few.ScannedEntries+12 {
		t.Errorf("of 10 records: %+v\nof 2000: %+v", few, many)
	}
}

// A reader that is behind what was trimmed is told so, unless it takes whatever
// there is.
func TestTrimmedReader(t *testing.T) {
	ctx := context.Background()
	store := openStore(t)
	j := journal.New(store)
	shard := putShard(t, store, layout.Shard{Number: 1})
	first := write(t, store, 1, 2, 10)
	write(t, store, 1, 2, 20)
	c, err := j.Open(ctx, table, "reader", journal.Oldest)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Next(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if err := c.Save(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Trim(ctx, shard, 15); err != nil {
		t.Fatal(err)
	}
	q := journal.Query{Table: table, Shard: 1, After: journal.Position{Stamp: first}, RecordsMax: 10, BytesMax: 1}
	if _, err := j.Read(ctx, q); !errors.Is(err, journal.ErrTrimmed) {
		t.Errorf("behind what was trimmed: %v", err)
	}
	q.FromHorizon = true
	if page, err := j.Read(ctx, q); err != nil || len(page.Records) != 1 || page.Records[0].Time != 20 {
		t.Errorf("from the horizon: %+v (%v)", page, err)
	}
	if c, err = j.Open(ctx, table, "reader", journal.Oldest); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Next(ctx, 10); !errors.Is(err, journal.ErrTrimmed) {
		t.Errorf("a cursor behind what was trimmed: %v", err)
	}
	if err := c.Skip(ctx); err != nil {
		t.Fatal(err)
	}
	if records, err := c.Next(ctx, 10); err != nil || len(records) != 2 {
		t.Errorf("a cursor that skips what was trimmed gets %d records (%v)", len(records), err)
	}
}

// A reader that was away until whole shards were gone is told when there were
// records in them that it has not read, and only then.
func TestGoneShardsReader(t *testing.T) {
	for _, c := range []struct {
		name   string
		behind func(t *testing.T, store *kv.Store, c *journal.Cursor) // what comes after the cursor was saved
		missed bool
	}{
		{"a shard that was read", func(*testing.T, *kv.Store, *journal.Cursor) {}, false},
		{"a shard with an unread record", func(t *testing.T, store *kv.Store, _ *journal.Cursor) {
			write(t, store, 1, 1, 2)
		}, true},
		{"a shard that the cursor has never seen", func(t *testing.T, store *kv.Store, c *journal.Cursor) {
			end := write(t, store, 1, 0, 0)
			putShard(t, store, layout.Shard{Number: 1, End: end, ClosedAt: 1})
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
			defer cancel()
			if _, err := c.Next(ctx, 10); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			if err := c.Save(context.Background()); err != nil { // it is through with shard 1
				t.Fatal(err)
			}
			putShard(t, store, layout.Shard{Number: 2, Start: end})
			write(t, store, 2, 1, 2)
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := context.Background()
			store := openStore(t)
			j := journal.New(store)
			putShard(t, store, layout.Shard{Number: 1})
			write(t, store, 1, 1, 1)
			cursor, err := j.Open(ctx, table, "reader", journal.Oldest)
			if err != nil {
				t.Fatal(err)
			}
			if records, err := cursor.Next(ctx, 10); err != nil || len(records) != 1 {
				t.Fatal(records, err)
			}
			if err := cursor.Save(ctx); err != nil {
				t.Fatal(err)
			}
			c.behind(t, store, cursor)
			end := write(t, store, 1, 0, 0)
			for _, number := range []uint32{1, 2} {
				gone, err := j.Trim(ctx, putShard(t, store, layout.Shard{Number: number, End: end, ClosedAt: 1}), 2000)
				if err != nil || !gone {
					t.Fatal(gone, err)
				}
			}
			putShard(t, store, layout.Shard{Number: 3, Parent: 2, Start: end})
			write(t, store, 3, 1, 3000)
			if cursor, err = j.Open(ctx, table, "reader", journal.Oldest); err != nil {
				t.Fatal(err)
			}
			if c.missed {
				for range 2 { // until it is skipped
					if records, err := cursor.Next(ctx, 10); !errors.Is(err, journal.ErrTrimmed) {
						t.Fatalf("got %+v (%v)", records, err)
					}
				}
				if err := cursor.Skip(ctx); err != nil {
					t.Fatal(err)
				}
			}
			if records, err := cursor.Next(ctx, 10); err != nil || len(records) != 1 || records[0].Shard != 3 {
				t.Errorf("got %+v (%v)", records, err)
			}
		})
	}
}

// A cursor reads a child when it is through with its parent, goes on where it
// was saved, and a new one can begin with what comes.
func TestCursorFollowsLineage(t *testing.T) {
	ctx := context.Background()
	store := openStore(t)
	j := journal.New(store)
	putShard(t, store, layout.Shard{Number: 1})
	write(t, store, 1, 3, 1)
	end := write(t, store, 1, 0, 0)
	putShard(t, store, layout.Shard{Number: 1, End: end})
	putShard(t, store, layout.Shard{Number: 2, Parent: 1, Start: end})
	putShard(t, store, layout.Shard{Number: 3, Parent: 1, Start: end})
	write(t, store, 3, 1, 3)
	write(t, store, 2, 1, 2)
	newest, err := j.Open(ctx, table, "newest", journal.Newest)
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for len(got) < 5 {
		c, err := j.Open(ctx, table, "oldest", journal.Oldest)
		if err != nil {
			t.Fatal(err)
		}
		records, err := c.Next(ctx, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			got = append(got, r.Time)
		}
		if err := c.Save(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if s := fmt.Sprint(got); s != "[1 1 1 2 3]" && s != "[1 1 1 3 2]" {
		t.Errorf("the cursor reads %v", got)
	}
	write(t, store, 2, 1, 4)
	if records, err := newest.Next(ctx, 10); err != nil || len(records) != 1 || records[0].Time != 4 {
		t.Errorf("a cursor that begins with what comes gets %+v (%v)", records, err)
	}
}

// Who waits is told of news at once, and not of others'.
func TestNextWaits(t *testing.T) {
	ctx := context.Background()
	store := openStore(t)
	j := journal.New(store)
	putShard(t, store, layout.Shard{Number: 1})
	c, err := j.Open(ctx, table, "reader", journal.Oldest)
	if err != nil {
		t.Fatal(err)
	}
	told, stop := j.Watch(table)
	defer stop()
	j.Tell(table+1, 1, false)
	select {
	case <-told:
		t.Error("told of another table's news")
	default:
	}
	got := make(chan []journal.Record)
	go func() {
		records, err := c.Next(ctx, 10)
		if err != nil {
			t.Error(err)
		}
		got <- records
	}()
	write(t, store, 1, 1, 1)
	j.Tell(table, 1, true)
	select {
	case <-told:
	default:
		t.Error("not told at once")
	}
	select {
	case records := <-got:
		if len(records) != 1 {
			t.Errorf("%d records", len(records))
		}
	case <-time.After(time.Minute):
		t.Fatal("nobody was told")
	}
	if l := j.LoadOf(table, 1); l.Upper.Load() != 1 || l.Lower.Load() != 0 {
		t.Errorf("%d records of the upper half, %d of the lower", l.Upper.Load(), l.Lower.Load())
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Next(canceled, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("a reader that gives up: %v", err)
	}
}

// A shard that gets its last record and is closed between a reader's watermark
// and its snapshot is not read to its end.
func TestReadOfShardThatCloses(t *testing.T) {
	engine := &hooked{Driver: memoryEngine(t)}
	store := openStoreOn(t, engine)
	j := journal.New(store)
	putShard(t, store, layout.Shard{Number: 1})
	write(t, store, 1, 1, 1)
	engine.beforeSnapshot = func() {
		write(t, store, 1, 1, 2)
		putShard(t, store, layout.Shard{Number: 1, End: write(t, store, 1, 0, 0)})
	}
	q := journal.Query{Table: table, Shard: 1, RecordsMax: 10, BytesMax: 1 << 20}
	page, err := j.Read(context.Background(), q)
	if err != nil || len(page.Records) != 1 || page.Done {
		t.Errorf("first: %+v (%v)", page, err)
	}
	q.After = page.Next
	page, err = j.Read(context.Background(), q)
	if err != nil || len(page.Records) != 1 || page.Records[0].Time != 2 || !page.Done {
		t.Errorf("then: %+v (%v)", page, err)
	}
}

// Reading costs the same from wherever in the shard.
func TestReadCost(t *testing.T) {
	store := openStore(t)
	j := journal.New(store)
	putShard(t, store, layout.Shard{Number: 1})
	var last uint64
	for range 500 {
		last = write(t, store, 1, 1, 1)
	}
	for _, after := range []uint64{1, last - 10} {
		before := store.Counts()
		page, err := j.Read(context.Background(), journal.Query{Table: table, Shard: 1, After: journal.Position{Stamp: after}, RecordsMax: 5, BytesMax: 1 << 20})
		if err != nil || len(page.Records) != 5 {
			t.Fatal(len(page.Records), err)
		}
		cost := store.Counts().Sub(before)
		if cost.Gets != 2 || cost.Scans != 1 || cost.ScannedEntries != 6 {
			t.Errorf("5 records cost %+v", cost)
		}
	}
}
