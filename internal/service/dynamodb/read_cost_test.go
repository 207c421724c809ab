package dynamodb

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/gramme-db/gramme/internal/wire"
)

const createSorted = `{"TableName":"sorted","BillingMode":"PAY_PER_REQUEST",
 "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"},{"AttributeName":"l","AttributeType":"N"}],
 "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
 "LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"l","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}]}`

// sortedItem returns item n of a partition of the table sorted.
func sortedItem(partition string, n int) string {
	return fmt.Sprintf(`{"pk":{"S":"%s"},"sk":{"N":"%d"},"l":{"N":"%d"},"t":{"S":"some text that is a little longer"},"m":{"M":{"a":{"N":"%d"},"b":{"L":[{"S":"x"},{"S":"y"}]}}}}`, partition, n, -n, n)
}

// TestReadCost holds what a page costs: one scan that touches the entries it
// evaluates and no other, and allocations that do not grow with the page. A figure
// that falls is to be lowered here; one that rises needs a reason.
func TestReadCost(t *testing.T) {
	w := newWorld(t)
	w.must(t, "CreateTable", createSorted)
	for i := range 1000 {
		w.put(t, "sorted", []string{sortedItem("p", i)})
	}
	w.put(t, "sorted", []string{sortedItem("o", 1), sortedItem("q", 1)})
	query := func(rest string) string {
		return `{"TableName":"sorted","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}` + rest + `}`
	}
	from := func(n int) string {
		return fmt.Sprintf(`{"TableName":"sorted","KeyConditionExpression":"pk = :p AND sk >= :n","ExpressionAttributeValues":{":p":{"S":"p"},":n":{"N":"%d"}}}`, n)
	}
	for _, c := range []struct {
		name, operation, body string
		entries, gets         int64
		allocs                float64
	}{
		{"Query of one item", "Query", from(999), 1, 0, 11},
		{"Query of 10 items", "Query", from(990), 10, 0, 11},
		{"Query of 100 items", "Query", from(900), 100, 0, 11},
		{"Query of 1000 items", "Query", from(0), 1000, 0, 11},
		{"Query with Limit", "Query", query(`,"Limit":100`), 100, 0, 13},
		{"Query backwards", "Query", query(`,"Limit":100,"ScanIndexForward":false`), 100, 0, 14},
		{"Query of nothing", "Query", strings.Replace(query(""), `"S":"p"`, `"S":"none"`, 1), 0, 0, 10},
		{"Query, counting", "Query", query(`,"Select":"COUNT"`), 1000, 0, 10},
		{"Query with a projection", "Query", query(`,"ProjectionExpression":"sk, m.b[1]"`), 1000, 0, 17},
		{"Query with a filter", "Query", query(`,"FilterExpression":"m.a = m.b"`), 1000, 0, 13},
		{"Query on a local index", "Query", query(`,"IndexName":"local","Limit":100`), 100, 0, 14},
		{"Query on a local index that fetches", "Query", query(`,"IndexName":"local","Select":"ALL_ATTRIBUTES","Limit":100`), 100, 100, 34},
		{"Scan", "Scan", `{"TableName":"sorted"}`, 1002, 0, 6},
		{"Scan with Limit", "Scan", `{"TableName":"sorted","Limit":100}`, 100, 0, 9},
		{"Scan of a segment", "Scan", `{"TableName":"sorted","Segment":999,"TotalSegments":1000}`, 0, 0, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			cost, allocs := w.measure(t, c.operation, c.body)
			if cost.Scans != 1 || cost.ScannedEntries != c.entries || cost.Gets != c.gets || cost.Commits != 0 {
				t.Errorf("%d scans of %d entries, %d engine reads and %d commits, want 1 of %d, %d and 0",
					cost.Scans, cost.ScannedEntries, cost.Gets, cost.Commits, c.entries, c.gets)
			}
			if allocs != c.allocs && !raceDetector {
				t.Errorf("%v allocations, want %v", allocs, c.allocs)
			}
		})
	}
}

