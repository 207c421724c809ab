package dynamodb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

const createIndexed = `{"TableName":"indexed","BillingMode":"PAY_PER_REQUEST",
 "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"},{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"N"}],
 "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
 "LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"a","KeyType":"RANGE"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["c"]}}],
 "GlobalSecondaryIndexes":[
  {"IndexName":"all","KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}},
  {"IndexName":"keys","KeySchema":[{"AttributeName":"b","KeyType":"HASH"},{"AttributeName":"a","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}]}`

// TestIndexesFollowItems writes at random from several goroutines, then holds
// the whole store against the items: each index has exactly the entries that
// the items call for, and the counters say what is there.
func TestIndexesFollowItems(t *testing.T) {
	w := newWorld(t)
	if answer, status := w.answer("CreateTable", createIndexed); status != 200 {
		t.Fatal(string(answer))
	}
	var writers sync.WaitGroup
	for seed := range uint64(4) {
		writers.Go(func() {
			r := rand.New(rand.NewPCG(seed, 1))
			for range 500 {
				operation, body := randomWrite(r)
				if answer, status := w.answer(operation, body); status != 200 && !strings.Contains(string(answer), "ConditionalCheckFailed") {
					t.Errorf("%s %s: %s", operation, body, answer)
					return
				}
			}
		})
	}
	writers.Wait()
	w.checkStore(t, "indexed")
}

// randomWrite returns a write to one of a few items, which have each index
// attribute or not.
func randomWrite(r *rand.Rand) (operation, body string) {
	key := fmt.Sprintf(`"pk":{"S":"p%d"},"sk":{"N":"%d"}`, r.IntN(3), r.IntN(4))
	switch r.IntN(4) {
	case 0:
		return "DeleteItem", `{"TableName":"indexed","Key":{` + key + `}}`
	case 1:
		return "UpdateItem", `{"TableName":"indexed","Key":{` + key + `},"UpdateExpression":"SET c = :c REMOVE b","ExpressionAttributeValues":{":c":{"S":"` + strings.Repeat("x", r.IntN(20)) + `"}}}`
	case 2:
		return "UpdateItem", `{"TableName":"indexed","Key":{` + key + `},"UpdateExpression":"SET b = :b","ConditionExpression":"attribute_exists(a)","ExpressionAttributeValues":{":b":{"N":"` + fmt.Sprint(r.IntN(3)) + `"}}}`
	}
	attributes := key
	if r.IntN(3) > 0 {
		attributes += fmt.Sprintf(`,"a":{"S":"a%d"}`, r.IntN(3))
	}
	if r.IntN(3) > 0 {
		attributes += fmt.Sprintf(`,"b":{"N":"%d"}`, r.IntN(3))
	}
	return "PutItem", `{"TableName":"indexed","Item":{` + attributes + fmt.Sprintf(`,"c":{"S":"%d"}}}`, r.IntN(100))
}

