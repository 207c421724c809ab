package dynamodb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// batchAnswer is what the tests look at in an answer to a batch.
type batchAnswer struct {
	Responses             map[string][]json.RawMessage
	UnprocessedKeys       map[string]json.RawMessage
	UnprocessedItems      map[string][]json.RawMessage
	ItemCollectionMetrics map[string][]struct{ SizeEstimateRangeGB []float64 }
	ConsumedCapacity      []capacityAnswer
}

type capacityAnswer struct {
	TableName     string
	CapacityUnits float64
}

func (w *world) batch(t testing.TB, operation, body string) (a batchAnswer) {
	t.Helper()
	if err := json.Unmarshal(w.must(t, operation, body), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// each returns n texts in a list.
func each(n int, text func(i int) string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = text(i)
	}
	return strings.Join(list, ",")
}

func idKey(i int) string { return fmt.Sprintf(`{"id":{"S":"i%d"}}`, i) }

// putID is a request of a batch that puts an item of about so many bytes.
func putID(i, bytes int) string {
	return fmt.Sprintf(`{"PutRequest":{"Item":{"id":{"S":"i%d"},"n":{"N":"%d"},"t":{"S":"%s"}}}}`, i, i, strings.Repeat("t", bytes))
}

func deleteID(i int) string { return `{"DeleteRequest":{"Key":` + idKey(i) + `}}` }

const createOther = `{"TableName":"other","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}`

func newBatchWorld(t testing.TB, engine driver.Driver) *world {
	t.Helper()
	w := newWorldOn(t, engine)
	w.must(t, "CreateTable", createPlain)
	w.must(t, "CreateTable", createOther)
	return w
}

// TestBatchLimits goes to the limits and beyond; beyond, nothing is done.
func TestBatchLimits(t *testing.T) {
	w := newBatchWorld(t, memoryEngine(t))
	small := func(i int) string { return putID(i, 1) }
	w.must(t, "BatchWriteItem", `{"RequestItems":{"tab":[`+each(25, small)+`]}}`)
	w.must(t, "BatchWriteItem", `{"RequestItems":{"tab":[`+each(12, deleteID)+`],"other":[`+each(13, deleteID)+`]}}`)
	a := w.batch(t, "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[`+each(99, idKey)+`]},"other":{"Keys":[`+idKey(1)+`]}}}`)
	if n := len(a.Responses["tab"]); n != 13 {
		t.Errorf("%d items, want 13", n)
	}
	before := w.lines(t, 't')
	for _, c := range []struct{ name, operation, body, want string }{
		{"26 requests", "BatchWriteItem", `{"RequestItems":{"tab":[` + each(26, deleteID) + `]}}`, "Map value must satisfy constraint: [Member must have length less than or equal to 25"},
		{"26 requests in two tables", "BatchWriteItem", `{"RequestItems":{"tab":[` + each(25, deleteID) + `],"other":[` + deleteID(1) + `]}}`, "Too many items requested for the BatchWriteItem call"},
		{"a large item", "BatchWriteItem", `{"RequestItems":{"tab":[` + deleteID(20) + `,` + putID(1, 400<<10) + `]}}`, "Item size has exceeded the maximum allowed size"},
		{"a large item for no table", "BatchWriteItem", `{"RequestItems":{"none":[` + putID(1, 400<<10) + `]}}`, "Item size has exceeded the maximum allowed size"},
		{"101 keys", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[` + each(101, idKey) + `]}}}`, "Value at 'RequestItems.tab.member.Keys' failed to satisfy constraint: Member must have length less than or equal to 100"},
		{"101 keys in two tables", "BatchGetItem", `{"RequestItems":{"none":{"Keys":[` + each(100, idKey) + `]},"other":{"Keys":[` + idKey(1) + `]}}}`, "Too many items requested for the BatchGetItem call"},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, status := w.answer(c.operation, c.body)
			if status != 400 || !strings.Contains(string(answer), c.want) {
				t.Errorf("%d %.300s, want %s", status, answer, c.want)
			}
		})
	}
	if after := w.lines(t, 't'); !slices.Equal(before, after) {
		t.Errorf("a batch that was refused has changed the store")
	}
}

// TestBatchGetLeavesTheRest asks for more than an answer holds, and then for
// what was left, as SDKs do.
func TestBatchGetLeavesTheRest(t *testing.T) {
	w := newBatchWorld(t, memoryEngine(t))
	const items, bytes = 60, 390 << 10
	for from := 0; from < items; from += 20 {
		w.must(t, "BatchWriteItem", `{"RequestItems":{"tab":[`+each(20, func(i int) string { return putID(from+i, bytes) })+`]}}`)
	}
	w.must(t, "BatchWriteItem", `{"RequestItems":{"other":[`+putID(0, 1)+`]}}`)
	rest := `{"tab":{"Keys":[` + each(items, idKey) + `],"ProjectionExpression":"#n, t","ExpressionAttributeNames":{"#n":"n"},"ConsistentRead":true},
		"other":{"Keys":[` + idKey(0) + `],"ProjectionExpression":"n"}}`
	seen, units := map[string]bool{}, 0.0
	for calls := 1; ; calls++ {
		before := w.store.Counts()
		a := w.batch(t, "BatchGetItem", `{"RequestItems":`+rest+`,"ReturnConsumedCapacity":"TOTAL"}`)
		const most = batchBytesMax/bytes + batchReadersMax // what is found to be too much has been read
		if reads := w.store.Counts().Sub(before).Gets; reads > most {
			t.Errorf("call %d reads %d items, want at most %d", calls, reads, most)
		}
		total := 0
		for _, it := range a.Responses["tab"] {
			if strings.Contains(string(it), `"id"`) || seen[string(it[:20])] {
				t.Fatalf("not wanted: %.50s", it)
			}
			seen[string(it[:20])] = true
			total += bytes
		}
		units += sumUnits(a.ConsumedCapacity)
		if len(a.UnprocessedKeys) == 0 {
			if calls != 2 || len(a.Responses["other"]) != 1 {
				t.Errorf("%d calls, want 2; %d items of the second table, want 1", calls, len(a.Responses["other"]))
			}
			break
		}
		if total > batchBytesMax || total < batchBytesMax-2*bytes || a.Responses["other"] == nil || len(a.UnprocessedKeys) != 2 {
			t.Fatalf("call %d: %d bytes of items, tables %v unprocessed", calls, total, a.UnprocessedKeys)
		}
		left, err := json.Marshal(a.UnprocessedKeys)
		if err != nil {
			t.Fatal(err)
		}
		if s := string(left); strings.Count(s, `"ExpressionAttributeNames":{"#n":"n"}`) != 1 || strings.Count(s, `"ConsistentRead":true`) != 1 {
			t.Fatalf("a table has lost its settings: %s", s)
		}
		rest = string(left)
	}
	if want := items*98 + 0.5; len(seen) != items || units != want {
		t.Errorf("%d items for %v units, want %d for %v", len(seen), units, items, want)
	}
	// What is left out of the items does not count.
	a := w.batch(t, "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[`+each(items, idKey)+`],"ProjectionExpression":"n"}}}`)
	if len(a.Responses["tab"]) != items || len(a.UnprocessedKeys) != 0 {
		t.Errorf("%d items of %d", len(a.Responses["tab"]), items)
	}
}

