package check_test

import (
	"context"
	"strings"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// TestItemWithoutItsKey damages an item so that it is whole but has lost its
// key. It is reported, and neither it nor its index entries are touched.
func TestItemWithoutItsKey(t *testing.T) {
	w := newWorld(t)
	w.call("CreateTable", createIndexed)
	w.call("PutItem", `{"TableName":"Tab","Item":{"pk":{"S":"p"},"sk":{"N":"1"},"a":{"S":"x"},"b":{"N":"1"}}}`)
	d := awsjson.NewDecoder([]byte(`{"sk":{"N":"1"},"a":{"S":"x"},"b":{"N":"1"}}`))
	damaged := item.DecodeAttributes(&d).Item
	key := firstItemKey(t, w.store)
	w.update(t, func(tx *kv.Tx) error {
		return tx.Set(key, layout.AppendRecord(nil, damaged, damaged.Size()))
	})
	before := w.check(t, false)
	if !strings.Contains(before, "Missing the key pk in the item") {
		t.Fatalf("findings: %s", before)
	}
	w.check(t, true)
	if after := w.check(t, false); after != before {
		t.Errorf("a repair has changed the findings from\n%s to\n%s", before, after)
	}
}

func firstItemKey(t *testing.T, store *kv.Store) []byte {
	t.Helper()
	snap, err := store.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	start, end := layout.ItemRange(1)
	it := snap.Scan(start, end, false)
	defer it.Close()
	if !it.Next() {
		t.Fatal("there is no item")
	}
	return append([]byte(nil), it.Key()...)
}
