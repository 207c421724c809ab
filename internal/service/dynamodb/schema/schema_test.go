package schema

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gramme-db/gramme/internal/item"
)

// shop is a table with a local and two global indexes, one of them sparse.
func shop() *Table {
	return &Table{
		ID: 7, UUID: "11111111-2222-3333-4444-555555555555",
		Account: "000000000000", Region: "us-east-1", Name: "Orders",
		CreatedAt: time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC),
		Partition: KeyAttribute{"Customer", item.S},
		Sort:      &KeyAttribute{"Order", item.N},
		Indexes: []Index{
			{
				Number: 1, Name: "ByDate", Local: true,
				Partition:  []KeyAttribute{{"Customer", item.S}},
				Sort:       []KeyAttribute{{"Date", item.S}},
				Projection: Projection{Type: ProjectInclude, NonKey: []string{"Total"}},
			},
			{
				Number: 2, Name: "ByStatus",
				Partition:  []KeyAttribute{{"Status", item.S}},
				Projection: Projection{Type: ProjectAll},
			},
			{
				Number: 3, Name: "Keys",
				Partition:  []KeyAttribute{{"Status", item.S}},
				Sort:       []KeyAttribute{{"Date", item.S}},
				Projection: Projection{Type: ProjectKeysOnly},
			},
		},
		NextIndex: 4,
		Capacity:  Capacity{OnDemandMode: true},
		Tags:      []Tag{{"team", "shop"}},
	}
}

// order returns an item; an attribute of "" is left out.
func order(status, date, note string) Image {
	b := item.NewBuilder(nil)
	b.BeginMap()
	b.Field("Customer", item.String("c1"))
	b.Field("Order", item.Number(item.Int(1)))
	for _, f := range [][2]string{{"Status", status}, {"Date", date}, {"Note", note}} {
		if f[1] != "" {
			b.Field(f[0], item.String(f[1]))
		}
	}
	b.EndMap()
	return ImageOf(b.Item())
}

const goldenDescriptor = "\x01" + `{"id":7,"uuid":"11111111-2222-3333-4444-555555555555","account":"000000000000","region":"us-east-1","name":"Orders","createdAt":"2026-11-23T14:00:00Z","partition":{"name":"Customer","type":"S"},"sort":{"name":"Order","type":"N"},"indexes":[{"number":1,"name":"ByDate","local":true,"partition":[{"name":"Customer","type":"S"}],"sort":[{"name":"Date","type":"S"}],"projection":{"type":"INCLUDE","nonKey":["Total"]},"throughput":{"read":0,"write":0},"onDemand":{},"warm":{}},{"number":2,"name":"ByStatus","partition":[{"name":"Status","type":"S"}],"projection":{"type":"ALL"},"throughput":{"read":0,"write":0},"onDemand":{},"warm":{}},{"number":3,"name":"Keys","partition":[{"name":"Status","type":"S"}],"sort":[{"name":"Date","type":"S"}],"projection":{"type":"KEYS_ONLY"},"throughput":{"read":0,"write":0},"onDemand":{},"warm":{}}],"nextIndex":4,"capacity":{"onDemandMode":true,"throughput":{"read":0,"write":0},"onDemand":{},"warm":{}},"class":{"name":""},"stream":{},"tags":[{"key":"team","value":"shop"}]}`

