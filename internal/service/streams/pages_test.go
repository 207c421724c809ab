package streams

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	api "github.com/gramme-db/gramme/internal/api/dynamodbstreams"
	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/journal"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/kv/memory"
	"github.com/gramme-db/gramme/internal/wire"
)

// stage is a service over a store whose journal the test writes itself.
type stage struct {
	service *Service
	store   *kv.Store
	stream  layout.Stream
	ctx     context.Context
}

func newStage(t testing.TB) *stage {
	t.Helper()
	engine, err := memory.Open(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g := &stage{store: kv.Open(engine)}
	t.Cleanup(func() {
		if err := g.store.Close(); err != nil {
			t.Error(err)
		}
	})
	now := time.UnixMilli(1_795_442_400_000)
	env := base.Env{Now: func() time.Time { return now }, Rand: func() uint64 { return 7 }}
	g.service, err = Open(context.Background(), Options{Store: g.store, Journal: journal.New(g.store), Env: env})
	if err != nil {
		t.Fatal(err)
	}
	caller := &wire.Caller{Account: "000000000000", Region: "us-east-1", Operation: "Test"}
	g.ctx = wire.WithCaller(context.Background(), caller)
	g.stream = layout.Stream{
		Account: caller.Account, Region: caller.Region, Table: "Music", Label: "2026-11-23T14:00:00.000",
		TableID: 5, View: api.StreamViewTypeNewAndOldImages, Keys: []layout.StreamKey{{Name: "pk", Role: "HASH"}}, First: 1,
	}
	g.update(t, func(tx *kv.Tx) error {
		s := g.stream
		return tx.Set(layout.AppendStreamKey(nil, s.Account, s.Region, s.Table, s.Label), layout.AppendStream(nil, s))
	})
	return g
}

func (g *stage) update(t testing.TB, fn func(tx *kv.Tx) error) {
	t.Helper()
	if err := g.store.Update(context.Background(), nil, fn); err != nil {
		t.Fatal(err)
	}
}

// shards puts the children of a shard, all open; 0 is no parent.
func (g *stage) shards(t testing.TB, parent uint32, numbers ...uint32) {
	t.Helper()
	g.update(t, func(tx *kv.Tx) error {
		for _, number := range numbers {
			s := layout.Shard{Parent: parent, LastHash: ^uint32(0), Start: uint64(tx.Stamp()), CreatedAt: int64(number)}
			if err := tx.Set(layout.AppendShardKey(nil, g.stream.TableID, number), layout.AppendShard(nil, s)); err != nil {
				return err
			}
		}
		return nil
	})
}

// change puts a record into shard 1.
func (g *stage) change(t testing.TB, c layout.Change) {
	t.Helper()
	g.update(t, func(tx *kv.Tx) error {
		key := layout.ChangeKey{Table: g.stream.TableID, Shard: 1, Position: layout.Position{Stamp: uint64(tx.Stamp())}}
		return tx.Set(layout.AppendChangeKey(nil, key), layout.AppendChange(nil, c))
	})
}

func image(pk, text string) item.Item {
	var b item.Builder
	b.BeginMap()
	b.Field("pk", item.String(pk))
	b.Field("text", item.String(text))
	b.EndMap()
	return b.Item()
}

func (g *stage) begin(t testing.TB) string {
	t.Helper()
	out, err := g.service.GetShardIterator(g.ctx, &api.GetShardIteratorInput{
		StreamArn: wire.Some(testARN), ShardId: wire.Some(shardID(1, 1)), ShardIteratorType: wire.Some(api.ShardIteratorTypeTrimHorizon),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.ShardIterator.Value
}

// pages reads shard 1 and returns how many records each page has.
func (g *stage) pages(t testing.TB, limit wire.Opt[int64]) (sizes []int, seen []string) {
	t.Helper()
	next := g.begin(t)
	for {
		out, err := g.service.GetRecords(g.ctx, &api.GetRecordsInput{ShardIterator: wire.Some(next), Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(out.Records))
		if len(out.Records) == 0 {
			return sizes, seen
		}
		for _, r := range out.Records {
			pk, _ := r.Dynamodb.Keys.Get("pk")
			seen = append(seen, pk.String())
		}
		next = out.NextShardIterator.Value
	}
}

func TestPagesOfRecords(t *testing.T) {
	g := newStage(t)
	g.shards(t, 0, 1)
	var want []string
	put := func(n, bytes int) {
		for range n {
			pk := fmt.Sprint(len(want))
			want = append(want, `"`+pk+`"`)
			g.change(t, layout.Change{Time: 1, New: image(pk, strings.Repeat("x", bytes))})
		}
	}
	put(1500, 10)
	put(3, 400<<10)
	for _, c := range []struct {
		limit wire.Opt[int64]
		want  string
	}{
		{wire.Opt[int64]{}, "[1000 502 1 0]"}, // two great ones and 500 small ones are less than 1 MB
		{wire.Some(int64(1000)), "[1000 502 1 0]"},
		{wire.Some(int64(700)), "[700 700 102 1 0]"},
	} {
		sizes, seen := g.pages(t, c.limit)
		if fmt.Sprint(sizes) != c.want {
			t.Errorf("limit %v: pages of %v, want %s", c.limit, sizes, c.want)
		}
		if fmt.Sprint(seen) != fmt.Sprint(want) {
			t.Errorf("limit %v: %d records, or in another order", c.limit, len(seen))
		}
	}
}

// TestGreatestRecord reads a record that is larger than a page.
func TestGreatestRecord(t *testing.T) {
	g := newStage(t)
	g.shards(t, 0, 1)
	great := strings.Repeat("x", 600<<10)
	for range 2 {
		g.change(t, layout.Change{Time: 1, Old: image("a", great), New: image("a", great+"y")})
	}
	if sizes, _ := g.pages(t, wire.Opt[int64]{}); fmt.Sprint(sizes) != "[1 1 0]" {
		t.Errorf("pages of %v, want one record each", sizes)
	}
}

func TestPagesOfShards(t *testing.T) {
	g := newStage(t)
	g.shards(t, 0, 1)
	for n := uint32(2); n < 250; n += 2 {
		g.shards(t, n/2, n, n+1) // a tree: each has two children
	}
	g.shards(t, 125, 250)
	in := &api.DescribeStreamInput{StreamArn: wire.Some(testARN)}
	var sizes []int
	seen := map[string]bool{"": true}
	for {
		out, err := g.service.DescribeStream(g.ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		d := out.StreamDescription
		sizes = append(sizes, len(d.Shards))
		for _, s := range d.Shards {
			if seen[s.ShardId.Value] || s.ParentShardId.Set && !strings.HasSuffix(s.ParentShardId.Value, fmt.Sprintf("-%08x", (len(seen))/2)) {
				t.Fatalf("%s comes twice, or has the parent %s", s.ShardId.Value, s.ParentShardId.Value)
			}
			seen[s.ShardId.Value] = true
		}
		if !d.LastEvaluatedShardId.Set {
			break
		}
		in.ExclusiveStartShardId = d.LastEvaluatedShardId
	}
	if fmt.Sprint(sizes) != "[100 100 50]" {
		t.Errorf("pages of %v, want 100, 100 and 50", sizes)
	}
	before := g.store.Counts()
	children, err := g.service.DescribeStream(g.ctx, &api.DescribeStreamInput{
		StreamArn: wire.Some(testARN), ShardFilter: &api.ShardFilter{Type: wire.Some("CHILD_SHARDS"), ShardId: wire.Some(shardID(100, 100))},
	})
	if err != nil {
		t.Fatal(err)
	}
	if cost := g.store.Counts().Sub(before); cost.ScannedEntries > 103 {
		t.Errorf("to find two children it looked at %d shards", cost.ScannedEntries)
	}
	got := children.StreamDescription.Shards
	if len(got) != 2 || got[0].ShardId.Value != shardID(200, 200) || got[1].ShardId.Value != shardID(201, 201) {
		t.Errorf("%d children", len(got))
	}
}

// TestActors tells who has changed an item.
func TestActors(t *testing.T) {
	g := newStage(t)
	g.shards(t, 0, 1)
	g.change(t, layout.Change{Time: 1, Old: image("a", "")})
	g.change(t, layout.Change{Time: 1, Old: image("b", ""), Actor: layout.ActorTTL})
	out, err := g.service.GetRecords(g.ctx, &api.GetRecordsInput{ShardIterator: wire.Some(g.begin(t))})
	if err != nil {
		t.Fatal(err)
	}
	text := string(out.AppendJSON(nil))
	if n := strings.Count(text, "userIdentity"); n != 1 {
		t.Errorf("%d of the records have a userIdentity, want that of the TTL delete alone", n)
	}
	const want = `"dynamodb":{"ApproximateCreationDateTime":0.0,"Keys":{"pk":{"S":"b"}},"OldImage":{"pk":{"S":"b"},"text":{"S":""}},` +
		`"SequenceNumber":"300000000000000000000","SizeBytes":10,"StreamViewType":"NEW_AND_OLD_IMAGES"},` +
		`"userIdentity":{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"}}`
	if !strings.Contains(text, want) {
		t.Errorf("%s\nlacks %s", text, want)
	}
}

// TestCost holds what the operations cost the engine, and what a page of 100
// records costs in allocations.
func TestCost(t *testing.T) {
	g := newStage(t)
	g.shards(t, 0, 1)
	for n := range 100 {
		g.change(t, layout.Change{Time: 1, Old: image(fmt.Sprint(n), "old"), New: image(fmt.Sprint(n), "new")})
	}
	iterator := g.begin(t)
	operations := g.service.Operations().Table()
	for _, c := range []struct {
		operation, body string
		gets, scans     int64
		allocations     float64
	}{
		{"ListStreams", `{}`, 0, 1, 45},
		{"DescribeStream", `{"StreamArn":"` + testARN + `"}`, 1, 1, 62},
		{"GetShardIterator", `{"StreamArn":"` + testARN + `","ShardId":"` + shardID(1, 1) + `","ShardIteratorType":"LATEST"}`, 3, 0, 60},
		{"GetRecords", `{"ShardIterator":"` + iterator + `"}`, 3, 1, 294},
	} {
		dst := make([]byte, 0, 1<<20)
		call := func() {
			if _, err := operations[c.operation].Call(g.ctx, []byte(c.body), dst); err != nil {
				t.Fatal(err)
			}
		}
		before := g.store.Counts()
		call()
		cost := g.store.Counts().Sub(before)
		if cost.Gets != c.gets || cost.Scans != c.scans || cost.Updates != 0 {
			t.Errorf("%s: %d gets, %d scans, %d updates, want %d, %d and 0", c.operation, cost.Gets, cost.Scans, cost.Updates, c.gets, c.scans)
		}
		if allocations := testing.AllocsPerRun(100, call); allocations != c.allocations && !raceDetector {
			t.Errorf("%s: %v allocations, want %v", c.operation, allocations, c.allocations)
		}
	}
}

// BenchmarkGetRecords reads a page of 1,000 records with both images.
func BenchmarkGetRecords(b *testing.B) {
	g := newStage(b)
	g.shards(b, 0, 1)
	text := strings.Repeat("x", 200)
	for n := range recordsMax {
		g.change(b, layout.Change{Time: 1, Old: image(fmt.Sprint(n), text), New: image(fmt.Sprint(n), text+"y")})
	}
	body := []byte(`{"ShardIterator":"` + g.begin(b) + `"}`)
	call := g.service.Operations().Table()["GetRecords"].Call
	dst := make([]byte, 0, 4<<20)
	b.ReportAllocs()
	for b.Loop() {
		answer, err := call(g.ctx, body, dst)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(answer)))
	}
}