// checkStore compares all that the store has of a table with what follows from
// its items.
func (w *world) checkStore(t *testing.T, name string) {
	t.Helper()
	ctx := wire.WithCaller(context.Background(), &w.caller)
	tbl, err := w.service.table(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{} // index entries by key
	counters := make([]int64, 2*int(tbl.NextIndex))
	collections := map[string]int64{}
	for _, it := range w.items(t, tbl) {
		im := schema.ImageOf(it)
		key, refusal := tbl.KeyIn(it)
		if refusal != nil {
			t.Fatal(refusal)
		}
		collection := string(layout.AppendCollectionKey(nil, tbl.ID, key.Partition))
		counters[0]++
		counters[1] += int64(im.Size)
		collections[collection] += int64(im.Size)
		for _, c := range tbl.PlanIndexes(schema.Image{}, im) {
			want[string(c.NewKey)] = c.New.Item.String()
			counters[2*int(c.Index.Number)]++
			counters[2*int(c.Index.Number)+1] += int64(c.New.Size)
			if c.Index.Local {
				collections[collection] += int64(c.New.Size)
			}
		}
	}
	w.checkEntries(t, tbl, want)
	w.checkCounters(t, string(layout.AppendCountersKey(nil, tbl.ID)), counters)
	for key, bytes := range collections {
		w.checkCounters(t, key, []int64{bytes})
	}
}

func (w *world) items(t *testing.T, tbl *schema.Table) (items []item.Item) {
	t.Helper()
	start, end := layout.ItemRange(tbl.ID)
	w.scan(t, start, end, func(_ string, it item.Item) {
		if err := item.Check(it); err != nil {
			t.Errorf("stored item %v: %v", it, err)
		}
		items = append(items, it)
	})
	return items
}

// checkEntries compares the entries of all indexes. It empties want.
func (w *world) checkEntries(t *testing.T, tbl *schema.Table, want map[string]string) {
	t.Helper()
	for i := range tbl.Indexes {
		prefix := layout.AppendIndexPrefix(nil, tbl.ID, tbl.Indexes[i].Number)
		w.scan(t, prefix, layout.PrefixEnd(prefix), func(key string, it item.Item) {
			if want[key] != it.String() {
				t.Errorf("index %s has %v, want %q", tbl.Indexes[i].Name, it, want[key])
			}
			delete(want, key)
		})
	}
	for _, entry := range want {
		t.Errorf("no index has %s", entry)
	}
}

func (w *world) scan(t *testing.T, start, end []byte, see func(key string, it item.Item)) {
	t.Helper()
	snap, err := w.store.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	entries := snap.Scan(start, end, false)
	defer entries.Close()
	for entries.Next() {
		it, size, err := layout.ParseRecord(append([]byte(nil), entries.Value()...))
		if err != nil {
			t.Fatal(err)
		}
		if size != it.Size() {
			t.Errorf("record of %v says %d bytes, it has %d", it, size, it.Size())
		}
		see(string(entries.Key()), it)
	}
	if err := entries.Err(); err != nil {
		t.Fatal(err)
	}
}

func (w *world) checkCounters(t *testing.T, key string, want []int64) {
	t.Helper()
	got, err := w.store.Counters(context.Background(), []byte(key))
	if err != nil {
		t.Fatalf("counters %x: %v", key, err)
	}
	for i := range want {
		if counterAt(got, i) != want[i] {
			t.Errorf("counters %x are %v, want %v", key, got, want)
			return
		}
	}
}

// TestConditionalWritesAreLinearizable lets many clients count an item up by
// optimistic locking: read, change, write if the version is as read. No step is
// lost or done twice.
func TestConditionalWritesAreLinearizable(t *testing.T) {
	w := newWorld(t)
	if answer, status := w.answer("CreateTable", createIndexed); status != 200 {
		t.Fatal(string(answer))
	}
	if answer, status := w.answer("PutItem", `{"TableName":"indexed","Item":{"pk":{"S":"p"},"sk":{"N":"0"},"v":{"N":"0"},"sum":{"N":"0"}}}`); status != 200 {
		t.Fatal(string(answer))
	}
	const clients, steps = 8, 25
	var running sync.WaitGroup
	for range clients {
		running.Go(func() {
			for done := 0; done < steps; {
				seen := w.version(t)
				body := fmt.Sprintf(`{"TableName":"indexed","Key":{"pk":{"S":"p"},"sk":{"N":"0"}},"UpdateExpression":"SET v = :next ADD #sum :one","ConditionExpression":"v = :seen",
					"ExpressionAttributeNames":{"#sum":"sum"},"ExpressionAttributeValues":{":next":{"N":"%d"},":seen":{"N":"%d"},":one":{"N":"1"}}}`, seen+1, seen)
				answer, status := w.answer("UpdateItem", body)
				switch {
				case status == 200:
					done++
				case !strings.Contains(string(answer), "ConditionalCheckFailed"):
					t.Error(string(answer))
					return
				}
			}
		})
	}
	running.Wait()
	if v := w.version(t); v != clients*steps {
		t.Errorf("the version is %d after %d successful steps", v, clients*steps)
	}
	answer, _ := w.answer("GetItem", `{"TableName":"indexed","Key":{"pk":{"S":"p"},"sk":{"N":"0"}},"ProjectionExpression":"#s","ExpressionAttributeNames":{"#s":"sum"}}`)
	if want := fmt.Sprintf(`{"Item":{"sum":{"N":"%d"}}}`, clients*steps); string(answer) != want {
		t.Errorf("the sum is %s, want %s", answer, want)
	}
}

// version reads the version that the clients count up.
func (w *world) version(t *testing.T) int {
	answer, status := w.answer("GetItem", `{"TableName":"indexed","Key":{"pk":{"S":"p"},"sk":{"N":"0"}},"ProjectionExpression":"v"}`)
	var v int
	if _, err := fmt.Sscanf(string(answer), `{"Item":{"v":{"N":"%d"}}}`, &v); status != 200 || err != nil {
		t.Errorf("reading the version: %d %s", status, answer)
	}
	return v
}