// TestBatchGetsShareMemory: when batches have read much together, each leaves
// what it has not read yet, but gets on.
func TestBatchGetsShareMemory(t *testing.T) {
	w := newBatchWorld(t, memoryEngine(t))
	w.must(t, "BatchWriteItem", `{"RequestItems":{"tab":[`+each(3, func(i int) string { return putID(i, 10) })+`]}}`)
	rest := `{"tab":{"Keys":[` + each(3, idKey) + `]}}`
	w.service.batchBytes.Add(batchesBytesMax + 1) // of others
	a := w.batch(t, "BatchGetItem", `{"RequestItems":`+rest+`}`)
	if len(a.Responses["tab"]) != 1 || string(a.UnprocessedKeys["tab"]) != `{"Keys":[`+idKey(1)+`,`+idKey(2)+`]}` {
		t.Errorf("items %s, unprocessed %s", a.Responses, a.UnprocessedKeys)
	}
	w.service.batchBytes.Add(-batchesBytesMax - 1)
	a = w.batch(t, "BatchGetItem", `{"RequestItems":`+rest+`}`)
	if len(a.Responses["tab"]) != 3 || len(a.UnprocessedKeys) != 0 {
		t.Errorf("items %s, unprocessed %s", a.Responses, a.UnprocessedKeys)
	}
	if left := w.service.batchBytes.Load(); left != 0 {
		t.Errorf("%d bytes are counted, and no batch is under way", left)
	}
}

