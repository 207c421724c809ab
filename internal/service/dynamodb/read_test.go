package dynamodb

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// must calls an operation that succeeds.
func (w *world) must(t testing.TB, operation, body string) []byte {
	t.Helper()
	answer, status := w.answer(operation, body)
	if status != 200 {
		t.Fatalf("%s %s: %s", operation, body, answer)
	}
	return answer
}

// readAnswer is the answer of Query and Scan.
type readAnswer struct {
	Items            []json.RawMessage
	Count            int
	ScannedCount     int
	LastEvaluatedKey json.RawMessage
	ConsumedCapacity struct {
		CapacityUnits float64
		Table         struct{ CapacityUnits float64 }
	}
}

func (w *world) read(t testing.TB, operation, body string) (a readAnswer) {
	t.Helper()
	if err := json.Unmarshal(w.must(t, operation, body), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

const createBulk = `{"TableName":"bulk","BillingMode":"PAY_PER_REQUEST",
 "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"},{"AttributeName":"l","AttributeType":"S"}],
 "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
 "LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"l","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}]}`

// newBulk returns a world with the table bulk and room for large collections in
// it.
func newBulk(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.service.collectionBytesMax = 1 << 30
	w.must(t, "CreateTable", createBulk)
	return w
}

// TestPageBytes shows where a page ends: behind the item that makes it 1 MB, of
// what is evaluated and not of what is returned. An item of these is 64 KB, so
// that the 16th makes the page exactly that; a byte less in one of them lets one
// more in.
func TestPageBytes(t *testing.T) {
	for _, c := range []struct {
		name    string
		missing int // bytes that the first item is short of 64 KB
		rest    string
		scanned int
		items   int
	}{
		{"at the boundary", 0, ``, 16, 16},
		{"a byte below", 1, ``, 17, 17},
		{"backwards", 1, `,"ScanIndexForward":false`, 16, 16},
		{"with a projection", 0, `,"ProjectionExpression":"sk"`, 16, 16},
		{"with a filter", 0, `,"FilterExpression":"attribute_not_exists(v)"`, 16, 0},
		{"with Limit", 0, `,"Limit":15`, 15, 15},
		{"counting", 0, `,"Select":"COUNT"`, 16, 0},
		{"of a local index", 0, `,"IndexName":"local"`, 18, 18},
		{"of a local index that fetches", 0, `,"IndexName":"local","Select":"ALL_ATTRIBUTES"`, 16, 16},
		{"of a local index that fetches, a byte below", 1, `,"IndexName":"local","Select":"ALL_ATTRIBUTES"`, 17, 17},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newBulk(t)
			const attributes = len("pk" + "p" + "sk" + "00" + "l" + "x" + "v")
			for i := range 18 {
				size := 64<<10 - attributes
				if i == 0 {
					size -= c.missing
				}
				w.put(t, "bulk", []string{fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"S":"%02d"},"l":{"S":"x"},"v":{"S":"%s"}}`, i, strings.Repeat("v", size))})
			}
			a := w.read(t, "Query", `{"TableName":"bulk","ReturnConsumedCapacity":"INDEXES","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}`+c.rest+`}`)
			if a.ScannedCount != c.scanned || len(a.Items) != c.items {
				t.Errorf("%d items of %d evaluated, want %d of %d", len(a.Items), a.ScannedCount, c.items, c.scanned)
			}
			if more := c.scanned < 18; more != (a.LastEvaluatedKey != nil) {
				t.Errorf("LastEvaluatedKey is %s", a.LastEvaluatedKey)
			}
		})
	}
}

// TestLargeItems shows that a page has at least one item, and that items that
// are larger than what a page keeps them in come out as they went in.
func TestLargeItems(t *testing.T) {
	w := newBulk(t)
	want := map[string]int{"a": 399 << 10, "b": 10, "c": 300 << 10, "d": 1, "e": 399 << 10, "f": 20}
	for sk, size := range want {
		w.put(t, "bulk", []string{fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"S":"%s"},"v":{"S":"%s"}}`, sk, strings.Repeat(sk, size))})
	}
	start, seen := "", ""
	for range 4 {
		a := w.read(t, "Query", `{"TableName":"bulk","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}`+start+`}`)
		for _, raw := range a.Items {
			var it struct{ Sk, V struct{ S string } }
			if err := json.Unmarshal(raw, &it); err != nil {
				t.Fatal(err)
			}
			seen += it.Sk.S
			if it.V.S != strings.Repeat(it.Sk.S, want[it.Sk.S]) {
				t.Errorf("item %s has %d bytes, or others", it.Sk.S, len(it.V.S))
			}
		}
		if a.LastEvaluatedKey == nil {
			break
		}
		seen += " "
		start = `,"ExclusiveStartKey":` + string(a.LastEvaluatedKey)
	}
	if seen != "abcde f" {
		t.Errorf("pages are %q", seen)
	}
}

// TestFetchedCapacity shows that fetched items are rounded to units one by one
// and entries all together.
func TestFetchedCapacity(t *testing.T) {
	w := newBulk(t)
	for i, size := range []int{10, 5000, 9000} {
		w.put(t, "bulk", []string{fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"S":"%02d"},"l":{"S":"%s"},"v":{"S":"%s"}}`, i, strings.Repeat("l", 1000), strings.Repeat("v", size))})
	}
	for _, c := range []struct {
		rest         string
		total, table float64
	}{
		{``, 0.5, 0},
		{`,"ConsistentRead":true`, 1, 0},
		{`,"Select":"ALL_ATTRIBUTES"`, 0.5 + 0.5 + 1 + 1.5, 0.5 + 1 + 1.5},
		{`,"Select":"ALL_ATTRIBUTES","ConsistentRead":true`, 1 + 1 + 2 + 3, 1 + 2 + 3},
	} {
		a := w.read(t, "Query", `{"TableName":"bulk","IndexName":"local","ReturnConsumedCapacity":"INDEXES","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}`+c.rest+`}`)
		if got := a.ConsumedCapacity; got.CapacityUnits != c.total || got.Table.CapacityUnits != c.table {
			t.Errorf("%s: %v units, of these %v of the table; want %v and %v", c.rest, got.CapacityUnits, got.Table.CapacityUnits, c.total, c.table)
		}
	}
}

// TestLongKeyValues shows that a condition or a start key is not longer than a
// key can be.
func TestLongKeyValues(t *testing.T) {
	w := newBulk(t)
	const (
		hashTooLong = "Size of hashkey has exceeded the maximum size limit of2048 bytes"
		sortTooLong = "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
		badStart    = "The provided starting key is invalid: The provided key element does not match the schema"
	)
	for _, c := range []struct {
		operation, body string // @N is a value of N bytes
		refusal         string
	}{
		{"Query", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"@2048"}}`, ""},
		{"Query", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"@2049"}}`, hashTooLong},
		{"Query", `"KeyConditionExpression":"pk = :p AND sk > :s","ExpressionAttributeValues":{":p":{"S":"p"},":s":{"S":"@1024"}}`, ""},
		{"Query", `"KeyConditionExpression":"pk = :p AND sk > :s","ExpressionAttributeValues":{":p":{"S":"p"},":s":{"S":"@1025"}}`, sortTooLong},
		{"Query", `"KeyConditionExpression":"pk = :p AND sk BETWEEN :s AND :t","ExpressionAttributeValues":{":p":{"S":"p"},":s":{"S":"a"},":t":{"S":"@1025"}}`, sortTooLong},
		{"Query", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}},"ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"S":"@1025"}}`, sortTooLong},
		{"Query", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}},"IndexName":"local","ExclusiveStartKey":{"pk":{"S":"p"},"l":{"S":"l"},"sk":{"S":"@1025"}}`, badStart},
		{"Scan", `"ExclusiveStartKey":{"pk":{"S":"@2049"},"sk":{"S":"s"}}`, hashTooLong},
		{"Scan", `"ExclusiveStartKey":{"pk":{"S":"@2048"},"sk":{"S":"@1024"}}`, ""},
	} {
		body := c.body
		for _, n := range []int{1024, 1025, 2048, 2049} {
			body = strings.ReplaceAll(body, fmt.Sprintf("@%d", n), strings.Repeat("x", n))
		}
		answer, status := w.answer(c.operation, `{"TableName":"bulk",`+body+`}`)
		if c.refusal == "" != (status == 200) || !strings.Contains(string(answer), c.refusal) {
			t.Errorf("%s %s: %d %s", c.operation, c.body, status, answer)
		}
	}
}

// TestUnreadableIndexes shows what reads say of an index that is not complete,
// and of one that is on its way out.
func TestUnreadableIndexes(t *testing.T) {
	for _, c := range []struct {
		state schema.IndexState
		text  string
	}{
		{schema.IndexCreating, "Cannot read from backfilling global secondary index: keys"},
		{schema.IndexBackfilling, "Cannot read from backfilling global secondary index: keys"},
		{schema.IndexDeleting, "The table does not have the specified index: keys"},
	} {
		w := newWorld(t)
		w.must(t, "CreateTable", createIndexed)
		ref := tableRef{w.caller.Account, w.caller.Region, "indexed"}
		err := w.service.catalog.change(context.Background(), ref, func(_ *kv.Tx, before *schema.Table) (*schema.Table, error) {
			after := *before
			after.Indexes = append([]schema.Index(nil), before.Indexes...)
			x, _ := after.Index("keys")
			x.State = c.state
			return &after, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for operation, rest := range map[string]string{
			"Query": `,"KeyConditionExpression":"b = :b","ExpressionAttributeValues":{":b":{"N":"1"}}`,
			"Scan":  ``,
		} {
			answer, status := w.answer(operation, `{"TableName":"indexed","IndexName":"keys","ConsistentRead":true`+rest+`}`)
			if status != 400 || !strings.Contains(string(answer), c.text) {
				t.Errorf("%s while %s: %d %s", operation, c.state, status, answer)
			}
		}
	}
}
