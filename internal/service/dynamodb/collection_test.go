package dynamodb

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// collectionSize returns the size of partition p of the table indexed.
func (w *world) collectionSize(t *testing.T) int64 {
	t.Helper()
	tbl, err := w.service.catalog.find(context.Background(), tableRef{w.caller.Account, w.caller.Region, "indexed"})
	if err != nil {
		t.Fatal(err)
	}
	size, err := w.service.collectionBytes(context.Background(), layout.AppendCollectionKey(nil, tbl.ID, item.String("p")))
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// TestCollectionLimit goes to the limit of a collection by each way to write,
// and beyond. A collection that is too large may shrink.
func TestCollectionLimit(t *testing.T) {
	ways := map[string]func(put string) request{
		"PutItem": func(put string) request { return request{"PutItem", `{"TableName":"indexed",` + put + `}`} },
		"BatchWriteItem": func(put string) request {
			return request{"BatchWriteItem", `{"RequestItems":{"indexed":[{"PutRequest":{` + put + `}}]}}`}
		},
		"TransactWriteItems": func(put string) request {
			return request{"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"indexed",` + put + `}}]}`}
		},
		"TransactWriteItems with a check": func(put string) request { // which takes nothing away
			return request{"TransactWriteItems", `{"TransactItems":[
				{"ConditionCheck":{"TableName":"indexed","Key":{"pk":{"S":"p"},"sk":{"N":"2"}},"ConditionExpression":"attribute_exists(pk)"}},
				{"Put":{"TableName":"indexed",` + put + `}}]}`}
		},
	}
	put := func(bytes int) string {
		return fmt.Sprintf(`"Item":{"pk":{"S":"p"},"sk":{"N":"1"},"a":{"S":"a"},"c":{"S":"%s"}}`, strings.Repeat("x", bytes))
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.mustDo(t, request{"CreateTable", createIndexed})
			w.mustDo(t, request{"PutItem", `{"TableName":"indexed","Item":{"pk":{"S":"p"},"sk":{"N":"2"},"t":{"S":"` + strings.Repeat("x", 1000) + `"}}}`})
			w.mustDo(t, way(put(100)))
			atLimit := w.collectionSize(t)
			w.service.collectionBytesMax = atLimit
			w.refuses(t, way(put(101)), "Collection size exceeded.")
			w.mustDo(t, way(put(100)))
			w.service.collectionBytesMax = atLimit + 2 // a byte more of c is one in the local index, too
			w.mustDo(t, way(put(101)))
			w.service.collectionBytesMax = 10
			w.mustDo(t, way(put(101)))
			w.mustDo(t, way(put(50)))
			w.refuses(t, way(put(51)), "Collection size exceeded.")
			w.checkStore(t, "indexed")
		})
	}
}

// TestCollectionGrowsTogether: what counts is what all writes make of a
// collection, and to blame are those that make it grow.
func TestCollectionGrowsTogether(t *testing.T) {
	w := newWorld(t)
	w.mustDo(t, request{"CreateTable", createIndexed})
	put := func(sort, bytes int) string {
		return fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"N":"%d"},"t":{"S":"%s"}}`, sort, strings.Repeat("x", bytes))
	}
	batch := func(sizes ...int) request {
		return request{"BatchWriteItem", `{"RequestItems":{"indexed":[` + each(len(sizes), func(i int) string { return `{"PutRequest":{"Item":` + put(i, sizes[i]) + `}}` }) + `]}}`}
	}
	transaction := func(sizes ...int) request {
		return request{"TransactWriteItems", `{"TransactItems":[` + each(len(sizes), func(i int) string { return `{"Put":{"TableName":"indexed","Item":` + put(i, sizes[i]) + `}}` }) + `]}`}
	}
	w.mustDo(t, batch(100, 100, 100))
	w.service.collectionBytesMax = 10
	w.refuses(t, batch(110, 100, 91), "Collection size exceeded.")
	w.refuses(t, transaction(110, 100, 91), "[ItemCollectionSizeLimitExceeded, None, None]")
	w.mustDo(t, batch(110, 100, 90))
	w.mustDo(t, transaction(100, 100, 100))
	w.mustDo(t, transaction(110, 89, 100))
	w.checkStore(t, "indexed")
}

// refuses makes a request that is refused with a text.
func (w *world) refuses(t *testing.T, r request, text string) {
	t.Helper()
	if answer, status := w.answer(r.operation, r.body); status == 200 || !strings.Contains(string(answer), text) {
		t.Errorf("%s %.200s: %d %s, want %s", r.operation, r.body, status, answer, text)
	}
}