// TestPageIsItsAnswer holds that a page lies in its answer and nowhere else: its bytes
// are copied once, from the engine's memory into the answer, so what is allocated
// beside the answer is the same for a page of any size. An item that a projection
// makes, or that an index fetches, has a room for one.
func TestPageIsItsAnswer(t *testing.T) {
	if raceDetector {
		t.Skip("allocations differ under the race detector")
	}
	w := newWorld(t)
	w.must(t, "CreateTable", createSorted)
	for i := range 1000 {
		w.put(t, "sorted", []string{sortedItem("p", i)})
	}
	const (
		query    = `{"TableName":"sorted","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}},"Limit":`
		bytesMax = 4 << 10
	)
	for _, c := range []struct{ name, operation, body string }{
		{"Query", "Query", query + `@}`},
		{"Query with a projection", "Query", query + `@,"ProjectionExpression":"t, m.b[1]"}`},
		{"Query with a filter", "Query", query + `@,"FilterExpression":"m.a <> t"}`},
		{"Query that fetches", "Query", query + `@,"IndexName":"local","Select":"ALL_ATTRIBUTES"}`},
		{"Scan", "Scan", `{"TableName":"sorted","Limit":@}`},
		{"SELECT", "ExecuteStatement", `{"Statement":"SELECT * FROM sorted WHERE pk = 'p'","Limit":@}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			few := w.allocatedBytes(t, c.operation, strings.ReplaceAll(c.body, "@", "10"))
			many := w.allocatedBytes(t, c.operation, strings.ReplaceAll(c.body, "@", "1000"))
			if few > bytesMax || many > bytesMax {
				t.Errorf("a page of 10 items allocates %d bytes, one of 1000 %d, want at most %d", few, many, bytesMax)
			}
		})
	}
}

// allocatedBytes returns what a call allocates beside its answer: the least of
// many calls, as now and then others allocate too.
func (w *world) allocatedBytes(t *testing.T, operation, body string) uint64 {
	t.Helper()
	op := w.service.Operations().Table()[operation]
	caller := w.caller
	ctx := wire.WithCaller(context.Background(), &caller)
	request, dst := []byte(body), make([]byte, 0, 2*pageBytesMax)
	least := uint64(math.MaxUint64)
	var before, after runtime.MemStats
	for range 20 {
		runtime.ReadMemStats(&before)
		_, err := op.Call(ctx, request, dst)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

// TestLastPageCostsWhatTheFirstDoes goes through a partition page by page: each
// touches its own entries and no others, however many stand before it.
func TestLastPageCostsWhatTheFirstDoes(t *testing.T) {
	w := newWorld(t)
	w.must(t, "CreateTable", createSorted)
	const items, limit = 500, 20
	for i := range items {
		w.put(t, "sorted", []string{sortedItem("p", i)})
	}
	for _, c := range []struct{ operation, body string }{
		{"Query", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}`},
		{"Query", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}},"ScanIndexForward":false`},
		{"Query", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}},"IndexName":"local"`},
		{"Scan", `"Segment":0,"TotalSegments":1`},
	} {
		start, seen := "", 0
		for page := 0; ; page++ {
			before := w.store.Counts()
			a := w.read(t, c.operation, fmt.Sprintf(`{"TableName":"sorted","Limit":%d,%s%s}`, limit, c.body, start))
			cost := w.store.Counts().Sub(before)
			if want := int64(len(a.Items)); cost.Scans != 1 || cost.ScannedEntries != want || cost.Gets != 0 {
				t.Fatalf("page %d: %d scans of %d entries and %d reads for %d items", page, cost.Scans, cost.ScannedEntries, cost.Gets, want)
			}
			seen += len(a.Items)
			if a.LastEvaluatedKey == nil {
				break
			}
			start = `,"ExclusiveStartKey":` + string(a.LastEvaluatedKey)
		}
		if seen != items {
			t.Errorf("%s %s: %d items, want %d", c.operation, c.body, seen, items)
		}
	}
}
