package check_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/check"
)

const createIndexed = `{"TableName":"Tab","BillingMode":"PAY_PER_REQUEST",
 "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"},{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"N"}],
 "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
 "LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"a","KeyType":"RANGE"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["c"]}}],
 "GlobalSecondaryIndexes":[
  {"IndexName":"all","KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}},
  {"IndexName":"keys","KeySchema":[{"AttributeName":"b","KeyType":"HASH"},{"AttributeName":"a","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}]}`

// fill puts items at random; each has each index attribute, or not.
func (w *world) fill(t testing.TB, r *rand.Rand, items int) {
	t.Helper()
	if answer, err := w.call("CreateTable", createIndexed); err != nil {
		t.Fatal(string(answer), err)
	}
	if answer, err := w.call("UpdateTimeToLive", `{"TableName":"Tab","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`); err != nil {
		t.Fatal(string(answer), err)
	}
	for range items {
		attributes := fmt.Sprintf(`"pk":{"S":"p%d"},"sk":{"N":"%d"},"c":{"S":"%d"}`, r.IntN(items/8+1), r.IntN(12), r.IntN(1000))
		if r.IntN(3) > 0 {
			attributes += fmt.Sprintf(`,"a":{"S":"a%d"}`, r.IntN(9))
		}
		if r.IntN(3) > 0 {
			attributes += fmt.Sprintf(`,"b":{"N":"%d"}`, r.IntN(9))
		}
		if r.IntN(3) > 0 { // in hours, the service's clock stands still
			attributes += fmt.Sprintf(`,"ttl":{"N":"%d"}`, noon.Unix()+3600*r.Int64N(9))
		}
		if answer, err := w.call("PutItem", `{"TableName":"Tab","Item":{`+attributes+`}}`); err != nil {
			t.Fatal(string(answer), err)
		}
	}
}

// TestRepairRestoresWhatItemsCallFor damages all that follows from the items,
// at random. A check then finds something, a repair makes the store what it was,
// key by key, and the check after it finds nothing.
func TestRepairRestoresWhatItemsCallFor(t *testing.T) {
	for seed := range uint64(40) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(seed, 0))
		w.fill(t, r, 60)
		if found := w.findings(t, false); len(found) > 0 {
			t.Fatalf("seed %d: before any damage: %s", seed, found)
		}
		before := w.dump(t)
		for range 1 + r.IntN(12) {
			w.damageDerived(t, r, before)
		}
		damaged := strings.Join(w.dump(t), "\n") != strings.Join(before, "\n")
		found := w.findings(t, false)
		if damaged != (len(found) > 0) {
			t.Fatalf("seed %d: the store is damaged: %t; found: %s", seed, damaged, found)
		}
		w.findings(t, true)
		if got, want := strings.Join(w.dump(t), "\n"), strings.Join(before, "\n"); got != want {
			t.Fatalf("seed %d: after the repair\n%s\nwant\n%s", seed, got, want)
		}
		if found := w.findings(t, false); len(found) > 0 {
			t.Fatalf("seed %d: after the repair: %s", seed, found)
		}
	}
}

// damageDerived deletes or changes a key that is derived from items, or makes
// one that is like it.
func (w *world) damageDerived(t *testing.T, r *rand.Rand, dump []string) {
	t.Helper()
	var derived [][]byte
	for _, line := range dump {
		key := unhex(t, strings.Fields(line)[0])
		switch layout.PlaceOf(key).Part {
		case layout.PartEntry, layout.PartExpiry, layout.PartExpiring, layout.PartCounters, layout.PartCollection:
			derived = append(derived, key)
		}
	}
	key := derived[r.IntN(len(derived))]
	if n := len(key) - sectionEnd; n > 0 && r.IntN(2) == 0 {
		key[sectionEnd+r.IntN(n)] ^= 1 << r.IntN(8)
	}
	value := make([]byte, r.IntN(20))
	for i := range value {
		value[i] = byte(r.IntN(256))
	}
	if len(value) > 0 && r.IntN(2) == 0 {
		value[0] = 1 // the version of records and of counters
	}
	remove := r.IntN(3) == 0
	w.update(t, func(tx *kv.Tx) error {
		if err := tx.DeleteRange(key, append(bytes.Clone(key), 0)); err != nil || remove {
			return err
		}
		return tx.Set(key, value)
	})
}

const sectionEnd = 10 // bytes of a key up to the end of its section

