package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
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

// randomWrite returns a write to one of a few items, which have each attribute
// of an index, or that an index may come to have, or not.
func randomWrite(r *rand.Rand) (operation, body string) {
	return randomWriteTo(r, 4)
}

// randomGroup is randomWriteTo, one time of three each in a transaction and in a
// batch with others.
func randomGroup(r *rand.Rand, items int) (operation, body string) {
	switch r.IntN(3) {
	case 0:
		return "TransactWriteItems", randomTransaction(r, items)
	case 1:
		return "BatchWriteItem", randomPutsAndDeletes(r, items)
	}
	return randomWriteTo(r, items)
}

// randomTransaction puts up to four random writes into a transaction, under one
// of a few tokens or none.
func randomTransaction(r *rand.Rand, items int) string {
	members := map[string]string{"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete"}
	var actions []string
	for range 1 + r.IntN(4) {
		operation, body := randomWriteTo(r, items)
		actions = append(actions, `{"`+members[operation]+`":`+body+`}`)
	}
	if r.IntN(3) == 0 {
		actions = append(actions, fmt.Sprintf(`{"ConditionCheck":{"TableName":"indexed","Key":{"pk":{"S":"p%d"},"sk":{"N":"%d"}},"ConditionExpression":"attribute_not_exists(e)"}}`, r.IntN(3), r.IntN(items)))
	}
	token := ""
	if r.IntN(3) == 0 {
		token = fmt.Sprintf(`"ClientRequestToken":"t%d",`, r.IntN(20))
	}
	return `{` + token + `"TransactItems":[` + strings.Join(actions, ",") + `]}`
}

// randomPutsAndDeletes puts those of up to eight random writes that may be there
// into a batch.
func randomPutsAndDeletes(r *rand.Rand, items int) string {
	var requests []string
	for n := 1 + r.IntN(8); n > 0 || len(requests) == 0; n-- {
		operation, body := randomWriteTo(r, items)
		body = strings.TrimSuffix(strings.TrimPrefix(body, `{"TableName":"indexed",`), `}`)
		switch operation {
		case "PutItem":
			requests = append(requests, `{"PutRequest":{`+body+`}}`)
		case "DeleteItem":
			requests = append(requests, `{"DeleteRequest":{`+body+`}}`)
		}
	}
	return `{"RequestItems":{"indexed":[` + strings.Join(requests, ",") + `]}}`
}

// randomWriteTo is randomWrite with so many items in each of three partitions.
func randomWriteTo(r *rand.Rand, items int) (operation, body string) {
	key := fmt.Sprintf(`"pk":{"S":"p%d"},"sk":{"N":"%d"}`, r.IntN(3), r.IntN(items))
	switch r.IntN(5) {
	case 0:
		return "DeleteItem", `{"TableName":"indexed","Key":{` + key + `}}`
	case 1:
		return "UpdateItem", `{"TableName":"indexed","Key":{` + key + `},"UpdateExpression":"SET c = :c REMOVE b","ExpressionAttributeValues":{":c":{"S":"` + strings.Repeat("x", r.IntN(20)) + `"}}}`
	case 2:
		return "UpdateItem", fmt.Sprintf(`{"TableName":"indexed","Key":{%s},"UpdateExpression":"SET ttl0 = :n REMOVE ttl1","ExpressionAttributeValues":{":n":{"N":"%d"}}}`, key, 1_795_442_300+r.IntN(300))
	case 3:
		return "UpdateItem", `{"TableName":"indexed","Key":{` + key + `},"UpdateExpression":"SET b = :b","ConditionExpression":"attribute_exists(a)","ExpressionAttributeValues":{":b":{"N":"` + fmt.Sprint(r.IntN(3)) + `"}}}`
	}
	attributes := key
	for n := range 2 { // what one of may make the item expire, as the clock goes on
		if r.IntN(2) == 0 {
			attributes += fmt.Sprintf(`,"ttl%d":{"N":"%d"}`, n, 1_795_442_300+r.IntN(300))
		}
	}
	if r.IntN(3) > 0 {
		attributes += fmt.Sprintf(`,"a":{"S":"a%d"}`, r.IntN(3))
	}
	if r.IntN(3) > 0 {
		attributes += fmt.Sprintf(`,"b":{"N":"%d"}`, r.IntN(3))
	}
	if n := r.IntN(12); n < 8 { // what an index on d may not take, too
		attributes += `,"d":` + []string{
			`{"S":"d1"}`, `{"S":"d2"}`, `{"S":"d3"}`, `{"S":"d4"}`, `{"N":"5"}`, `{"S":""}`, `{"NULL":true}`, `{"S":"` + strings.Repeat("d", 2049) + `"}`,
		}[n]
	}
	return "PutItem", `{"TableName":"indexed","Item":{` + attributes + fmt.Sprintf(`,"c":{"S":"%d"}}}`, r.IntN(100))
}

// checkStore compares all that the store has of a table with what follows from
// its items. It looks at one snapshot, in which everything agrees at any time.
func (w *world) checkStore(t *testing.T, name string) {
	t.Helper()
	snap, err := w.store.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	stored, err := snap.Get(layout.AppendDescriptorKey(nil, w.caller.Account, w.caller.Region, name), nil)
	if errors.Is(err, kv.ErrNotFound) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	tbl, err := schema.ParseTable(stored)
	if err != nil {
		t.Fatal(err)
	}
	if tbl.StatusAt(w.now) == schema.Deleting || tbl.StatusAt(w.now) == schema.Gone {
		return
	}
	c := storeCheck{t: t, snap: snap, table: tbl, counters: make([]int64, 2*int(tbl.NextIndex)), collections: map[string]int64{}}
	c.readItems()
	c.checkIndexes()
	c.checkExpiries()
	c.checkCounters(string(layout.AppendCountersKey(nil, tbl.ID)), c.counters)
	for key, bytes := range c.collections {
		if !tbl.HasLocalIndexes() {
			bytes = 0 // none is kept
		}
		c.checkCounters(key, []int64{bytes})
	}
}