// TestDescriptorGolden holds the stored form: a difference needs a new version.
func TestDescriptorGolden(t *testing.T) {
	stored, err := shop().Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if string(stored) != goldenDescriptor {
		t.Errorf("stored form is\n%s\nwant\n%s", stored, goldenDescriptor)
	}
	read, err := ParseTable([]byte(goldenDescriptor))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(read, shop()) {
		t.Errorf("read back as %+v", read)
	}
	for _, damage := range []func(*Table){
		func(t *Table) { t.NextIndex = 3 },
		func(t *Table) { t.Indexes[1].Number = 1 },
		func(t *Table) { t.Indexes[1].Name = "ByDate" },
		func(t *Table) { t.Indexes[1].Projection.Type = "SOME" },
		func(t *Table) { t.Indexes[1].State = "LOST" },
		func(t *Table) { t.Indexes[1].Partition = nil },
		func(t *Table) { t.Indexes[0].Partition[0].Name = "Order" },
		func(t *Table) { t.TTL = &TimeToLive{Enabled: true} },
	} {
		damaged := shop()
		damage(damaged)
		stored, err := damaged.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseTable(stored); err == nil {
			t.Errorf("ParseTable accepted %s", stored)
		}
	}
	for _, bad := range []string{"", "\x02{}", "\x01{", "\x01" + `{"partition":{"name":"a","type":"X"}}`} {
		if _, err := ParseTable([]byte(bad)); err == nil {
			t.Errorf("ParseTable(%q) accepted", bad)
		}
	}
}

func TestStatusAt(t *testing.T) {
	at := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		from          Status
		before, after Status
	}{{Creating, Creating, Active}, {Updating, Updating, Active}, {Deleting, Deleting, Gone}} {
		tbl := &Table{Transition: &Transition{From: c.from, Until: at}}
		if got := tbl.StatusAt(at.Add(-1)); got != c.before {
			t.Errorf("just before the end of %s: %q", c.from, got)
		}
		if got := tbl.StatusAt(at); got != c.after {
			t.Errorf("at the end of %s: %q, want %q", c.from, got, c.after)
		}
	}
	if got := (&Table{}).StatusAt(at); got != Active {
		t.Errorf("without a transition: %q", got)
	}
}

// TestPlanIndexes follows one item through its life and prints what each write
// changes in the indexes.
func TestPlanIndexes(t *testing.T) {
	tbl := shop()
	for _, step := range []struct {
		name     string
		old, new Image
		want     string
	}{
		{"put without index attributes", Image{}, order("", "", "x"), ""},
		{"put in all indexes", Image{}, order("open", "d1", "x"),
			"ByDate + {Customer:\"c1\" Order:1 Date:\"d1\"}; ByStatus + {Customer:\"c1\" Order:1 Status:\"open\" Date:\"d1\" Note:\"x\"}; Keys + {Customer:\"c1\" Order:1 Status:\"open\" Date:\"d1\"}"},
		{"change an attribute that one index holds", order("open", "d1", "x"), order("open", "d1", "y"),
			"ByStatus = {Customer:\"c1\" Order:1 Status:\"open\" Date:\"d1\" Note:\"y\"}"},
		{"change an index key", order("open", "d1", "x"), order("open", "d2", "x"),
			"ByDate > {Customer:\"c1\" Order:1 Date:\"d2\"}; ByStatus = {Customer:\"c1\" Order:1 Status:\"open\" Date:\"d2\" Note:\"x\"}; Keys > {Customer:\"c1\" Order:1 Status:\"open\" Date:\"d2\"}"},
		{"take an index key away", order("open", "d1", "x"), order("", "d1", "x"), "ByStatus -; Keys -"},
		{"delete", order("open", "d1", "x"), Image{}, "ByDate -; ByStatus -; Keys -"},
		{"write the same again", order("open", "d1", "x"), order("open", "d1", "x"), ""},
	} {
		var got []string
		for _, c := range tbl.PlanIndexes(step.old, step.new) {
			got = append(got, c.Index.Name+" "+verb(&c))
		}
		if s := strings.Join(got, "; "); s != step.want {
			t.Errorf("%s:\n\t%s, want\n\t%s", step.name, s, step.want)
		}
	}
}

