package dynamodb

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

const (
	enableTab  = `{"TableName":"tab","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}}`
	disableTab = `{"TableName":"tab","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":false}}`
)

// newExpiringWorld has a table whose items expire by the attribute ttl.
func newExpiringWorld(t testing.TB, w *world) *world {
	t.Helper()
	w.mustDo(t, request{"CreateTable", createPlain})
	w.mustDo(t, request{"UpdateTimeToLive", enableTab})
	w.finishBuilding(t)
	return w
}

// finishBuilding lets the indexer work until it has nothing to do.
func (w *world) finishBuilding(t testing.TB) {
	t.Helper()
	for again := time.Duration(0); again != untilPoked; {
		var err error
		if again, err = w.service.indexer.round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// putExpiring puts an item that expires so long after now.
func (w *world) putExpiring(t testing.TB, id string, in time.Duration) {
	t.Helper()
	w.mustDo(t, request{"PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"id":{"S":"%s"},"ttl":{"N":"%d"}}}`, id, w.now.Add(in).Unix())})
}

// ids returns the ids of the table's items, in order.
func (w *world) ids(t testing.TB) (ids []string) {
	t.Helper()
	answer, status := w.answer("Scan", `{"TableName":"tab","ProjectionExpression":"id"}`)
	if status != 200 {
		t.Fatal(string(answer))
	}
	for _, part := range strings.Split(string(answer), `{"id":{"S":"`)[1:] {
		id, _, _ := strings.Cut(part, `"`)
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// TestExpireCost holds what expiring costs against what expires: a scan and an
// update for each batch, a read for each item, whatever else is in the table.
func TestExpireCost(t *testing.T) {
	const expiring = 100
	costs := map[int]kv.Counts{}
	for _, items := range []int{1000, 20_000} {
		w := newExpiringWorld(t, newWorld(t))
		for i := range items {
			in := time.Hour
			if i%(items/expiring) == 0 {
				in = time.Second
			}
			w.putExpiring(t, fmt.Sprint(i), in)
		}
		w.now = w.now.Add(time.Minute)
		before := w.store.Counts()
		w.finishExpiring(t)
		costs[items] = w.store.Counts().Sub(before)
		if left := len(w.ids(t)); left != items-expiring {
			t.Errorf("of %d items %d are left", items, left)
		}
	}
	few, many := costs[1000], costs[20_000]
	if few.Gets != many.Gets || few.Scans != many.Scans || few.ScannedEntries != many.ScannedEntries || few.Commits != many.Commits {
		t.Errorf("expiring %d items costs %+v among few, and %+v among many", expiring, few, many)
	}
	// Two batches; a mark at each of two looks, and a look at what is due that
	// finds nothing.
	if many.Gets != expiring || many.Scans != 2+2+1 || many.ScannedEntries != expiring+2 || many.Commits != 2 {
		t.Errorf("expiring %d items costs %+v", expiring, many)
	}
}

// TestIdleExpirer holds what there is to pay while nothing is due: nothing for
// tables without time to live, and nothing for what expired too long ago.
func TestIdleExpirer(t *testing.T) {
	w := newWorld(t)
	w.mustDo(t, request{"CreateTable", createPlain})
	for i := range 10 {
		w.putExpiring(t, fmt.Sprint(i), -6*365*24*time.Hour)
	}
	for _, c := range []struct {
		what           string
		again          time.Duration
		scans, entries int64
	}{
		{"no table has time to live", untilPoked, 1, 0},
		{"one has", ttlInterval, 2, 1},
		{"and no longer", untilPoked, 1, 0},
	} {
		before := w.store.Counts()
		again, err := w.service.expirer.round(t.Context())
		cost := w.store.Counts().Sub(before)
		if err != nil || again != c.again || cost.Scans != c.scans || cost.ScannedEntries != c.entries || cost.Gets != 0 || cost.Commits != 0 {
			t.Errorf("%s: again in %v, %v; the cost is %+v", c.what, again, err, cost)
		}
		if c.again == untilPoked {
			w.mustDo(t, request{"UpdateTimeToLive", enableTab})
			w.finishBuilding(t)
		} else {
			w.mustDo(t, request{"UpdateTimeToLive", disableTab})
		}
	}
	if left := len(w.ids(t)); left != 10 {
		t.Errorf("%d items are left", left)
	}
}

// TestExpireRate shows that a batch is followed by a rest as long as its items
// may take, and that tables take turns.
func TestExpireRate(t *testing.T) {
	w := newExpiringWorld(t, newWorld(t))
	other := strings.NewReplacer(`"tab"`, `"other"`)
	w.mustDo(t, request{"CreateTable", other.Replace(createPlain)})
	w.mustDo(t, request{"UpdateTimeToLive", other.Replace(enableTab)})
	const items = 3 * expireItemsMax / 2
	for i := range items {
		w.putExpiring(t, fmt.Sprint(i), -time.Minute)
		w.mustDo(t, request{"PutItem", fmt.Sprintf(`{"TableName":"other","Item":{"id":{"S":"%d"},"ttl":{"N":"%d"}}}`, i, w.now.Unix()-1)})
	}
	count := func(table string) int {
		answer, _ := w.answer("Scan", `{"TableName":"`+table+`","Select":"COUNT"}`)
		var n int
		if _, err := fmt.Sscanf(string(answer), `{"Count":%d`, &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, c := range []struct{ looked, tab, other int }{
		{expireItemsMax, items - expireItemsMax, items},
		{expireItemsMax, items - expireItemsMax, items - expireItemsMax},
		{items - expireItemsMax, 0, items - expireItemsMax},
		{items - expireItemsMax, 0, 0},
	} {
		again, err := w.service.expirer.round(t.Context())
		want := time.Duration(c.looked) * time.Second / expireRateMax
		if err != nil || again != want || count("tab") != c.tab || count("other") != c.other {
			t.Errorf("%d and %d items are left, want %d and %d; again in %v, %v, want %v", count("tab"), count("other"), c.tab, c.other, again, err, want)
		}
	}
}

// TestExpireBytes deletes no more in one update than it should: writes to these
// items wait for it.
func TestExpireBytes(t *testing.T) {
	w := newExpiringWorld(t, newWorld(t))
	const itemBytes = 300 << 10
	perUpdate := (expireBytesMax + itemBytes) / itemBytes // with the one that reaches the limit
	for i := range 2 * perUpdate {
		w.mustDo(t, request{"PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"id":{"S":"%d"},"ttl":{"N":"%d"},"x":{"S":"%s"}}}`,
			i, w.now.Unix()-60, strings.Repeat("x", itemBytes))})
	}
	for _, left := range []int{perUpdate, 0} {
		if _, err := w.service.expirer.round(t.Context()); err != nil {
			t.Fatal(err)
		}
		if keys := w.itemKeys(t, w.table(t, "tab")); len(keys) != left {
			t.Errorf("%d items are left, want %d", len(keys), left)
		}
	}
}

// TestExpiryInJournal shows what those who follow a table learn of an item that
// expires: that DynamoDB itself has deleted it, and what it was.
func TestExpiryInJournal(t *testing.T) {
	w := newWorld(t)
	w.mustDo(t, request{"CreateTable", strings.Replace(createPlain, `{`, `{"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"},`, 1)})
	w.mustDo(t, request{"UpdateTimeToLive", enableTab})
	w.finishBuilding(t)
	for _, id := range []string{"a", "b", "c"} {
		w.putExpiring(t, id, -time.Minute)
	}
	w.mustDo(t, request{"DeleteItem", `{"TableName":"tab","Key":{"id":{"S":"b"}}}`})
	w.finishExpiring(t)
	deleted := map[string]string{} // by item: the actor
	for _, line := range w.described(t, "change ", 'c') {
		var id string
		_, old, _ := strings.Cut(line, " old=")
		if _, err := fmt.Sscanf(old, `{id:%q`, &id); err != nil || !strings.HasSuffix(line, " new=none") {
			continue
		}
		_, actor, _ := strings.Cut(line, " actor=")
		deleted[id], _, _ = strings.Cut(actor, " ")
	}
	if want := map[string]string{"a": "ttl", "b": "user", "c": "ttl"}; !maps.Equal(deleted, want) {
		t.Errorf("deleted by %v, want %v; the journal is\n%s", deleted, want, strings.Join(w.lines(t, 'c'), "\n"))
	}
}

// TestSavedWhileExpiring holds the expirer between its look and its update.
// Whatever makes the item live on by then saves it.
func TestSavedWhileExpiring(t *testing.T) {
	for name, save := range map[string]request{
		"later time":       {"UpdateItem", `{"TableName":"tab","Key":{"id":{"S":"x"}},"UpdateExpression":"SET #t = :t","ExpressionAttributeNames":{"#t":"ttl"},"ExpressionAttributeValues":{":t":{"N":"1895442400"}}}`},
		"no time":          {"UpdateItem", `{"TableName":"tab","Key":{"id":{"S":"x"}},"UpdateExpression":"REMOVE #t","ExpressionAttributeNames":{"#t":"ttl"}}`},
		"another type":     {"PutItem", `{"TableName":"tab","Item":{"id":{"S":"x"},"ttl":{"S":"1795442000"}}}`},
		"a new item":       {"PutItem", `{"TableName":"tab","Item":{"id":{"S":"x"}}}`},
		"in a transaction": {"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"tab","Item":{"id":{"S":"x"}}}}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			engine := &heldEngine{Driver: memoryEngine(t)}
			w := newExpiringWorld(t, newWorldOn(t, engine))
			w.putExpiring(t, "x", -time.Minute)
			hold := engine.holdNext()
			var round sync.WaitGroup
			round.Go(func() {
				if _, err := w.service.expirer.round(t.Context()); err != nil {
					t.Error(err)
				}
			})
			<-hold.reached
			w.mustDo(t, save)
			close(hold.over)
			round.Wait()
			w.finishExpiring(t)
			if left := w.ids(t); !slices.Equal(left, []string{"x"}) {
				t.Errorf("left are %v", left)
			}
			w.checkStore(t, "tab")
		})
	}
}

// TestExpiringLeavesTransactions shows that an item which a transaction is at
// work on is left to the next look, and that the others are not.
func TestExpiringLeavesTransactions(t *testing.T) {
	engine := &heldEngine{Driver: memoryEngine(t)}
	w := newExpiringWorld(t, newWorldOn(t, engine))
	for _, id := range []string{"a", "b", "c"} {
		w.putExpiring(t, id, -time.Minute)
	}
	end := w.holding(t, engine, request{"TransactWriteItems", `{"TransactItems":[{"ConditionCheck":{"TableName":"tab","Key":{"id":{"S":"b"}},"ConditionExpression":"attribute_exists(id)"}}]}`})
	if _, err := w.service.expirer.round(t.Context()); err != nil {
		t.Error(err)
	}
	if left := w.ids(t); !slices.Equal(left, []string{"b"}) {
		t.Errorf("during the transaction there are %v", left)
	}
	end()
	w.finishExpiring(t)
	if left := w.ids(t); len(left) > 0 {
		t.Errorf("after the transaction there are %v", left)
	}
	w.mustDo(t, request{"TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"tab","Key":{"id":{"S":"a"}}}},{"Get":{"TableName":"tab","Key":{"id":{"S":"b"}}}}]}`})
}

// TestTablesQueueOnce shows that a look leaves a table where it is in the queue.
func TestTablesQueueOnce(t *testing.T) {
	w := newExpiringWorld(t, newWorld(t))
	x := w.service.expirer
	for range 2 {
		if some, err := x.look(t.Context()); err != nil || !some || len(x.queue) != 1 {
			t.Errorf("%d tables in the queue, %t, %v", len(x.queue), some, err)
		}
	}
}

// TestExpiringLeavesNewTable makes a table anew while items of the old one are
// about to be deleted: what is left of them is none of the new one's.
func TestExpiringLeavesNewTable(t *testing.T) {
	w := newExpiringWorld(t, newWorld(t))
	x := w.service.expirer
	w.putExpiring(t, "a", -time.Minute)
	if _, err := x.look(t.Context()); err != nil || len(x.queue) != 1 {
		t.Fatal(x.queue, err)
	}
	old := x.queue[0]
	due, err := x.due(t.Context(), old)
	if err != nil || len(due) != 1 {
		t.Fatal(due, err)
	}
	for _, r := range []request{{"DeleteTable", `{"TableName":"tab"}`}, {"CreateTable", createPlain}, {"UpdateTimeToLive", enableTab}} {
		w.mustDo(t, r)
	}
	if n, err := x.expire(t.Context(), old, due); n != 0 || err != nil {
		t.Errorf("%d items of the old table are done with, %v", n, err)
	}
	answer, _ := w.answer("DescribeTable", `{"TableName":"tab"}`)
	if !strings.Contains(string(answer), `"ItemCount":0`) {
		t.Errorf("the new table is %s", answer)
	}
}

// TestEnablingWakesTheExpirer, which sleeps as long as no table has time to live.
func TestEnablingWakesTheExpirer(t *testing.T) {
	w := newWorld(t)
	w.mustDo(t, request{"CreateTable", createPlain})
	if again, err := w.service.expirer.round(t.Context()); again != untilPoked || err != nil {
		t.Errorf("without time to live it works again in %v, %v", again, err)
	}
	w.mustDo(t, request{"UpdateTimeToLive", enableTab})
	select {
	case <-w.service.expirer.wake:
	default:
		t.Error("nobody has woken it")
	}
}

// TestFailedTablesRest shows that a table that has failed is left alone for a
// while.
func TestFailedTablesRest(t *testing.T) {
	w := newExpiringWorld(t, newWorld(t))
	x := w.service.expirer
	x.failed(w.table(t, "tab").ID, errors.New("for a test"))
	for _, c := range []struct {
		after  time.Duration
		queued int
	}{{0, 0}, {expirerRetryPause - 1, 0}, {1, 1}} {
		w.now = w.now.Add(c.after)
		if some, err := x.look(t.Context()); err != nil || !some || len(x.queue) != c.queued {
			t.Errorf("after another %v there are %d tables in the queue, want %d; %t, %v", c.after, len(x.queue), c.queued, some, err)
		}
	}
}

// TestExpiringOutlivesDamage shows that items which cannot be read hold up no
// others, whichever come first.
func TestExpiringOutlivesDamage(t *testing.T) {
	w := newExpiringWorld(t, newWorld(t))
	tbl := w.table(t, "tab")
	const items = 2 * expireItemsMax
	for i := range items {
		w.putExpiring(t, fmt.Sprintf("%03d", i), -time.Duration(items-i)*time.Second)
	}
	keys := w.itemKeys(t, tbl)
	spoil := func(i int, value []byte) {
		err := w.store.Update(t.Context(), nil, func(tx *kv.Tx) error { return tx.Set(keys[i], value) })
		if err != nil {
			t.Fatal(err)
		}
	}
	spoil(0, []byte{99})                    // no record
	spoil(1, []byte{1, 5, 'M', 0xff, 1, 2}) // no item
	keyless := item.NewBuilder(nil)
	keyless.BeginMap()
	keyless.Field("ttl", item.Number(item.Int(w.now.Unix()-(items-2))))
	keyless.EndMap()
	spoil(2, layout.AppendRecord(nil, keyless.Item(), 5))
	partial := item.NewBuilder(nil)
	partial.BeginMap()
	partial.Field("id", item.String("003"))
	partial.Field("ttl", item.Number(item.Int(w.now.Unix()-(items-3))))
	partial.Field("z", item.String("zz"))
	partial.EndMap()
	spoil(3, layout.AppendRecord(nil, append(partial.Item()[:len(partial.Item())-4], 0xff, 2, 'z', 'z'), 15))
	w.finishExpiring(t)
	left := w.itemKeys(t, tbl)
	if !slices.EqualFunc(left, keys[:4], slices.Equal[[]byte]) {
		t.Errorf("%d items are left", len(left))
	}
}

// TestStaleExpiryBatch shows that a batch which was read for an expiry index is
// no good for the one that came after it, although their jobs look the same.
func TestStaleExpiryBatch(t *testing.T) {
	w := newWorld(t)
	w.mustDo(t, request{"CreateTable", createPlain})
	w.mustDo(t, request{"PutItem", `{"TableName":"tab","Item":{"id":{"S":"x"}}}`})
	w.mustDo(t, request{"UpdateTimeToLive", enableTab})
	x := w.service.indexer
	jobs, err := x.pending(t.Context())
	if err != nil || len(jobs) != 1 {
		t.Fatal(jobs, err)
	}
	s, err := x.subject(t.Context(), jobs[0])
	if err != nil {
		t.Fatal(err)
	}
	stale, err := x.nextBatch(t.Context(), jobs[0], s) // x has no time
	if err != nil {
		t.Fatal(err)
	}
	w.mustDo(t, request{"UpdateTimeToLive", disableTab})
	w.putExpiring(t, "x", time.Hour)
	w.mustDo(t, request{"UpdateTimeToLive", enableTab})
	if _, err := x.put(t.Context(), jobs[0], stale); !errors.Is(err, errJobMoved) {
		t.Errorf("a stale batch was put: %v", err)
	}
	w.finishBuilding(t)
	w.checkStore(t, "tab")
}

// TestExpiryBackfillCost holds what the backfill of an expiry index costs: of
// each item that expires one read, of each update one commit.
func TestExpiryBackfillCost(t *testing.T) {
	w := newWorld(t)
	w.mustDo(t, request{"CreateTable", createPlain})
	for i := range 100 {
		w.putExpiring(t, fmt.Sprint(i), time.Hour)
		w.mustDo(t, request{"PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"id":{"S":"-%d"}}}`, i)})
	}
	w.mustDo(t, request{"UpdateTimeToLive", enableTab})
	before := w.store.Counts()
	w.finishBuilding(t)
	cost := w.store.Counts().Sub(before)
	// And the table and the job, twice; scans of the jobs, of the items, and of
	// the jobs again. The items are one batch, and then the index is complete.
	if cost.Gets != 100+4 || cost.Scans != 3 || cost.ScannedEntries != 1+200 || cost.Commits != 2 {
		t.Errorf("the cost is %+v", cost)
	}
	w.checkStore(t, "tab")
}

// TestSavedAtTheLastMoment lets clients save items, one after the other, while
// these expire. An item that was saved stays; one that was not is gone.
func TestSavedAtTheLastMoment(t *testing.T) {
	w := newExpiringWorld(t, newWorld(t))
	const items, clients = 2000, 4
	for i := range items {
		w.putExpiring(t, fmt.Sprint(i), -time.Duration(items-i)*time.Second)
	}
	saved := make([]bool, items)
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(client), 8))
			for i := items/clients*(client+1) - 1; i >= items/clients*client; i-- { // the last to expire first
				saved[i] = w.save(t, r, i)
			}
		})
	}
	all.Go(func() { w.finishExpiring(t) })
	all.Wait()
	w.finishExpiring(t)
	w.checkStore(t, "tab")
	there := map[string]bool{}
	for _, id := range w.ids(t) {
		there[id] = true
	}
	for i, saved := range saved {
		if there[fmt.Sprint(i)] != saved {
			t.Errorf("item %d was saved: %v; it is there: %v", i, saved, !saved)
		}
	}
}

// save gives an item that is there an hour more, and reports whether it was.
func (w *world) save(t *testing.T, r *rand.Rand, id int) bool {
	update := fmt.Sprintf(`{"TableName":"tab","Key":{"id":{"S":"%d"}},"UpdateExpression":"SET #t = :t","ConditionExpression":"attribute_exists(id)",
		"ExpressionAttributeNames":{"#t":"ttl"},"ExpressionAttributeValues":{":t":{"N":"%d"}}}`, id, w.now.Add(time.Hour).Unix())
	operation := "UpdateItem"
	if r.IntN(3) == 0 {
		operation, update = "TransactWriteItems", `{"TransactItems":[{"Update":`+update+`}]}`
	}
	answer, status := w.answer(operation, update)
	if status != 200 && !strings.Contains(string(answer), "ConditionalCheckFailed") {
		t.Errorf("%s: %s", operation, answer)
	}
	return status == 200
}

// TestBackgroundExpirer leaves the work to the background, as a server does,
// over a restart.
func TestBackgroundExpirer(t *testing.T) {
	w := newExpiringWorld(t, newWorld(t))
	w.putExpiring(t, "older", -time.Minute)
	s, err := Open(t.Context(), Options{Store: w.store, Env: w.service.env, TTLInterval: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.service.Close(); err != nil {
		t.Fatal(err)
	}
	w.service = s
	for _, id := range []string{"newer", "later"} {
		for len(w.ids(t)) > 0 { // the test's own time limit ends it if the work does not
		}
		w.putExpiring(t, id, -time.Minute)
	}
	w.mustDo(t, request{"UpdateTimeToLive", disableTab})
	w.putExpiring(t, "stays", -time.Minute)
	w.mustDo(t, request{"UpdateTimeToLive", enableTab}) // wakes it
	for len(w.ids(t)) > 0 {
	}
	w.checkStore(t, "tab")
}

// expireStep lets the expirer do a step, and holds that it deletes what is due
// in a table, and no more. It says what it did.
func (w *world) expireStep(t *testing.T, name string) string {
	t.Helper()
	before := w.times(t, name)
	if _, err := w.service.expirer.round(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := w.times(t, name)
	from, to := schema.DueAt(w.now)
	for key, at := range before {
		_, stays := after[key]
		if due := from <= at && at < to; due == stays {
			t.Errorf("an item that expires at %d is there at %d: %v", at, w.now.Unix(), stays)
		}
	}
	return fmt.Sprintf("a step of the expirer: of %d expiries %d are left", len(before), len(after))
}

// times returns what a table's expiry index holds, by item key.
func (w *world) times(t *testing.T, name string) map[string]int64 {
	t.Helper()
	times := map[string]int64{}
	tbl, err := w.service.catalog.find(t.Context(), tableRef{w.caller.Account, w.caller.Region, name})
	if err != nil {
		t.Fatal(err)
	}
	if tbl == nil || !tbl.Usable(w.now) {
		return times
	}
	for _, expiry := range w.expiries(t, tbl) {
		at, key, err := layout.ParseExpiryKey(expiry)
		if err != nil {
			t.Fatal(err)
		}
		times[string(key)] = at
	}
	return times
}

// expiries returns the keys of a table's expiry index.
func (w *world) expiries(t testing.TB, tbl *schema.Table) (keys [][]byte) {
	t.Helper()
	snap, err := w.store.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	all := layout.AllExpiries(tbl.ID)
	it := snap.Scan(all.Start, all.End, false)
	defer it.Close()
	for it.Next() {
		keys = append(keys, bytes.Clone(it.Key()))
	}
	if it.Err() != nil {
		t.Fatal(it.Err())
	}
	return keys
}

// table reads a descriptor.
func (w *world) table(t testing.TB, name string) *schema.Table {
	t.Helper()
	tbl, err := w.service.catalog.find(t.Context(), tableRef{w.caller.Account, w.caller.Region, name})
	if err != nil || tbl == nil {
		t.Fatal(tbl, err)
	}
	return tbl
}

// itemKeys returns the keys of a table's items that expire, the first to expire
// in front.
func (w *world) itemKeys(t testing.TB, tbl *schema.Table) (keys [][]byte) {
	t.Helper()
	for _, expiry := range w.expiries(t, tbl) {
		_, key, err := layout.ParseExpiryKey(expiry)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.store.Get(t.Context(), key, nil); err == nil {
			keys = append(keys, key)
		}
	}
	return keys
}
