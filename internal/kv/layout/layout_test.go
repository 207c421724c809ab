package layout

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
)

func number(t *testing.T, text string) item.Value {
	t.Helper()
	d, err := item.ParseDecimal([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return item.Number(d)
}

func noCounters([]byte) string { return "<counters>" }

// TestGolden holds the bytes of every format. They outlive the process: a
// difference here means that stores written before cannot be read, and needs a
// new version and a migration, not a new golden value.
func TestGolden(t *testing.T) {
	order := item.NewBuilder(nil)
	order.BeginMap()
	order.Field("OrderId", item.String("o1"))
	order.Field("Total", number(t, "12.5"))
	order.EndMap()
	it := order.Item()
	indexKey := IndexKey{
		Table: 7, Index: 2,
		Partition: []item.Value{item.String("c1")},
		Sort:      []item.Value{number(t, "-12.5")},
		Base:      []item.Value{item.String("o1")},
	}
	job := Job{
		Table: 7, Index: 2, Descriptor: DescriptorKey{"000000000000", "us-east-1", "Orders"},
		Items: 1000, Entries: 5, Cursor: AppendItemKey(nil, 7, item.String("o1"), nil),
	}
	tokenKey := AppendTokenKey(nil, "000000000000", "us-east-1", TokenWrite, "t1")
	for _, g := range []struct {
		name       string
		key, value []byte
		want       string // hexadecimal key, value
		line       string
	}{
		{
			"descriptor", AppendDescriptorKey(nil, "000000000000", "us-east-1", "Orders"), []byte("\x01{}"),
			"64 303030303030303030303030 75732d656173742d31 00 4f7264657273 | 01 7b7d",
			"descriptor 000000000000/us-east-1/Orders version=1 {}",
		},
		{
			"job", AppendJobKey(nil, 7, 2), AppendJob(nil, job),
			"6a 0000000000000007 0002 | 01 e807 05 1d 64303030303030303030303030 75732d656173742d31 00 4f7264657273 74 0000000000000007 69 f7389fa6 6f310001",
			"job table=7 index=2 of 000000000000/us-east-1/Orders items=1000 entries=5 cursor=74000000000000000769f7389fa66f310001",
		},
		{
			"token", tokenKey, AppendToken(nil, Token{Time: 1_795_442_400e9, Request: [32]byte{0xab, 31: 0xcd}, Units: []uint64{2, 300}}),
			"69 72 303030303030303030303030 77 75732d656173742d31 00 7431 | 01 18eab159a2acc000 ab000000000000000000000000000000000000000000000000000000000000cd 02 02 ac02",
			`token 000000000000/us-east-1/w/"t1" time=1795442400000000000 request=ab000000 units=[2 300]`,
		},
		{
			"token expiry", AppendTokenExpiry(nil, 1_795_442_400e9, tokenKey), nil,
			"69 65 18eab159a2acc000 303030303030303030303030 77 75732d656173742d31 00 7431 |",
			`token expiry 000000000000/us-east-1/w/"t1" time=1795442400000000000`,
		},
		{
			"mark of time to live", AppendExpiringKey(nil, 7), AppendExpiring(nil, job.Descriptor),
			"6c 0000000000000007 | 64303030303030303030303030 75732d656173742d31 00 4f7264657273",
			"expiring table=7 of 000000000000/us-east-1/Orders",
		},
		{
			"expiry", AppendExpiryKey(nil, 1_795_442_400, job.Cursor), nil,
			"74 0000000000000007 65 000000006b0446e0 f7389fa6 6f310001 |",
			"expiry table=7 time=1795442400 hash=f7389fa6 key=6f310001",
		},
		{"purge", AppendPurgeKey(nil, 7), nil, "70 0000000000000007 |", "purge table=7"},
		{
			"sequence", AppendSequenceKey(nil, TableIDSequence), AppendSequence(nil, 8),
			"73 7461626c65 | 0000000000000008", "sequence table next=8",
		},
		{
			"change", AppendChangeKey(nil, ChangeKey{7, 3, Position{1 << 32, 2}}), AppendChange(nil, Change{ActorTTL, 1_795_442_400_000_001, it, nil}),
			"63 72 0000000000000007 00000003 0000000100000000 00000002 | 01 01 000660f202777801 1a 4d18074f72646572496453026f3105546f74616c4e0431322e35",
			`change table=7 shard=3 stamp=4294967296.2 actor=ttl time=1795442400000001 old={OrderId:"o1" Total:12.5} new=none`,
		},
		{
			"shard", AppendShardKey(nil, 7, 3), AppendShard(nil, Shard{Parent: 1, LastHash: 9, Start: 5, End: 6, CreatedAt: 7, ClosedAt: 8}),
			"63 73 0000000000000007 00000003 | 01 7b22706172656e74223a312c22666972737448617368223a302c226c61737448617368223a392c227374617274223a352c22656e64223a362c22637265617465644174223a372c22636c6f7365644174223a387d",
			`shard table=7 shard=3 {"parent":1,"firstHash":0,"lastHash":9,"start":5,"end":6,"createdAt":7,"closedAt":8}`,
		},
		{
			"open shard", AppendShardKey(nil, 7, 3), AppendShard(nil, Shard{Parent: 1, ParentCreatedAt: 6, LastHash: 9, Start: 5, CreatedAt: 7}),
			"63 73 0000000000000007 00000003 | 01 7b22706172656e74223a312c22706172656e74437265617465644174223a362c22666972737448617368223a302c226c61737448617368223a392c227374617274223a352c22637265617465644174223a377d",
			`shard table=7 shard=3 {"parent":1,"parentCreatedAt":6,"firstHash":0,"lastHash":9,"start":5,"createdAt":7}`,
		},
		{"secret of iterators", AppendIteratorSecretKey(nil), []byte("shh"), "63 69 | 736868", "secret of shard iterators"},
		{
			"trim mark", AppendTrimKey(nil, 7, 3), AppendTrim(nil, Position{5, 1}),
			"63 74 0000000000000007 00000003 | 0000000000000005 00000001", "trimmed table=7 shard=3 up to stamp=5.1",
		},
		{
			"cursor", AppendCursorKey(nil, 7, "mail"), AppendCursor(nil, Cursor{[]CursorShard{{3, Position{5, 0}, true}}, 9}),
			"63 6b 0000000000000007 6d61696c | 01 7b22736861726473223a5b7b227368617264223a332c226166746572223a7b227374616d70223a357d2c22646f6e65223a747275657d5d2c226c6f6f6b6564223a397d",
			`cursor table=7 reader="mail" {"shards":[{"shard":3,"after":{"stamp":5},"done":true}],"looked":9}`,
		},
		{
			"stream", AppendStreamKey(nil, "000000000000", "us-east-1", "Orders", "L"),
			AppendStream(nil, Stream{TableID: 7, View: "NEW_IMAGE", Keys: []StreamKey{{"OrderId", "HASH"}}, Created: 1, Ready: 2, First: 3}),
			"65 303030303030303030303030 75732d656173742d31 00 4f7264657273 00 4c | 01 7b227461626c654964223a372c2276696577223a224e45575f494d414745222c226b657973223a5b7b226e616d65223a224f726465724964222c22726f6c65223a2248415348227d5d2c2263726561746564223a312c227265616479223a322c226669727374223a337d",
			`stream 000000000000/us-east-1/Orders/L {"tableId":7,"view":"NEW_IMAGE","keys":[{"name":"OrderId","role":"HASH"}],"created":1,"ready":2,"first":3}`,
		},
		{"counters", AppendCountersKey(nil, 7), nil, "74 0000000000000007 63 |", "counters table=7 <counters>"},
		{
			"item", AppendItemKey(nil, 7, item.String("o1"), nil), AppendRecord(nil, it, it.Size()),
			"74 0000000000000007 69 f7389fa6 6f310001 | 01 11 4d18074f72646572496453026f3105546f74616c4e0431322e35",
			`item table=7 hash=f7389fa6 key=6f310001 size=17 {OrderId:"o1" Total:12.5}`,
		},
		{"index entry", AppendIndexKey(nil, indexKey), AppendRecord(nil, it, it.Size()), "74 0000000000000007 78 0002 77b0ec43 63310001 017ce69b 6f310001 | 01 11 4d18074f72646572496453026f3105546f74616c4e0431322e35",
			`entry table=7 index=2 hash=77b0ec43 key=63310001017ce69b6f310001 size=17 {OrderId:"o1" Total:12.5}`},
		{"collection", AppendCollectionKey(nil, 7, item.String("o1")), nil, "74 0000000000000007 7a f7389fa6 6f310001 |",
			`collection table=7 hash=f7389fa6 key=6f310001 <counters>`},
	} {
		got := hex.EncodeToString(g.key) + "|" + hex.EncodeToString(g.value)
		if want := strings.ReplaceAll(g.want, " ", ""); got != want {
			t.Errorf("%s: bytes are\n\t%s, want\n\t%s", g.name, got, want)
		}
		if line := Describe(g.key, g.value, noCounters); line != g.line {
			t.Errorf("%s: described as\n\t%s, want\n\t%s", g.name, line, g.line)
		}
	}
}

func TestRecord(t *testing.T) {
	b := item.NewBuilder(nil)
	b.BeginMap()
	b.Field("a", item.String("x"))
	b.EndMap()
	record := AppendRecord(nil, b.Item(), 2)
	it, size, err := ParseRecord(record)
	if err != nil || size != 2 || !it.Equal(b.Item()) {
		t.Fatalf("ParseRecord = %v, %d, %v", it, size, err)
	}
	if it, size, err := ParseRecord(nil); it != nil || size != 0 || err != nil {
		t.Errorf("ParseRecord(nil) = %v, %d, %v; want no item", it, size, err)
	}
	for _, bad := range [][]byte{{2, 2, 'M', 0}, {1}, {1, 0xff, 0xff, 0xff, 0xff, 0x7f}} {
		if _, _, err := ParseRecord(bad); err == nil {
			t.Errorf("ParseRecord(%x) accepted bytes that are no record", bad)
		}
	}
}

// TestTableRange shows that a table's range holds all its keys and none of
// its neighbour's.
func TestTableRange(t *testing.T) {
	start, end := TableRange(7)
	within := func(key []byte) bool { return bytes.Compare(key, start) >= 0 && bytes.Compare(key, end) < 0 }
	v := item.String("x")
	for _, key := range [][]byte{
		AppendCountersKey(nil, 7), AppendItemKey(nil, 7, v, v), AppendCollectionKey(nil, 7, v),
		AppendExpiryKey(nil, math.MaxInt64, AppendItemKey(nil, 7, v, v)),
		AppendIndexKey(nil, IndexKey{Table: 7, Index: 65535, Partition: []item.Value{v}}),
	} {
		if !within(key) {
			t.Errorf("key %x of the table is outside its range", key)
		}
	}
	for _, key := range [][]byte{AppendCountersKey(nil, 6), AppendCountersKey(nil, 8), AppendPurgeKey(nil, 7), AppendExpiringKey(nil, 7)} {
		if within(key) {
			t.Errorf("key %x of another is inside the table's range", key)
		}
	}
}

func TestParseKeys(t *testing.T) {
	k, err := ParseDescriptorKey(AppendDescriptorKey(nil, "123456789012", "eu-west-1", "T"))
	if want := (DescriptorKey{"123456789012", "eu-west-1", "T"}); err != nil || k != want {
		t.Errorf("ParseDescriptorKey = %+v, %v", k, err)
	}
	if table, err := ParsePurgeKey(AppendPurgeKey(nil, 9)); err != nil || table != 9 {
		t.Errorf("ParsePurgeKey = %d, %v", table, err)
	}
	for _, bad := range []string{"", "d", "dshort", "d000000000000region without an end"} {
		if _, err := ParseDescriptorKey([]byte(bad)); err == nil {
			t.Errorf("ParseDescriptorKey(%q) accepted", bad)
		}
	}
	if _, err := ParsePurgeKey([]byte("p")); err == nil {
		t.Error("ParsePurgeKey accepted a short key")
	}
	if _, err := ParseSequence([]byte("1")); err == nil {
		t.Error("ParseSequence accepted a short value")
	}
}

func FuzzDescribe(f *testing.F) {
	f.Add(AppendItemKey(nil, 1, item.String("a"), nil), []byte{1, 2})
	f.Add(AppendTokenKey(nil, "000000000000", "us-east-1", TokenWrite, "t"), AppendToken(nil, Token{}))
	f.Add([]byte("t12345678x"), []byte{1, 1, 'M', 1})
	f.Add(AppendExpiryKey(nil, 1, AppendItemKey(nil, 1, item.String("a"), nil)), []byte{})
	f.Add(AppendExpiringKey(nil, 1), AppendExpiring(nil, DescriptorKey{"000000000000", "us-east-1", "T"}))
	f.Fuzz(func(t *testing.T, key, value []byte) {
		if Describe(key, value, noCounters) == "" {
			t.Error("nothing said")
		}
	})
}