// TestEntryOfUnfitItem shows that an index has no entry of an item whose key
// attributes it cannot be keyed by: such items may be older than the index.
func TestEntryOfUnfitItem(t *testing.T) {
	tbl := &Table{ID: 7, Partition: KeyAttribute{"Customer", item.S}}
	x := &Index{
		Number:     1,
		Partition:  []KeyAttribute{{"A", item.S}, {"B", item.S}},
		Sort:       []KeyAttribute{{"C", item.N}, {"D", item.B}},
		Projection: Projection{Type: ProjectAll},
	}
	text := func(n int) item.Value { return item.String(strings.Repeat("x", n)) }
	data := func(n int) item.Value { return item.Binary(make([]byte, n)) }
	one := item.Number(item.Int(1))
	for _, c := range []struct {
		name       string
		a, b, c, d item.Value
		want       bool
	}{
		{"fit", text(1), text(1), one, data(1), true},
		{"as long as can be", text(1000), text(1048), one, data(1024), true},
		{"partition key too long together", text(1000), text(1049), one, data(1), false},
		{"sort key too long", text(1), text(1), one, data(1025), false},
		{"empty text", text(1), text(0), one, data(1), false},
		{"empty bytes", text(1), text(1), one, data(0), false},
		{"wrong type", text(1), text(1), text(1), data(1), false},
		{"missing", text(1), text(1), one, nil, false},
	} {
		b := item.NewBuilder(nil)
		b.BeginMap()
		b.Field("Customer", item.String("c1"))
		for i, v := range []item.Value{c.a, c.b, c.c, c.d} {
			if v != nil {
				b.Field(string(rune('A'+i)), v)
			}
		}
		b.EndMap()
		key, entry := tbl.Entry(x, ImageOf(b.Item()))
		if got := key != nil; got != c.want || got != (entry.Item != nil) || got != x.Holds(b.Item()) {
			t.Errorf("%s: entry %v, Holds %v, want %v", c.name, got, x.Holds(b.Item()), c.want)
		}
	}
}

func verb(c *EntryChange) string {
	switch {
	case c.NewKey == nil:
		return "-"
	case c.OldKey == nil:
		return "+ " + c.New.Item.String()
	case c.Moved():
		return "> " + c.New.Item.String()
	}
	return "= " + c.New.Item.String()
}

func TestIndexStates(t *testing.T) {
	for _, c := range []struct {
		state                          IndexState
		readable, maintained, building bool
		updating, active               IndexState
	}{
		{IndexActive, true, true, false, IndexActive, IndexActive},
		{IndexCreating, false, true, true, IndexCreating, IndexBackfilling},
		{IndexBackfilling, false, true, true, IndexBackfilling, IndexBackfilling},
		{IndexDeleting, false, false, false, IndexDeleting, IndexDeleting},
	} {
		tbl := &Table{Indexes: []Index{{Number: 1}, {Number: 3, State: c.state}}}
		x := tbl.IndexNumbered(3)
		if x.Readable() != c.readable || x.Maintained() != c.maintained || x.Building() != c.building {
			t.Errorf("%q: readable %v, maintained %v, building %v", c.state, x.Readable(), x.Maintained(), x.Building())
		}
		if got := x.StateIn(Updating); got != c.updating {
			t.Errorf("%q is %q while the table is UPDATING", c.state, got)
		}
		if got := x.StateIn(Active); got != c.active {
			t.Errorf("%q is %q while the table is ACTIVE", c.state, got)
		}
		if got := tbl.Unsettled(); (got == x) != (c.state != IndexActive) {
			t.Errorf("%q: unsettled is %v", c.state, got)
		}
	}
}

func TestThroughputDecreases(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	tp := Throughput{Read: 100, Write: 100}
	for i := range int64(4) {
		if !tp.MayDecrease(now) {
			t.Fatalf("decrease %d is refused", i+1)
		}
		tp = tp.Change(tp.Read-1, tp.Write, now)
	}
	if tp.DecreasesOn(now) != 4 || tp.MayDecrease(now.Add(time.Hour-1)) {
		t.Errorf("a fifth decrease within the hour is allowed: %+v", tp)
	}
	if !tp.MayDecrease(now.Add(time.Hour)) {
		t.Error("a fifth decrease after an hour is refused")
	}
	if next := now.Add(24 * time.Hour); tp.DecreasesOn(next) != 0 || !tp.MayDecrease(next) {
		t.Error("the next day does not begin anew")
	}
}