// anyCount stands for a counter of which nothing is known.
const anyCount = -1

// storeCheck is a check of one table in one snapshot.
type storeCheck struct {
	t           *testing.T
	snap        *kv.Snapshot
	table       *schema.Table
	want        map[uint16]map[string]item.Item // by index: the entries that the items call for, by key
	expiries    map[string]bool                 // that the items call for
	counters    []int64                         // that follow from items and entries
	collections map[string]int64                // the same, by counter key
}

func (c *storeCheck) readItems() {
	c.want, c.expiries = map[uint16]map[string]item.Item{}, map[string]bool{}
	start, end := layout.ItemRange(c.table.ID)
	c.scan(start, end, func(itemKey string, it item.Item) {
		if expiry := c.table.Expiry([]byte(itemKey), it); expiry != nil {
			c.expiries[string(expiry)] = true
		}
		if err := item.Check(it); err != nil {
			c.t.Errorf("stored item %v: %v", it, err)
		}
		key, refusal := c.table.KeyIn(it)
		if refusal != nil {
			c.t.Fatal(refusal)
		}
		im := schema.ImageOf(it)
		collection := string(layout.AppendCollectionKey(nil, c.table.ID, key.Partition))
		c.counters[0]++
		c.counters[1] += int64(im.Size)
		c.collections[collection] += int64(im.Size)
		for i := range c.table.Indexes {
			c.wantEntry(&c.table.Indexes[i], im, collection)
		}
	})
}

func (c *storeCheck) wantEntry(x *schema.Index, im schema.Image, collection string) {
	key, entry := c.table.Entry(x, im)
	if key == nil {
		return
	}
	if c.want[x.Number] == nil {
		c.want[x.Number] = map[string]item.Item{}
	}
	c.want[x.Number][string(key)] = entry.Item
	if x.Local {
		c.collections[collection] += int64(entry.Size)
	}
}

// checkIndexes compares the entries under each number that the table ever gave
// to an index. An index that is being built has some of its entries; one that
// is being removed has what it had.
func (c *storeCheck) checkIndexes() {
	for number := uint16(1); number < c.table.NextIndex; number++ {
		x, want := c.table.IndexNumbered(number), c.want[number]
		prefix := layout.AppendIndexPrefix(nil, c.table.ID, number)
		c.scan(prefix, layout.PrefixEnd(prefix), func(key string, it item.Item) {
			c.counters[2*number]++
			c.counters[2*number+1] += int64(it.Size())
			if x == nil {
				c.t.Errorf("an index that is gone has %v", it)
			} else if x.Maintained() && !want[key].Equal(it) { // attributes have no order
				c.t.Errorf("index %s has %v, want %v", x.Name, it, want[key])
			}
			delete(want, key)
		})
		if x != nil && !x.Maintained() { // it is counted until the last is gone
			c.counters[2*number], c.counters[2*number+1] = anyCount, anyCount
		}
		if x == nil || !x.Readable() {
			continue
		}
		for _, entry := range want {
			c.t.Errorf("index %s lacks %s", x.Name, entry)
		}
	}
}

// checkExpiries compares the expiry index with what the items call for. While it
// is being built it has a part of that.
func (c *storeCheck) checkExpiries() {
	all := layout.AllExpiries(c.table.ID)
	it := c.snap.Scan(all.Start, all.End, false)
	defer it.Close()
	for it.Next() {
		if !c.expiries[string(it.Key())] {
			c.t.Errorf("no item calls for %s", layout.Describe(it.Key(), it.Value(), kv.FormatCounters))
		}
		delete(c.expiries, string(it.Key()))
	}
	if err := it.Err(); err != nil {
		c.t.Fatal(err)
	}
	for key := range c.expiries {
		if !c.table.BuildsExpiries() {
			c.t.Errorf("missing is %s", layout.Describe([]byte(key), nil, kv.FormatCounters))
		}
	}
	mark, err := c.snap.Get(layout.AppendExpiringKey(nil, c.table.ID), nil)
	if errors.Is(err, kv.ErrNotFound) == c.table.Expires() {
		c.t.Errorf("items expire: %v, and the mark is %q, %v", c.table.Expires(), mark, err)
	}
}

func (c *storeCheck) scan(start, end []byte, see func(key string, it item.Item)) {
	c.t.Helper()
	entries := c.snap.Scan(start, end, false)
	defer entries.Close()
	for entries.Next() {
		it, size, err := layout.ParseRecord(append([]byte(nil), entries.Value()...))
		if err != nil {
			c.t.Fatal(err)
		}
		if size != it.Size() {
			c.t.Errorf("record of %v says %d bytes, it has %d", it, size, it.Size())
		}
		see(string(entries.Key()), it)
	}
	if err := entries.Err(); err != nil {
		c.t.Fatal(err)
	}
}

func (c *storeCheck) checkCounters(key string, want []int64) {
	c.t.Helper()
	stored, err := c.snap.Get([]byte(key), nil)
	if err != nil && !errors.Is(err, kv.ErrNotFound) {
		c.t.Fatal(err)
	}
	var got []int64
	if len(stored) > 0 { // counters that are all 0 are not stored
		if got, err = kv.ParseCounters(nil, stored); err != nil {
			c.t.Fatalf("counters %x: %v", key, err)
		}
	}
	for i := range want {
		if want[i] != anyCount && counterAt(got, i) != want[i] {
			c.t.Errorf("counters %x are %v, want %v", key, got, want)
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
