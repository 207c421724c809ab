package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/journal"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/kv/memory"
	"github.com/gramme-db/gramme/internal/kv/pebble"
	"github.com/gramme-db/gramme/internal/service/dynamodb/check"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

const createFollowed = `{"TableName":"followed","BillingMode":"PAY_PER_REQUEST",
 "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
 "GlobalSecondaryIndexes":[{"IndexName":"gsi","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],
 "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}`

// newFollowed returns a world with a table that is followed, whose clock goes on
// by a millisecond at each look, so that shards turn all the time.
func newFollowed(t testing.TB, engine driver.Driver) *world {
	t.Helper()
	w := newWorldOn(t, engine)
	w.openFollowed(t)
	if answer, status := w.answer("CreateTable", createFollowed); status != 200 {
		t.Fatal(string(answer))
	}
	return w
}

func (w *world) openFollowed(t testing.TB) {
	t.Helper()
	var ticks atomic.Int64
	start := w.now
	env := base.Env{
		Now:  func() time.Time { return start.Add(time.Duration(ticks.Add(1)) * time.Millisecond) },
		Rand: rand.Uint64,
	}
	s, err := open(context.Background(), Options{Store: w.store, Env: env, Stream: StreamOptions{
		Rotation: time.Second, SplitWrites: 10, SplitWindow: 300 * time.Millisecond,
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.service = s
}

// follower rebuilds a table from its journal.
type follower struct {
	items   map[string]item.Item
	last    map[string]journal.Position
	records atomic.Int64
}

func newFollower() *follower {
	return &follower{items: map[string]item.Item{}, last: map[string]journal.Position{}}
}

// apply applies a record, and reports one that does not fit to what came before.
func (f *follower) apply(r journal.Record) error {
	f.records.Add(1)
	image := r.New
	if image == nil {
		image = r.Old
	}
	pk, _ := image.Get("pk")
	name := string(pk)
	if !f.items[name].Equal(r.Old) {
		return fmt.Errorf("shard %d, %v: the record says that there was %v, but the records before it that there was %v", r.Shard, r.Position, r.Old, f.items[name])
	}
	if !f.last[name].Before(r.Position) {
		return fmt.Errorf("shard %d: %v comes after %v", r.Shard, r.Position, f.last[name])
	}
	f.last[name] = r.Position
	if f.items[name] = r.New; r.New == nil {
		delete(f.items, name)
	}
	return nil
}

// compare compares what was rebuilt with the table.
func (f *follower) compare(w *world) error {
	t, err := w.service.catalog.find(context.Background(), tableRef{w.caller.Account, w.caller.Region, "followed"})
	if err != nil {
		return err
	}
	snap, err := w.store.Snapshot(context.Background())
	if err != nil {
		return err
	}
	defer snap.Close()
	n := 0
	start, end := layout.ItemRange(t.ID)
	err = scan(snap, layout.Range{Start: start, End: end}, func(_, value []byte) error {
		n++
		it, _, err := layout.ParseRecord(value)
		pk, _ := it.Get("pk")
		if err == nil && !f.items[string(pk)].Equal(it) {
			err = fmt.Errorf("the table has %v, the journal says %v", it, f.items[string(pk)])
		}
		return err
	})
	if err == nil && n != len(f.items) {
		err = fmt.Errorf("the table has %d items, the journal makes %d", n, len(f.items))
	}
	return errors.Join(err, w.check())
}

// check returns what gramme debug check finds.
func (w *world) check() error {
	var found []error
	_, err := check.Run(context.Background(), check.Options{
		Store: w.store, Now: w.service.env.Now,
		Found:    func(f check.Finding) { found = append(found, errors.New(f.String())) },
		Progress: func(check.Progress) {},
	})
	return errors.Join(append(found, err)...)
}

// A table that was given a stream before there were any records gets one when
// the store is opened.
func TestStreamsOfOldAreAdopted(t *testing.T) {
	w := newFollowed(t, memoryEngine(t))
	ctx := context.Background()
	ref := tableRef{w.caller.Account, w.caller.Region, "followed"}
	err := w.service.catalog.change(ctx, ref, func(tx *kv.Tx, t *schema.Table) (*schema.Table, error) {
		after := *t
		after.Journal = schema.Journal{}
		streams, shards := layout.AllStreams(), layout.AllShards()
		return &after, errors.Join(tx.DeleteRange(streams.Start, streams.End), tx.DeleteRange(shards.Start, shards.End))
	})
	if err != nil {
		t.Fatal(err)
	}
	if w.check() == nil {
		t.Error("the check finds nothing")
	}
	w.openFollowed(t)
	if err := w.check(); err != nil {
		t.Error(err)
	}
	if err := w.writeAll(1, 50, 1); err != nil {
		t.Fatal(err)
	}
	f := newFollower()
	if err := errors.Join(f.drain(ctx, w.service.journal, 1), f.compare(w)); err != nil {
		t.Error(err)
	}
	if answer, status := w.answer("DeleteTable", `{"TableName":"followed"}`); status != 200 {
		t.Error(string(answer))
	}
}

// A clock that is set back does not put a child before its parent: clients may
// sort shards by their ids, which begin with the time of creation.
func TestShardsAreNotOlderThanTheirParents(t *testing.T) {
	w := newFollowed(t, memoryEngine(t))
	ctx := context.Background()
	ref := tableRef{w.caller.Account, w.caller.Region, "followed"}
	err := w.service.catalog.change(ctx, ref, func(tx *kv.Tx, t *schema.Table) (*schema.Table, error) {
		after := *t
		return &after, reshard(tx, &after, map[uint32]int{1: 2}, w.now.Add(-time.Hour))
	})
	if err != nil {
		t.Fatal(err)
	}
	shards, _, err := w.service.sharder.list(ctx)
	if err != nil || len(shards) != 3 {
		t.Fatal(shards, err)
	}
	for _, s := range shards[1:] {
		if s.Parent != 1 || s.CreatedAt < shards[0].CreatedAt {
			t.Errorf("child %+v of %+v", s, shards[0])
		}
	}
}

// Busy shards are split up to a number.
func TestSplitsEnd(t *testing.T) {
	w := newFollowed(t, memoryEngine(t))
	ctx := context.Background()
	for range 2 + bits.Len(openShardsMax) {
		shards, streams, err := w.service.sharder.list(ctx)
		if err != nil {
			t.Fatal(err)
		}
		busy := map[openShard]bool{}
		for _, s := range shards {
			busy[openShard{s.Table, s.Number}] = true
		}
		if err := w.service.sharder.turn(ctx, streams[0], shards, busy, w.now); err != nil {
			t.Fatal(err)
		}
	}
	if open := len(w.table(t, "followed").Journal.Shards); open != openShardsMax {
		t.Errorf("%d open shards, want %d", open, openShardsMax)
	}
	if err := w.check(); err != nil {
		t.Error(err)
	}
}

// A shard is split when it has too many writes, and two shards would have less
// each: that of a single hot key stays.
func TestTooMuch(t *testing.T) {
	for _, c := range []struct {
		load load
		want bool
	}{
		{load{500, 500}, false},
		{load{500, 501}, true},
		{load{101, 909}, true},
		{load{909, 101}, true},
		{load{5000, 500}, false},
		{load{0, 5000}, false},
		{load{}, false},
	} {
		if got := c.load.tooMuch(100, 10*time.Second); got != c.want {
			t.Errorf("%+v in 10 s: %t, want %t", c.load, got, c.want)
		}
	}
}

// drain opens a cursor and applies records until there are none for now.
func (f *follower) drain(ctx context.Context, j *journal.Journal, table uint64) error {
	c, err := j.Open(ctx, table, "follower", journal.Oldest)
	if err != nil {
		return err
	}
	for {
		ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		records, err := c.Next(ctx, 7)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, r := range records {
			if err := f.apply(r); err != nil {
				return err
			}
		}
	}
}

// write does a random write of any kind.
func (w *world) write(r *rand.Rand) error {
	key := func() string { return fmt.Sprintf(`"pk":{"S":"k%d"}`, r.IntN(40)) }
	it := func() string {
		return fmt.Sprintf(`{%s,"g":{"S":"g%d"},"n":{"N":"%d"}}`, key(), r.IntN(5), r.IntN(4))
	}
	operation, body := "", ""
	switch r.IntN(6) {
	case 0, 1:
		operation, body = "PutItem", `{"TableName":"followed","Item":`+it()+`}`
	case 2:
		operation, body = "DeleteItem", `{"TableName":"followed","Key":{`+key()+`}}`
	case 3:
		operation, body = "UpdateItem", `{"TableName":"followed","Key":{`+key()+`},"UpdateExpression":"ADD v :one SET g = :g","ExpressionAttributeValues":{":one":{"N":"1"},":g":{"S":"g"}}}`
	case 4:
		operation, body = "BatchWriteItem", `{"RequestItems":{"followed":[{"PutRequest":{"Item":`+it()+`}},{"DeleteRequest":{"Key":{`+key()+`}}}]}}`
	case 5:
		operation, body = "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"followed","Item":`+it()+`}},{"Delete":{"TableName":"followed","Key":{`+key()+`}}}]}`
	}
	answer, status := w.answer(operation, body)
	if status >= 500 {
		return fmt.Errorf("%s %s: %d %s", operation, body, status, answer)
	}
	return nil // a conflict, or the same item twice, is no matter
}

// writeAll lets writers write while shards turn, and returns the first error.
// The writers themselves turn them now and then: another goroutine might not get
// to it before they have ended.
func (w *world) writeAll(writers, writes int, seed uint64) error {
	errs := make(chan error, writers)
	var all sync.WaitGroup
	var turning sync.Mutex
	turn := func() error {
		turning.Lock()
		defer turning.Unlock()
		return w.service.sharder.round(wire.WithCaller(context.Background(), &w.caller))
	}
	for i := range writers {
		all.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			for n := range writes {
				err := w.write(r)
				if n%8 == 0 && err == nil {
					err = turn()
				}
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(errs)
	return <-errs
}

// TestJournalRebuildsTheTable writes in every way while shards rotate and split
// and a reader follows. The reader gets each change once and in its order, and
// what it makes of them is the table.
func TestJournalRebuildsTheTable(t *testing.T) {
	w := newFollowed(t, memoryEngine(t))
	f := newFollower()
	ctx, cancel := context.WithCancel(context.Background())
	followed := make(chan error)
	go func() {
		c, err := w.service.journal.Open(ctx, 1, "live", journal.Oldest)
		for err == nil {
			var records []journal.Record
			records, err = c.Next(ctx, 5)
			for _, r := range records {
				if err == nil {
					err = f.apply(r)
				}
			}
		}
		followed <- err
	}()
	if err := w.writeAll(4, 250, 1); err != nil {
		t.Fatal(err)
	}
	late := newFollower()
	if err := late.drain(context.Background(), w.service.journal, 1); err != nil {
		t.Fatal(err)
	}
	if err := late.compare(w); err != nil {
		t.Error(err)
	}
	for f.records.Load() < late.records.Load() {
		select {
		case err := <-followed:
			t.Fatal(err)
		default:
		}
	}
	cancel()
	if err := <-followed; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := f.compare(w); err != nil {
		t.Error(err)
	}
	shards, _, err := w.service.sharder.list(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	split := map[uint32]int{}
	for _, s := range shards {
		split[s.Parent]++
	}
	twins := 0
	for parent, children := range split {
		if parent != 0 && children == 2 {
			twins++
		}
	}
	t.Logf("%d records, %d shards, %d splits", late.records.Load(), len(shards), twins)
	if len(shards) < 5 || twins == 0 {
		t.Errorf("%d shards and %d splits: that shows little", len(shards), twins)
	}
}

// TestJournalSurvivesPowerCuts cuts the power at random while many write and
// shards turn. What is left of the journal makes what is left of the table: each
// record came with its item, or with neither.
func TestJournalSurvivesPowerCuts(t *testing.T) {
	for seed := range uint64(8) {
		mem := vfs.NewCrashableMem()
		w := newFollowed(t, pebbleEngine(t, mem))
		cut := make(chan vfs.FS)
		go func() {
			r := rand.New(rand.NewPCG(seed, 3))
			for enough := 20 + r.Int64N(100); w.store.Counts().Commits < enough; {
				runtime.Gosched()
			}
			cut <- mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: int(seed) * 14, RNG: r})
		}()
		if err := w.writeAll(4, 60, seed); err != nil {
			t.Fatal(err)
		}
		after := newWorldOn(t, pebbleEngine(t, <-cut))
		f := newFollower()
		if err := f.drain(context.Background(), after.service.journal, 1); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := f.compare(after); err != nil {
			t.Errorf("seed %d: after the power cut: %v", seed, err)
		}
		t.Logf("seed %d: %d records", seed, f.records.Load())
	}
}

func pebbleEngine(t testing.TB, fs vfs.FS) driver.Driver {
	t.Helper()
	engine, err := pebble.Open(pebble.Options{Dir: "data", FS: fs, Once: pebble.KeyRange(layout.AllChanges())})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// A journal that is not written together with the items is noticed.
func TestJournalTestNoticesTornUpdates(t *testing.T) {
	engine, err := memory.Open(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := newFollowed(t, lossyEngine{engine, new(atomic.Int64)})
	if err := w.writeAll(2, 100, 1); err != nil {
		t.Fatal(err)
	}
	f := newFollower()
	if err := errors.Join(f.drain(context.Background(), w.service.journal, 1), f.compare(w)); err == nil {
		t.Error("a record of each 20 was lost, and nobody has noticed")
	}
}

// lossyEngine loses one of 20 change records.
type lossyEngine struct {
	driver.Driver
	records *atomic.Int64
}

func (e lossyEngine) Update(ctx context.Context, own [][]byte, body driver.Body) error {
	return e.Driver.Update(ctx, own, bodyFunc(func(tx driver.Tx) (*driver.Writes, error) {
		writes, err := body.Run(tx)
		if err != nil {
			return nil, err
		}
		var kept []driver.Write
		for _, one := range writes.All() {
			if _, err := layout.ParseChangeKey(one.Key); err == nil && e.records.Add(1)%20 == 0 {
				continue
			}
			kept = append(kept, one)
		}
		return writesOf(kept), nil
	}))
}
