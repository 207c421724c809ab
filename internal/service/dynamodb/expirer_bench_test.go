package dynamodb

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/kv/pebble"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

var expiryItems = flag.Int("expiry-items", 100_000, "how many items the table of BenchmarkExpire has")

// BenchmarkExpire lets a thousandth of a table on disk expire. What it costs
// does not follow the size of the table:
//
//	go test -run '^$' -bench Expire -benchtime 1x -expiry-items 10000000 ./internal/service/dynamodb
func BenchmarkExpire(b *testing.B) {
	engine, err := pebble.Open(pebble.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	w := newExpiringWorld(b, newWorldOn(b, engine))
	const oneIn = 1000
	begin := time.Now()
	w.loadExpiring(b, w.table(b, "tab"), *expiryItems, oneIn)
	b.Logf("loaded %d items in %v", *expiryItems, time.Since(begin))
	expiring := *expiryItems / oneIn
	for b.Loop() {
		w.now = w.now.Add(2 * time.Second)
		before := w.store.Counts()
		begin := time.Now()
		var rest time.Duration
		for again := time.Duration(0); again != ttlInterval; rest += again {
			if again, err = w.service.expirer.round(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		cost, took := w.store.Counts().Sub(before), time.Since(begin)
		b.Logf("%d items gone in %v and %v of rest: %+v", cost.Gets, took, rest-ttlInterval, cost)
		b.ReportMetric(float64(took.Microseconds())/float64(max(expiring, 1)), "µs/expired")
		b.ReportMetric(float64(cost.ScannedEntries), "scanned")
		expiring = 0
	}
	begin = time.Now()
	if _, err := w.service.expirer.round(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Logf("a look that finds nothing takes %v", time.Since(begin))
}

// loadExpiring puts items into a table as writes do, many in one update. One in so many
// expires after a second, the others after hours.
func (w *world) loadExpiring(b *testing.B, t *schema.Table, items, oneIn int) {
	const each = 1000
	for from := 0; from < items; from += each {
		err := w.store.Update(b.Context(), nil, func(tx *kv.Tx) error {
			for i := from; i < min(from+each, items); i++ {
				at := w.now.Unix() + 3600 + int64(i%100_000)
				if i%oneIn == 0 {
					at = w.now.Unix() + 1
				}
				if err := w.putExpiringIn(tx, t, fmt.Sprintf("session-%09d", i*7919%items), at); err != nil {
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

func (w *world) putExpiringIn(tx *kv.Tx, t *schema.Table, id string, at int64) error {
	f := item.NewBuilder(nil)
	f.BeginMap()
	f.Field("id", item.String(id))
	f.Field("ttl", item.Number(item.Int(at)))
	f.Field("user", item.String("somebody who has logged in lately"))
	f.EndMap()
	key := schema.Key{Partition: item.String(id)}
	o := outcome{table: t, key: key, itemKey: layout.AppendItemKey(nil, t.ID, key.Partition, nil), new: schema.ImageOf(f.Item())}
	return o.store(tx, w.service.note(0))
}
