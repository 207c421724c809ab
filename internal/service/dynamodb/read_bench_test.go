package dynamodb

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/wire"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// BenchmarkPage reads the first and the last page of a partition, and of a whole
// table, that is small or large: they cost the same. GRAMME_BENCH_LARGE adds a
// table of ten million items, which takes some gigabytes.
func BenchmarkPage(b *testing.B) {
	sizes := []int{100_000, 1_000_000}
	if os.Getenv("GRAMME_BENCH_LARGE") != "" {
		sizes = append(sizes, 10_000_000)
	}
	for _, size := range sizes {
		w := newWorld(b)
		w.must(b, "CreateTable", createSorted)
		w.load(b, "sorted", size)
		const query = `{"TableName":"sorted","Limit":100,"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}`
		last := fmt.Sprintf(`,"ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"N":"%d"}}}`, size-101)
		for _, c := range []struct{ name, operation, body string }{
			{"Query/first", "Query", query + `}`},
			{"Query/last", "Query", query + last},
			{"Query/backwards", "Query", query + `,"ScanIndexForward":false}`},
			{"Query/projection", "Query", query + `,"ProjectionExpression":"sk"}`},
			{"Query/filter", "Query", query + `,"FilterExpression":"m.a <> t"}`},
			{"Scan/first", "Scan", `{"TableName":"sorted","Limit":100}`},
			{"Scan/last", "Scan", `{"TableName":"sorted","Limit":100` + last},
		} {
			b.Run(fmt.Sprintf("%s/%d", c.name, size), func(b *testing.B) {
				w.benchmark(b, c.operation, c.body)
			})
		}
	}
}

// BenchmarkIndexPage reads a page of an index, and one whose items are fetched
// from the table.
func BenchmarkIndexPage(b *testing.B) {
	w := newWorld(b)
	w.must(b, "CreateTable", createSorted)
	for i := range 1000 {
		w.put(b, "sorted", []string{sortedItem("p", i)})
	}
	const query = `{"TableName":"sorted","IndexName":"local","Limit":100,"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}`
	b.Run("entries", func(b *testing.B) { w.benchmark(b, "Query", query+`}`) })
	b.Run("items", func(b *testing.B) { w.benchmark(b, "Query", query+`,"Select":"ALL_ATTRIBUTES"}`) })
}

// BenchmarkItem reads one item by Query.
func BenchmarkItem(b *testing.B) {
	w := newWorld(b)
	w.must(b, "CreateTable", createSorted)
	w.load(b, "sorted", 1000)
	w.benchmark(b, "Query", `{"TableName":"sorted","KeyConditionExpression":"pk = :p AND sk = :n","ExpressionAttributeValues":{":p":{"S":"p"},":n":{"N":"500"}}}`)
}

// load puts items into one partition of a table without a request for each, and
// without its indexes.
func (w *world) load(b *testing.B, name string, size int) {
	b.Helper()
	ctx := wire.WithCaller(context.Background(), &w.caller)
	t, err := w.service.table(ctx, name)
	if err != nil {
		b.Fatal(err)
	}
	const batch = 1000
	for from := 0; from < size; from += batch {
		err := w.store.Update(ctx, nil, func(tx *kv.Tx) error {
			for n := from; n < from+batch; n++ {
				d := awsjson.NewDecoder([]byte(sortedItem("p", n)))
				it := item.DecodeAttributes(&d).Item
				key, refusal := t.KeyIn(it)
				if refusal != nil {
					return refusal
				}
				record := layout.AppendRecord(nil, it, it.Size())
				if err := tx.Set(layout.AppendItemKey(nil, t.ID, key.Partition, key.Sort), record); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// benchmark calls an operation over and over, from the request's body to the
// answer's.
func (w *world) benchmark(b *testing.B, operation, body string) {
	op := w.service.Operations().Table()[operation]
	caller := w.caller
	ctx := wire.WithCaller(context.Background(), &caller)
	request, dst := []byte(body), make([]byte, 0, 1<<20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := op.Call(ctx, request, dst); err != nil {
			b.Fatal(err)
		}
	}
}
