package dynamodb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/kv/memory"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// TestIndexesFollowEverything does anything that can happen to a table and its
// indexes, at random and in small steps, restarts and crashes among them, and
// holds the whole store against the items after every step.
func TestIndexesFollowEverything(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			engine, err := memory.Open(memory.Options{})
			if err != nil {
				t.Fatal(err)
			}
			guarded := &guardedEngine{Driver: engine, t: t, left: endless}
			w := newWorldOn(t, guarded)
			r := rand.New(rand.NewPCG(seed, 2))
			var said []string
			for range 500 {
				said = append(said, w.randomStep(t, r, guarded))
				w.checkStore(t, "indexed")
				if w.checkLeftovers(t, "indexed"); t.Failed() {
					t.Fatalf("after\n\t%s", strings.Join(said[max(0, len(said)-12):], "\n\t"))
				}
			}
			w.finishIndexes(t)
			w.finishExpiring(t)
			w.checkStore(t, "indexed")
		})
	}
}

// randomStep does something and returns what.
func (w *world) randomStep(t *testing.T, r *rand.Rand, engine *guardedEngine) string {
	operation, body := "", ""
	switch n := r.IntN(100); {
	case n < 55:
		operation, body = randomGroup(r, 4)
	case n < 60:
		operation, body = "UpdateTimeToLive", randomTTLUpdate(r)
	case n < 64:
		return w.expireStep(t, "indexed")
	case n < 77:
		w.service.indexer.itemsMax = 1 + r.IntN(4)
		if _, err := w.service.indexer.round(context.Background()); err != nil {
			t.Fatal(err)
		}
		return "a step of the backfill"
	case n < 85:
		operation, body = "UpdateTable", randomIndexUpdate(r)
	case n < 90:
		w.now = w.now.Add(3 * time.Second)
		return "the clock goes on"
	case n < 94:
		w.restart(t, time.Duration(r.IntN(2))*5*time.Second)
		return "a restart"
	case n < 97:
		w.service.indexer.itemsMax = 1 + r.IntN(4)
		engine.left = r.IntN(3)
		_, err := w.service.indexer.round(context.Background())
		if r.IntN(2) == 0 {
			_, err = w.service.expirer.round(context.Background())
		}
		engine.left = endless
		w.restart(t, 0)
		return fmt.Sprintf("a crash in a step in the background: %v", err)
	case n < 98:
		operation, body = "DeleteTable", `{"TableName":"indexed"}`
	default:
		operation, body = "CreateTable", createIndexed
	}
	answer, status := w.answer(operation, body)
	if status != 200 && !expectedRefusal(string(answer)) {
		t.Fatalf("%s %s: %s", operation, body, answer)
	}
	if operation == "DeleteTable" && status == 200 {
		if err := w.service.purger.purgeAll(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%s %s: %d", operation, body, status)
}

// checkLeftovers holds that the store has nothing of tables that are gone.
func (w *world) checkLeftovers(t *testing.T, name string) {
	t.Helper()
	var prefix []byte
	tbl, err := w.service.catalog.find(context.Background(), tableRef{w.caller.Account, w.caller.Region, name})
	if err != nil {
		t.Fatal(err)
	}
	if tbl != nil && tbl.StatusAt(w.now) != schema.Deleting {
		prefix, _ = layout.TableRange(tbl.ID)
	}
	snap, err := w.store.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	it := snap.Scan([]byte{'t'}, []byte{'t' + 1}, false)
	defer it.Close()
	for it.Next() {
		if prefix == nil || !bytes.HasPrefix(it.Key(), prefix) {
			t.Errorf("of a table that is gone there is left: %s", layout.Describe(it.Key(), it.Value(), kv.FormatCounters))
		}
	}
	if err := it.Err(); err != nil {
		t.Fatal(err)
	}
}

func (w *world) restart(t *testing.T, delay time.Duration) {
	t.Helper()
	if err := w.service.Close(); err != nil {
		t.Fatal(err)
	}
	w.open(t, delay)
}

// expectedRefusal reports whether an answer says that something random was out
// of place: in the table's state, among its indexes, or for an item.
func expectedRefusal(answer string) bool {
	for _, part := range []string{
		"ConditionalCheckFailed", "ResourceInUse", "ResourceNotFound", "LimitExceeded", "already exists",
		"TransactionConflict", "TransactionInProgress", "IdempotentParameterMismatch", "multiple operations on one item", "contains duplicates",
		"Type mismatch for Index Key", "secondary index key", "Size of hashkey", "Aggregated size of all range keys",
		"TimeToLive is ",
	} {
		if strings.Contains(answer, part) {
			return true
		}
	}
	return false
}

// randomIndexUpdate creates or deletes one of a few indexes.
func randomIndexUpdate(r *rand.Rand) string {
	name := fmt.Sprintf("made%d", r.IntN(3))
	if r.IntN(3) == 0 {
		if r.IntN(3) == 0 {
			name = "all" // made with the table
		}
		return `{"TableName":"indexed","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"` + name + `"}}]}`
	}
	keys := [][]string{{"d"}, {"c"}, {"d", "a"}, {"a", "b", "d"}}[r.IntN(4)]
	projection := []string{`{"ProjectionType":"ALL"}`, `{"ProjectionType":"KEYS_ONLY"}`, `{"ProjectionType":"INCLUDE","NonKeyAttributes":["c"]}`}[r.IntN(3)]
	return createIndexRequest("indexed", name, projection, keys)
}

// randomTTLUpdate enables or disables time to live, by one of two attributes.
func randomTTLUpdate(r *rand.Rand) string {
	return fmt.Sprintf(`{"TableName":"indexed","TimeToLiveSpecification":{"AttributeName":"ttl%d","Enabled":%v}}`, r.IntN(2), r.IntN(2) == 0)
}

// createIndexRequest asks for an index whose key attributes are strings; from
// the third on they are sort keys.
func createIndexRequest(table, name, projection string, keys []string) string {
	var definitions, elements []string
	for i, k := range keys {
		kind := "HASH"
		if i > 1 {
			kind = "RANGE"
		}
		definitions = append(definitions, `{"AttributeName":"`+k+`","AttributeType":"S"}`)
		elements = append(elements, `{"AttributeName":"`+k+`","KeyType":"`+kind+`"}`)
	}
	return fmt.Sprintf(`{"TableName":"%s","AttributeDefinitions":[%s],"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"%s","KeySchema":[%s],"Projection":%s}}]}`,
		table, strings.Join(definitions, ","), name, strings.Join(elements, ","), projection)
}

// finishIndexes lets time pass and the indexer work until nothing is left to do.
func (w *world) finishIndexes(t *testing.T) {
	t.Helper()
	w.now = w.now.Add(time.Minute)
	for again := time.Duration(0); again != untilPoked; {
		var err error
		if again, err = w.service.indexer.round(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	tbl, err := w.service.catalog.find(context.Background(), tableRef{w.caller.Account, w.caller.Region, "indexed"})
	if err != nil {
		t.Fatal(err)
	}
	if tbl != nil && tbl.Unsettled() != nil {
		t.Errorf("index %+v is not done, and there is no job", tbl.Unsettled())
	}
	if left := w.lines(t, 'j'); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

// guardedEngine holds each update to owning what it must: the items and tokens
// that it reads or writes, the item whose index entry or expiry it puts, the
// descriptor of the table whose job or mark it writes. It runs each twice, as an
// engine may. After so many updates it fails, as if the process had ended there:
// an update is done or not.
type guardedEngine struct {
	driver.Driver
	t    *testing.T
	left int
}

const endless = -1

var errCrash = errors.New("the process has ended")

func (e *guardedEngine) Update(ctx context.Context, own [][]byte, body driver.Body) error {
	if e.left == 0 {
		return errCrash
	}
	if e.left != endless {
		e.left--
	}
	return e.Driver.Update(ctx, own, ownedBody{e.t, own, body})
}

type ownedBody struct {
	t   *testing.T
	own [][]byte
	driver.Body
}

func (b ownedBody) Run(tx driver.Tx) (*driver.Writes, error) {
	_, first := b.Body.Run(ownedTx{tx, b})
	writes, err := b.Body.Run(ownedTx{tx, b})
	if (first == nil) != (err == nil) {
		b.t.Errorf("an update ended with %v, and run again with %v", first, err)
	}
	if err != nil {
		return writes, err
	}
	for _, w := range writes.All() {
		if owner := ownerOf(w); owner != nil && !b.owns(owner) {
			b.t.Errorf("without owning %x an update writes %s", owner, layout.Describe(w.Key, w.Value, kv.FormatCounters))
		}
	}
	return writes, nil
}

func (b ownedBody) owns(key []byte) bool {
	return slices.ContainsFunc(b.own, func(owned []byte) bool { return bytes.Equal(owned, key) })
}

// ownedTx is a transaction in which nothing is decided on what somebody else may
// change.
type ownedTx struct {
	driver.Tx
	body ownedBody
}

func (tx ownedTx) Get(key, dst []byte) ([]byte, error) {
	if (layout.PlaceOf(key).Part == layout.PartItem || isTokenRecord(key)) && !tx.body.owns(key) {
		tx.body.t.Errorf("without owning %x an update reads it", key)
	}
	return tx.Tx.Get(key, dst)
}

// Head is for owned keys alone, whatever lies at them.
func (tx ownedTx) Head(key []byte) (driver.Head, bool, error) {
	if !tx.body.owns(key) {
		tx.body.t.Errorf("without owning %x an update reads its head", key)
	}
	return tx.Tx.Head(key)
}

// isTokenRecord reports whether a key is that of the record of a token; an
// expiry is owned by who owns its record.
func isTokenRecord(key []byte) bool {
	_, err := layout.ParseTokenExpiry(key)
	return layout.PlaceOf(key).Part == layout.PartToken && err != nil
}

// ownerOf returns the key that an update must own to do a write, nil for none.
func ownerOf(w driver.Write) []byte {
	place := layout.PlaceOf(w.Key)
	if j, err := layout.ParseJob(w.Key, w.Value); err == nil {
		return layout.AppendDescriptorKey(nil, j.Descriptor.Account, j.Descriptor.Region, j.Descriptor.Name)
	}
	if _, itemKey, err := layout.ParseExpiryKey(w.Key); err == nil && w.Kind != driver.DeleteRange {
		return itemKey
	}
	if _, d, err := layout.ParseExpiring(w.Key, w.Value); err == nil {
		return layout.AppendDescriptorKey(nil, d.Account, d.Region, d.Name)
	}
	if record, err := layout.ParseTokenExpiry(w.Key); err == nil {
		return record
	}
	if w.Kind == driver.DeleteRange {
		return nil
	}
	if place.Part == layout.PartItem || place.Part == layout.PartToken {
		return w.Key
	}
	if place.Part != layout.PartEntry || w.Kind != driver.Set {
		return nil
	}
	entry, _, err := layout.ParseRecord(w.Value)
	if err != nil {
		return nil
	}
	partition, _ := entry.Get("pk")
	sort, _ := entry.Get("sk")
	return layout.AppendItemKey(nil, place.Table, partition, sort)
}

// TestIndexesFollowConcurrentWrites creates and deletes indexes while several
// clients write and the backfill runs, and looks at the store all the time.
func TestIndexesFollowConcurrentWrites(t *testing.T) {
	w := newWorld(t)
	if answer, status := w.answer("CreateTable", createIndexed); status != 200 {
		t.Fatal(string(answer))
	}
	w.service.indexer.itemsMax = 64
	var writers, others sync.WaitGroup
	for seed := range uint64(3) {
		writers.Go(func() {
			r := rand.New(rand.NewPCG(seed, 3))
			for range 1500 {
				w.mustAnswer(t, r, func(r *rand.Rand) (operation, body string) { return randomGroup(r, 40) })
			}
		})
	}
	stop := make(chan struct{})
	others.Go(func() {
		r := rand.New(rand.NewPCG(9, 3))
		untilClosed(stop, func() {
			w.mustAnswer(t, r, func(r *rand.Rand) (string, string) { return "UpdateTable", randomIndexUpdate(r) })
			w.mustAnswer(t, r, func(r *rand.Rand) (string, string) { return "UpdateTimeToLive", randomTTLUpdate(r) })
		})
	})
	others.Go(func() {
		untilClosed(stop, func() {
			if _, err := w.service.indexer.round(context.Background()); err != nil {
				t.Error(err)
			}
			if _, err := w.service.expirer.round(context.Background()); err != nil {
				t.Error(err)
			}
		})
	})
	others.Go(func() {
		untilClosed(stop, func() { w.checkStore(t, "indexed") })
	})
	writers.Wait()
	close(stop)
	others.Wait()
	w.finishIndexes(t)
	w.checkStore(t, "indexed")
}

// untilClosed does something again and again.
func untilClosed(stop chan struct{}, do func()) {
	for {
		select {
		case <-stop:
			return
		default:
			do()
		}
	}
}

func (w *world) mustAnswer(t *testing.T, r *rand.Rand, ask func(r *rand.Rand) (operation, body string)) {
	operation, body := ask(r)
	if answer, status := w.answer(operation, body); status != 200 && !expectedRefusal(string(answer)) {
		t.Errorf("%s %s: %s", operation, body, answer)
	}
}

// TestStaleStep shows that a step which was planned before another process did
// it changes nothing.
func TestStaleStep(t *testing.T) {
	w := newWorld(t)
	if answer, status := w.answer("CreateTable", createIndexed); status != 200 {
		t.Fatal(string(answer))
	}
	r := rand.New(rand.NewPCG(1, 6))
	for range 30 {
		w.mustAnswer(t, r, randomWrite)
	}
	update := createIndexRequest("indexed", "made", `{"ProjectionType":"ALL"}`, []string{"c"})
	if answer, status := w.answer("UpdateTable", update); status != 200 {
		t.Fatal(string(answer))
	}
	x := w.service.indexer
	x.itemsMax = 2
	stale, err := x.pending(t.Context())
	if err != nil || len(stale) != 1 {
		t.Fatal(stale, err)
	}
	for range 2 {
		if _, err := x.round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	before := w.lines(t, 'j', 't')
	if _, err := x.step(t.Context(), stale[0]); err != nil {
		t.Error(err)
	}
	if after := w.lines(t, 'j', 't'); !slices.Equal(before, after) {
		t.Errorf("a stale step made of\n%s\nthis:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	w.finishIndexes(t)
	if _, err := x.step(t.Context(), stale[0]); err != nil { // the job is gone
		t.Error(err)
	}
	w.checkStore(t, "indexed")
}

// TestBackgroundBackfill leaves the work to the background, as a server does.
func TestBackgroundBackfill(t *testing.T) {
	w := newWorld(t)
	if answer, status := w.answer("CreateTable", createIndexed); status != 200 {
		t.Fatal(string(answer))
	}
	r := rand.New(rand.NewPCG(1, 5))
	for range 50 {
		w.mustAnswer(t, r, randomWrite)
	}
	s, err := Open(t.Context(), Options{Store: w.store, Env: w.service.env})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.service.Close(); err != nil {
		t.Fatal(err)
	}
	w.service = s
	for _, update := range []string{
		createIndexRequest("indexed", "made", `{"ProjectionType":"ALL"}`, []string{"c"}),
		`{"TableName":"indexed","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"made"}}]}`,
	} {
		if answer, status := w.answer("UpdateTable", update); status != 200 {
			t.Fatal(string(answer))
		}
		for len(w.lines(t, 'j')) > 0 { // the test's own time limit ends it if the work does not
			w.checkStore(t, "indexed")
		}
		w.checkStore(t, "indexed")
	}
}

// TestBackfillCost holds what a backfill costs the engine: of each item and of
// its entry one read, of each update one commit, whatever it holds.
func TestBackfillCost(t *testing.T) {
	w := newWorld(t)
	w.createForBackfill(t, 100)
	for _, c := range []struct {
		itemsMax             int
		gets, scans, commits int64 // of one round
	}{
		{50, 50 + 50 + 2, 2, 1},  // and the table and the job; scans of the jobs and of the items
		{100, 50 + 50 + 4, 2, 2}, // the last one, and the index becomes active
		{100, 0, 1, 0},           // no jobs
	} {
		w.service.indexer.itemsMax = c.itemsMax
		before := w.store.Counts()
		if _, err := w.service.indexer.round(t.Context()); err != nil {
			t.Fatal(err)
		}
		cost := w.store.Counts().Sub(before)
		if cost.Gets != c.gets || cost.Scans != c.scans || cost.Commits != c.commits {
			t.Errorf("%d engine reads, %d scans and %d commits, want %d, %d and %d", cost.Gets, cost.Scans, cost.Commits, c.gets, c.scans, c.commits)
		}
	}
}

// createForBackfill makes a table of so many items, of about 150 bytes each, and
// begins an index over them.
func (w *world) createForBackfill(t testing.TB, items int) {
	t.Helper()
	ask := func(operation, body string) {
		if answer, status := w.answer(operation, body); status != 200 {
			t.Fatal(string(answer))
		}
	}
	ask("CreateTable", `{"TableName":"bulk","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}`)
	for i := range items {
		ask("PutItem", fmt.Sprintf(`{"TableName":"bulk","Item":{"pk":{"S":"p%06d"},"g":{"S":"g%d"},"v":{"S":"%0128d"}}}`, i, i%100, i))
	}
	ask("UpdateTable", createIndexRequest("bulk", "made", `{"ProjectionType":"ALL"}`, []string{"g"}))
}

// BenchmarkBackfill builds an index over 10,000 items.
func BenchmarkBackfill(b *testing.B) {
	const items = 10_000
	for range b.N {
		b.StopTimer()
		w := newWorld(b)
		w.createForBackfill(b, items)
		b.StartTimer()
		for again := time.Duration(0); again != untilPoked; {
			var err error
			if again, err = w.service.indexer.round(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(items*b.N)/b.Elapsed().Seconds(), "items/s")
}