// TestBatchGetStaysFull: where a batch has left a key for want of room, it leaves
// all that follow, for other batches may give room back meanwhile. The next key
// would be taken for one of the next table.
func TestBatchGetStaysFull(t *testing.T) {
	w := newBatchWorld(t, memoryEngine(t))
	w.must(t, "BatchWriteItem", `{"RequestItems":{"tab":[`+each(3, func(i int) string { return putID(i, 10) })+`]}}`)
	var in api.BatchGetItemInput
	if err := in.Decode([]byte(`{"RequestItems":{"tab":{"Keys":[` + each(3, idKey) + `]}}}`)); err != nil {
		t.Fatal(err)
	}
	ctx := wire.WithCaller(t.Context(), &w.caller)
	b, err := w.service.batchRead(ctx, in.RequestItems, make([]*expr.Projection, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	for call, want := range []bool{true, false, false} {
		others := int64(batchesBytesMax + 1)
		if call == 2 {
			others = 0
		}
		w.service.batchBytes.Add(others)
		g, err := b.next(ctx)
		w.service.batchBytes.Add(-others)
		if (g != nil) != want || err != nil {
			t.Errorf("call %d: another key: %t, want %t; %v", call, g != nil, want, err)
		}
	}
}

// slowEngine takes time for its first read, and lets the others end when so many
// are under way at once.
type slowEngine struct {
	driver.Driver
	first   func()
	readers int
	reads   atomic.Int64
	met     chan struct{}
}

func (e *slowEngine) Get(ctx context.Context, key, dst []byte) ([]byte, error) {
	if layout.PlaceOf(key).Part == layout.PartItem && e.readers > 0 {
		switch n := e.reads.Add(1); n {
		case 1:
			e.first()
		case int64(1 + e.readers):
			close(e.met)
		}
		if e.reads.Load() > 1 {
			select {
			case <-e.met:
			case <-ctx.Done():
				return dst, ctx.Err()
			}
		}
	}
	return e.Driver.Get(ctx, key, dst)
}

// TestBatchGetFromAfar reads with several readers when one has taken long: the
// answer is the same.
func TestBatchGetFromAfar(t *testing.T) {
	engine := &slowEngine{Driver: memoryEngine(t), met: make(chan struct{})}
	w := newBatchWorld(t, engine)
	for from := 0; from < 75; from += 25 {
		w.must(t, "BatchWriteItem", `{"RequestItems":{"tab":[`+each(25, func(i int) string { return putID(from+i, 100*i) })+`]}}`)
	}
	body := `{"RequestItems":{"other":{"Keys":[` + idKey(1) + `]},"tab":{"Keys":[` + each(99, idKey) + `],"ProjectionExpression":"n, t"}},"ReturnConsumedCapacity":"TOTAL"}`
	near := w.must(t, "BatchGetItem", body)
	engine.readers = batchReadersMax
	engine.first = func() { w.now = w.now.Add(batchPatience + 1) }
	ctx, cancel := context.WithTimeout(wire.WithCaller(t.Context(), &w.caller), 10*time.Second)
	defer cancel()
	far, err := w.service.Operations().Table()["BatchGetItem"].Call(ctx, []byte(body), nil)
	if err != nil || string(far) != string(near) {
		t.Errorf("from afar %.300s (%v), want %.300s", far, err, near)
	}
	if n := engine.reads.Load(); n != 100 {
		t.Errorf("%d reads of 100 keys", n)
	}
}

// TestBatchMeetsTransaction holds a request in the middle and lets another
// arrive that writes the same item among others.
func TestBatchMeetsTransaction(t *testing.T) {
	const (
		check  = `{"TransactItems":[{"ConditionCheck":{"TableName":"tab","Key":{"id":{"S":"i1"}},"ConditionExpression":"attribute_not_exists(y)"}}]}`
		read   = `{"TransactItems":[{"Get":{"TableName":"tab","Key":{"id":{"S":"i1"}}}}]}`
		update = `{"TransactItems":[{"Update":{"TableName":"tab","Key":{"id":{"S":"i1"}},"UpdateExpression":"SET u = n"}}]}`
	)
	engine := &heldEngine{Driver: memoryEngine(t)}
	w := newBatchWorld(t, engine)
	some := `{"RequestItems":{"tab":[` + putID(0, 1) + `,` + putID(1, 1) + `],"other":[` + deleteID(1) + `]},"ReturnConsumedCapacity":"TOTAL"}`
	all := `{"RequestItems":{"tab":[` + deleteID(1) + `]},"ReturnConsumedCapacity":"TOTAL"}`

	end := w.holding(t, engine, request{"TransactWriteItems", check})
	a := w.batch(t, "BatchWriteItem", some)
	if want := `[{"PutRequest":{"Item":{"id":{"S":"i1"},"n":{"N":"1"},"t":{"S":"t"}}}}]`; fmt.Sprintf("%s", a.UnprocessedItems["tab"]) != want || len(a.UnprocessedItems) != 1 {
		t.Errorf("unprocessed are %s, want %s of tab", a.UnprocessedItems, want)
	}
	if want := []capacityAnswer{{"tab", 1}, {"other", 1}}; !slices.Equal(a.ConsumedCapacity, want) {
		t.Errorf("capacity %v, want %v", a.ConsumedCapacity, want)
	}
	a = w.batch(t, "BatchWriteItem", all)
	if len(a.UnprocessedItems["tab"]) != 1 || a.ConsumedCapacity[0].CapacityUnits != 0 {
		t.Errorf("unprocessed are %s, for %v", a.UnprocessedItems, a.ConsumedCapacity)
	}
	w.must(t, "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[`+idKey(1)+`]}}}`)
	end()

	end = w.holding(t, engine, request{"BatchWriteItem", some})
	if answer, _ := w.answer("TransactGetItems", read); !strings.Contains(string(answer), "[TransactionConflict]") {
		t.Errorf("a transactional read of what a batch writes: %s", answer)
	}
	w.mustDo(t, request{"TransactWriteItems", check}) // before the batch
	end()
	w.mustDo(t, request{"TransactWriteItems", update}) // of what the batch has put
	w.checkNothingBusy(t)
}

// failingEngine fails an update.
type failingEngine struct {
	driver.Driver
	after atomic.Int64 // updates that succeed before
}

var errEngine = errors.New("the engine has failed")

func (e *failingEngine) Update(ctx context.Context, own [][]byte, body driver.Body) error {
	if e.after.Add(-1) == -1 {
		return errEngine
	}
	return e.Driver.Update(ctx, own, body)
}

// TestBatchMeetsFailure lets the engine fail in the first and in a later part
// of a batch that is too large for one update.
func TestBatchMeetsFailure(t *testing.T) {
	engine := &failingEngine{Driver: memoryEngine(t)}
	engine.after.Store(1000)
	w := newWorldOn(t, engine)
	const indexes = 3
	w.must(t, "CreateTable", `{"TableName":"tab","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
		"GlobalSecondaryIndexes":[`+each(indexes, func(i int) string {
		return fmt.Sprintf(`{"IndexName":"gsi%d","KeySchema":[{"AttributeName":"n","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}`, i)
	})+`]}`)
	const items, bytes = 25, 300 << 10
	const inOne = batchUpdateBytesMax / (bytes * (indexes + 1))
	batch := `{"RequestItems":{"tab":[` + each(items, func(i int) string { return putID(i, bytes) }) + `]},"ReturnConsumedCapacity":"TOTAL"}`

	engine.after.Store(0)
	if answer, status := w.answer("BatchWriteItem", batch); status != 500 || !strings.Contains(string(answer), errEngine.Error()) {
		t.Fatalf("%d %.100s", status, answer)
	}
	if len(w.lines(t, 't')) != 0 {
		t.Fatal("a batch that failed has left something")
	}
	engine.after.Store(1)
	a := w.batch(t, "BatchWriteItem", batch)
	if n := len(a.UnprocessedItems["tab"]); n != items-inOne {
		t.Fatalf("%d requests are left, want %d", n, items-inOne)
	}
	if got, want := a.ConsumedCapacity[0].CapacityUnits, float64(inOne*(indexes+1)*(bytes>>10+1)); got != want {
		t.Errorf("%v units, want %v", got, want)
	}
	left, err := json.Marshal(a.UnprocessedItems)
	if err != nil {
		t.Fatal(err)
	}
	const rest = 1000
	engine.after.Store(rest)
	before := w.store.Counts()
	a = w.batch(t, "BatchWriteItem", `{"RequestItems":`+string(left)+`}`)
	reads, updates := w.store.Counts().Sub(before).Gets, rest-engine.after.Load()
	if len(a.UnprocessedItems) != 0 || updates != 1 || reads != items-inOne {
		t.Errorf("%v left after %d updates and %d reads, want nothing after 1 and %d", a.UnprocessedItems, updates, reads, items-inOne)
	}
	stored := map[string]int{}
	for _, line := range w.lines(t, 't') {
		kind, _, _ := strings.Cut(line, " ")
		stored[kind]++
	}
	if stored["item"] != items || stored["entry"] != items*indexes {
		t.Errorf("stored are %v, want %d items and %d entries", stored, items, items*indexes)
	}
}

// TestBatchFillsCollection makes a collection grow by a whole batch: what counts
// is what all requests make of it together.
func TestBatchFillsCollection(t *testing.T) {
	w := newWorld(t) // 1 MB are the limit
	w.must(t, "CreateTable", createIndexed)
	put := func(i int) string {
		return fmt.Sprintf(`{"PutRequest":{"Item":{"pk":{"S":"p"},"sk":{"N":"%d"},"t":{"S":"%s"}}}}`, i, strings.Repeat("t", 100<<10))
	}
	remove := func(i int) string {
		return fmt.Sprintf(`{"DeleteRequest":{"Key":{"pk":{"S":"p"},"sk":{"N":"%d"}}}}`, i)
	}
	const other = `{"PutRequest":{"Item":{"pk":{"S":"q"},"sk":{"N":"1"}}}}`
	const full = `{"__type":"com.amazonaws.dynamodb.v20120810#ItemCollectionSizeLimitExceededException","message":"Collection size exceeded."}`

	answer, status := w.answer("BatchWriteItem", `{"RequestItems":{"indexed":[`+other+`,`+each(11, put)+`]}}`)
	if status != 400 || string(answer) != full || len(w.lines(t, 't')) != 0 {
		t.Fatalf("%d %.200s, and %d lines are stored", status, answer, len(w.lines(t, 't')))
	}
	a := w.batch(t, "BatchWriteItem", `{"RequestItems":{"indexed":[`+other+`,`+each(10, put)+`]},"ReturnItemCollectionMetrics":"SIZE"}`)
	if n := len(a.ItemCollectionMetrics["indexed"]); n != 2 {
		t.Errorf("metrics of %d collections, want 2", n)
	}
	if answer, _ := w.answer("BatchWriteItem", `{"RequestItems":{"indexed":[`+put(10)+`]}}`); string(answer) != full {
		t.Errorf("%.200s", answer)
	}
	w.must(t, "BatchWriteItem", `{"RequestItems":{"indexed":[`+put(10)+`,`+remove(0)+`]}}`)
	w.checkStore(t, "indexed")
}

// TestBatchMetrics: of a collection that grew in several updates, the last size
// is told.
func TestBatchMetrics(t *testing.T) {
	m := batchMetrics{asked: wire.Some("SIZE"), tables: []string{"tab"}}
	tbl := &schema.Table{Partition: schema.KeyAttribute{Name: "pk"}, Indexes: []schema.Index{{Local: true}}}
	for _, before := range []int64{1 << 30, 3 << 30} {
		w := batchWrite{key: schema.Key{Partition: item.String("p")}}
		w.outcome = outcome{table: tbl, collection: &collection{before: before}}
		m.add(&w)
	}
	if got := m.all()[0].Value; len(got) != 1 || got[0].SizeEstimateRangeGB[0] != 3 {
		t.Errorf("metrics %+v, want one of 3 GB", got)
	}
}

// TestBatchesAreSingleOperations does the same at random in two worlds, in one
// by batches and in the other item by item, and compares answers and stores.
func TestBatchesAreSingleOperations(t *testing.T) {
	batches, singles := newWorld(t), newWorld(t)
	for _, w := range []*world{batches, singles} {
		w.must(t, "CreateTable", createIndexed)
		w.must(t, "CreateTable", createOther)
	}
	r := rand.New(rand.NewPCG(7, 7))
	for range 200 {
		b := randomBatch(r)
		writes := batches.batch(t, "BatchWriteItem", b.writes())
		reads := batches.batch(t, "BatchGetItem", b.reads())
		if len(writes.UnprocessedItems)+len(reads.UnprocessedKeys) != 0 {
			t.Fatalf("left: %v %v", writes.UnprocessedItems, reads.UnprocessedKeys)
		}
		wroteUnits, readUnits := singles.writeEach(t, b), 0.0
		for table, keys := range b.keys {
			items, units := singles.getEach(t, table, keys)
			readUnits += units
			if got := fmt.Sprintf("%s", reads.Responses[table]); got != fmt.Sprintf("%s", items) {
				t.Fatalf("%s: items of the batch %s, one by one %s", table, got, items)
			}
		}
		if got := sumUnits(writes.ConsumedCapacity); got != wroteUnits {
			t.Fatalf("%s: %v units, one by one %v", b.writes(), got, wroteUnits)
		}
		if got := sumUnits(reads.ConsumedCapacity); got != readUnits {
			t.Fatalf("%s: %v units, one by one %v", b.reads(), got, readUnits)
		}
	}
	if got, want := batches.lines(t, 't'), singles.lines(t, 't'); !slices.Equal(got, want) {
		t.Errorf("batches have stored\n%s\nsingle operations\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	batches.checkStore(t, "indexed")
}

// writing is one request of a random batch.
type writing struct{ table, operation, body string } // body: the item or key

// someBatch is a batch of writes, and the keys of their items and of others.
type someBatch struct {
	writings []writing
	keys     map[string][]string
}

func randomBatch(r *rand.Rand) someBatch {
	b := someBatch{keys: map[string][]string{}}
	for _, n := range r.Perm(12)[:1+r.IntN(11)] {
		table, key := "other", fmt.Sprintf(`"id":{"S":"i%d"}`, n)
		if n < 8 {
			table, key = "indexed", fmt.Sprintf(`"pk":{"S":"p%d"},"sk":{"N":"%d"}`, n%2, n)
		}
		b.keys[table] = append(b.keys[table], "{"+key+"}")
		switch r.IntN(4) {
		case 0: // it is read alone
		case 1:
			b.writings = append(b.writings, writing{table, "DeleteItem", "{" + key + "}"})
		default:
			it := fmt.Sprintf(`{%s,"a":{"S":"a%d"},"t":{"S":"%s"}}`, key, r.IntN(3), strings.Repeat("t", r.IntN(3000)))
			b.writings = append(b.writings, writing{table, "PutItem", it})
		}
	}
	if len(b.writings) == 0 {
		b.writings = append(b.writings, writing{"other", "DeleteItem", idKey(99)})
	}
	return b
}

func (b someBatch) writes() string {
	requests := map[string][]string{}
	for _, w := range b.writings {
		request := `{"DeleteRequest":{"Key":` + w.body + `}}`
		if w.operation == "PutItem" {
			request = `{"PutRequest":{"Item":` + w.body + `}}`
		}
		requests[w.table] = append(requests[w.table], request)
	}
	var tables []string
	for table, of := range requests {
		tables = append(tables, `"`+table+`":[`+strings.Join(of, ",")+`]`)
	}
	return `{"RequestItems":{` + strings.Join(tables, ",") + `},"ReturnConsumedCapacity":"TOTAL"}`
}

func (b someBatch) reads() string {
	var tables []string
	for table, keys := range b.keys {
		tables = append(tables, `"`+table+`":{"Keys":[`+strings.Join(keys, ",")+`]}`)
	}
	return `{"RequestItems":{` + strings.Join(tables, ",") + `},"ReturnConsumedCapacity":"INDEXES"}`
}

// singleAnswer is the answer to an operation on one item.
type singleAnswer struct {
	Item             json.RawMessage
	ConsumedCapacity capacityAnswer
}

func (w *world) writeEach(t *testing.T, b someBatch) (units float64) {
	for _, one := range b.writings {
		member := "Key"
		if one.operation == "PutItem" {
			member = "Item"
		}
		units += w.single(t, one.operation, one.table, member, one.body).ConsumedCapacity.CapacityUnits
	}
	return units
}

func (w *world) getEach(t *testing.T, table string, keys []string) (items []json.RawMessage, units float64) {
	for _, key := range keys {
		a := w.single(t, "GetItem", table, "Key", key)
		if a.Item != nil {
			items = append(items, a.Item)
		}
		units += a.ConsumedCapacity.CapacityUnits
	}
	return items, units
}

func (w *world) single(t *testing.T, operation, table, member, value string) (a singleAnswer) {
	t.Helper()
	answer := w.must(t, operation, fmt.Sprintf(`{"TableName":%q,%q:%s,"ReturnConsumedCapacity":"TOTAL"}`, table, member, value))
	if err := json.Unmarshal(answer, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func sumUnits(list []capacityAnswer) (sum float64) {
	for _, c := range list {
		sum += c.CapacityUnits
	}
	return sum
}

// TestBatchesTogether writes and reads batches that overlap from several
// goroutines, single writes among them. A batch of one update is there as a
// whole, so that its items agree whenever a scan looks.
func TestBatchesTogether(t *testing.T) {
	w := newWorld(t)
	w.must(t, "CreateTable", createIndexed)
	w.must(t, "CreateTable", createPlain)
	const rounds = 150
	var clients sync.WaitGroup
	for seed := range uint64(3) {
		clients.Go(func() {
			r := rand.New(rand.NewPCG(seed, 3))
			for n := range rounds {
				value := fmt.Sprintf(`"n":{"N":"%d"}`, seed*rounds+uint64(n))
				a := w.batch(t, "BatchWriteItem", `{"RequestItems":{"tab":[`+
					each(4, func(i int) string { return fmt.Sprintf(`{"PutRequest":{"Item":{"id":{"S":"i%d"},%s}}}`, i, value) })+
					`],"indexed":[`+fmt.Sprintf(`{"PutRequest":{"Item":{"pk":{"S":"p%d"},"sk":{"N":"1"},"a":{"S":"a"},%s}}}`, r.IntN(3), value)+`]}}`)
				if len(a.UnprocessedItems) != 0 {
					t.Errorf("unprocessed, and no transaction writes: %s", a.UnprocessedItems)
				}
				operation, body := randomWrite(r)
				if answer, status := w.answer(operation, body); status != 200 && !strings.Contains(string(answer), "ConditionalCheckFailed") {
					t.Errorf("%s: %s", body, answer)
				}
			}
		})
	}
	clients.Go(func() {
		for range rounds {
			a := w.read(t, "Scan", `{"TableName":"tab","ProjectionExpression":"n"}`)
			for _, item := range a.Items {
				if string(item) != string(a.Items[0]) {
					t.Errorf("a part of a batch: %s", a.Items)
				}
			}
			w.batch(t, "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[`+each(40, idKey)+`]}}}`)
		}
	})
	clients.Wait()
	w.checkStore(t, "indexed")
	w.checkNothingBusy(t)
}

// TestBatchCost holds what batches cost, as TestCost does.
func TestBatchCost(t *testing.T) {
	w := newBatchWorld(t, memoryEngine(t))
	w.must(t, "CreateTable", createIndexed)
	item := func(i int) string {
		return fmt.Sprintf(`{"PutRequest":{"Item":{"id":{"S":"i%d"},"n":{"N":"@"},"t":{"S":"some text that is a little longer"}}}}`, i)
	}
	indexed := func(i int) string {
		return fmt.Sprintf(`{"PutRequest":{"Item":{"pk":{"S":"p"},"sk":{"N":"%d"},"a":{"S":"a"},"c":{"N":"@"}}}}`, i)
	}
	for _, c := range []struct {
		name, operation, body string
		gets, commits         int64
		allocs                float64
	}{
		{"write 1", "BatchWriteItem", `{"RequestItems":{"tab":[` + each(1, item) + `]}}`, 0, 1, 22},
		{"write 25", "BatchWriteItem", `{"RequestItems":{"tab":[` + each(25, item) + `]}}`, 0, 1, 104},
		{"write 25 in two tables", "BatchWriteItem", `{"RequestItems":{"tab":[` + each(12, item) + `],"other":[` + each(13, item) + `]}}`, 0, 1, 109},
		{"write 10 with three indexes", "BatchWriteItem", `{"RequestItems":{"indexed":[` + each(10, indexed) + `]}}`, 11, 1, 413},
		{"delete 25 that are not there", "BatchWriteItem", `{"RequestItems":{"tab":[` + each(25, func(i int) string { return deleteID(1000 + i) }) + `]}}`, 0, 0, 80},
		{"read 1", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[` + each(1, idKey) + `]}}}`, 1, 0, 12},
		{"read 10", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[` + each(10, idKey) + `]}}}`, 10, 0, 17},
		{"read 10 with a projection", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[` + each(10, idKey) + `],"ProjectionExpression":"n"}}}`, 10, 0, 20},
		{"read 25", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[` + each(25, idKey) + `]}}}`, 25, 0, 18},
		{"read 100", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[` + each(100, idKey) + `]}}}`, 100, 0, 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			cost, allocs := w.measure(t, c.operation, c.body)
			if cost.Gets != c.gets || cost.Commits != c.commits || cost.Scans != 0 {
				t.Errorf("%d engine reads, %d scans and %d commits, want %d, 0 and %d", cost.Gets, cost.Scans, cost.Commits, c.gets, c.commits)
			}
			if allocs != c.allocs && !raceDetector {
				t.Errorf("%v allocations, want %v", allocs, c.allocs)
			}
		})
	}
}
