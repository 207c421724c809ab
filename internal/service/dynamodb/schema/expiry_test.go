package schema

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gramme-db/gramme/internal/item"
)

const goldenTTL = `"stream":{},"ttl":{"attribute":"expires","enabled":true,"changedAt":"2026-11-23T14:00:00Z","until":"2026-11-23T14:00:05Z","building":true,"enablings":2}`

// TestTTLGolden holds the stored form of time to live in a descriptor.
func TestTTLGolden(t *testing.T) {
	tbl := shop()
	at := tbl.CreatedAt
	until := at.Add(5 * time.Second)
	tbl.TTL = &TimeToLive{Attribute: "expires", Enabled: true, ChangedAt: at, Until: &until, Building: true, Enablings: 2}
	stored, err := tbl.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(goldenDescriptor, `"stream":{}`, goldenTTL, 1)
	if string(stored) != want {
		t.Errorf("stored form is\n%s\nwant\n%s", stored, want)
	}
	read, err := ParseTable(stored)
	if err != nil || !reflect.DeepEqual(read, tbl) {
		t.Errorf("read back as %+v, %v", read, err)
	}
}

func TestTTLStatus(t *testing.T) {
	at := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		ttl           *TimeToLive
		before, after TTLStatus
	}{
		{nil, TTLDisabled, TTLDisabled},
		{&TimeToLive{Enabled: true, Until: &at}, TTLEnabling, TTLEnabled},
		{&TimeToLive{Until: &at}, TTLDisabling, TTLDisabled},
		{&TimeToLive{Enabled: true}, TTLEnabled, TTLEnabled},
		{&TimeToLive{}, TTLDisabled, TTLDisabled},
	} {
		if before, after := c.ttl.StatusAt(at.Add(-1)), c.ttl.StatusAt(at); before != c.before || after != c.after {
			t.Errorf("%+v: %s, then %s", c.ttl, before, after)
		}
	}
}

// TestExpiryOf tells which values are a time, and which.
func TestExpiryOf(t *testing.T) {
	number := func(text string) item.Value {
		d, err := item.ParseDecimal([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return item.Number(d)
	}
	tbl := &Table{TTL: &TimeToLive{Attribute: "expires", Enabled: true}}
	for _, c := range []struct {
		value item.Value
		want  int64 // -1: none
	}{
		{number("1795442400"), 1795442400},
		{number("1795442400.999"), 1795442400},
		{number("1795442400000"), 1795442400000}, // milliseconds
		{number("0"), 0},
		{number("0.5"), 0},
		{number("-0.5"), -1},
		{number("-1"), -1},
		{number("9223372036854775807"), 9223372036854775807},
		{number("9223372036854775807.5"), 9223372036854775807},
		{number("9223372036854775808"), -1},
		{number("1e100"), -1},
		{item.String("1795442400"), -1},
		{item.Null(), -1},
		{item.Set(item.NS, [][]byte{[]byte("1795442400")}), -1},
		{nil, -1},
	} {
		b := item.NewBuilder(nil)
		b.BeginMap()
		if c.value != nil {
			b.Field("expires", c.value)
		}
		b.EndMap()
		got, ok := tbl.ExpiryOf(b.Item())
		if !ok {
			got = -1
		}
		if got != c.want {
			t.Errorf("%v: %d, want %d", c.value, got, c.want)
		}
		if _, ok := (&Table{TTL: &TimeToLive{Attribute: "expires"}}).ExpiryOf(b.Item()); ok {
			t.Errorf("%v: expires without time to live", c.value)
		}
	}
	if _, ok := tbl.ExpiryOf(nil); ok {
		t.Error("no item expires")
	}
}

func TestDueAt(t *testing.T) {
	now := time.Date(2028, 2, 29, 14, 0, 0, 500, time.UTC)
	from, to := DueAt(now)
	if want := time.Date(2023, 3, 1, 14, 0, 1, 0, time.UTC).Unix(); from != want || to != now.Unix() {
		t.Errorf("from %d to %d, want %d and %d", from, to, want, now.Unix())
	}
}