func (w *world) findings(t *testing.T, repair bool) (found []string) {
	t.Helper()
	_, err := check.Run(context.Background(), check.Options{
		Store: w.store, Now: time.Now, Repair: repair,
		Found: func(f check.Finding) {
			found = append(found, f.String())
			if f.Mended != repair {
				t.Errorf("mended is %t: %s", f.Mended, f)
			}
		},
		Progress: func(check.Progress) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// dump returns all keys and values of the store in hexadecimal.
func (w *world) dump(t *testing.T) (lines []string) {
	t.Helper()
	snap, err := w.store.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	it := snap.Scan(nil, nil, false)
	defer it.Close()
	for it.Next() {
		lines = append(lines, fmt.Sprintf("%x %x", it.Key(), it.Value()))
	}
	if it.Err() != nil {
		t.Fatal(it.Err())
	}
	return lines
}

// TestProgress turns the clock by a second at each look: every other look is
// reported.
func TestProgress(t *testing.T) {
	w := newWorld(t)
	w.fill(t, rand.New(rand.NewPCG(1, 1)), 1500)
	now := noon
	var seen []check.Progress
	report, err := check.Run(context.Background(), check.Options{
		Store:    w.store,
		Now:      func() time.Time { now = now.Add(time.Second); return now },
		Found:    func(f check.Finding) { t.Error(f) },
		Progress: func(p check.Progress) { seen = append(seen, p) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) < 4 {
		t.Fatalf("%d reports of progress", len(seen))
	}
	var last check.Totals
	for _, p := range seen {
		if p.Table != "000000000000/us-east-1/Tab" || p.Items < last.Items || p.Entries < last.Entries {
			t.Errorf("%+v comes after %+v", p, last)
		}
		last = p.Totals
	}
	if sum := report.Sum(); last.Items == 0 || last.Entries == 0 || last.Entries > sum.Entries {
		t.Errorf("the last report is %+v, the sum is %+v", last, sum)
	}
}

// TestManyMends shows that a repair goes on after a full update.
func TestManyMends(t *testing.T) {
	w := newWorld(t)
	w.fill(t, rand.New(rand.NewPCG(2, 2)), 2500)
	before := w.dump(t)
	tbl := w.table(t, "Tab")
	for i := range tbl.Indexes {
		prefix := layout.AppendIndexPrefix(nil, tbl.ID, tbl.Indexes[i].Number)
		if err := w.store.DeleteRange(context.Background(), prefix, layout.PrefixEnd(prefix)); err != nil {
			t.Fatal(err)
		}
	}
	commits := w.store.Counts().Commits
	found := w.findings(t, true)
	commits = w.store.Counts().Commits - commits
	if got, want := strings.Join(w.dump(t), "\n"), strings.Join(before, "\n"); got != want {
		t.Error("the repair has not brought back what was there")
	}
	if len(found) < 2000 || commits < 2 || commits > int64(len(found)/1000+1) {
		t.Errorf("%d findings were mended in %d commits", len(found), commits)
	}
}

// TestDeepestItem shows that an item as deep and as large as one may be is fine.
func TestDeepestItem(t *testing.T) {
	w := newWorld(t)
	w.fill(t, rand.New(rand.NewPCG(4, 4)), 1)
	const depth = 31 // lists in the attribute; the string in them is at level 32
	deep := strings.Repeat(`{"L":[`, depth) + `{"S":"x"}` + strings.Repeat(`]}`, depth)
	large := strings.Repeat("x", 399<<10)
	body := `{"TableName":"Tab","Item":{"pk":{"S":"deep"},"sk":{"N":"0"},"a":{"S":"a"},"deep":` + deep + `,"large":{"S":"` + large + `"}}}`
	if answer, err := w.call("PutItem", body); err != nil {
		t.Fatal(string(answer), err)
	}
	if found := w.findings(t, false); len(found) > 0 {
		t.Error(found)
	}
}

// TestTooLargeItem shows that an item that is larger than one may be is let be.
func TestTooLargeItem(t *testing.T) {
	w := newWorld(t)
	w.fill(t, rand.New(rand.NewPCG(5, 5)), 1)
	text := `{"pk":{"S":"p"},"sk":{"N":"0"},"large":{"S":"` + strings.Repeat("x", 400<<10) + `"}}`
	tbl := w.table(t, "Tab")
	key := itemKey(t, tbl, text)
	w.update(t, func(tx *kv.Tx) error { return tx.Set(key, layout.AppendRecord(nil, parse(t, text), 1)) })
	before := w.get(t, key)
	found := w.check(t, true)
	const want = `the item at {"pk":{"S":"p"},"sk":{"N":"0"}} has 409611 bytes, 409600 are the most`
	if !strings.Contains(found, want) || !bytes.Equal(w.get(t, key), before) {
		t.Errorf("found\n%s, want\n%s", found, want)
	}
}

// TestCancel shows that a check ends with its context.
func TestCancel(t *testing.T) {
	w := newWorld(t)
	w.fill(t, rand.New(rand.NewPCG(3, 3)), 600)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := check.Run(ctx, check.Options{
		Store: w.store,
		Now: func() time.Time { // the second look is in the middle
			defer cancel()
			return noon
		},
		Found:    func(f check.Finding) { t.Error(f) },
		Progress: func(check.Progress) {},
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the check ended with %v", err)
	}
}
