package dynamodb

import (
	"fmt"
	"strings"
	"testing"
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
// evaluates and no other, and allocations that do not grow with the page but for
// the logarithm of it. A figure that falls is to be lowered here; one that rises
// needs a reason.
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
		{"Query of one item", "Query", from(999), 1, 0, 40},
		{"Query of 10 items", "Query", from(990), 10, 0, 40},
		{"Query of 100 items", "Query", from(900), 100, 0, 49},
		{"Query of 1000 items", "Query", from(0), 1000, 0, 63},
		{"Query with Limit", "Query", query(`,"Limit":100`), 100, 0, 50},
		{"Query backwards", "Query", query(`,"Limit":100,"ScanIndexForward":false`), 100, 0, 51},
		{"Query of nothing", "Query", strings.Replace(query(""), `"S":"p"`, `"S":"none"`, 1), 0, 0, 37},
		{"Query, counting", "Query", query(`,"Select":"COUNT"`), 1000, 0, 36},
		{"Query with a projection", "Query", query(`,"ProjectionExpression":"sk, m.b[1]"`), 1000, 0, 60},
		{"Query with a filter", "Query", query(`,"FilterExpression":"m.a = m.b"`), 1000, 0, 40},
		{"Query on a local index", "Query", query(`,"IndexName":"local","Limit":100`), 100, 0, 46},
		{"Query on a local index that fetches", "Query", query(`,"IndexName":"local","Select":"ALL_ATTRIBUTES","Limit":100`), 100, 100, 55},
		{"Scan", "Scan", `{"TableName":"sorted"}`, 1002, 0, 54},
		{"Scan with Limit", "Scan", `{"TableName":"sorted","Limit":100}`, 100, 0, 43},
		{"Scan of a segment", "Scan", `{"TableName":"sorted","Segment":999,"TotalSegments":1000}`, 0, 0, 31},
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
