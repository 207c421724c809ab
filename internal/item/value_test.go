package item

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestEqual(t *testing.T) {
	many := func(format string, order func(i int) int) string {
		parts := make([]string, 40)
		for i := range parts {
			parts[i] = fmt.Sprintf(format, order(i))
		}
		return strings.Join(parts, ",")
	}
	forward := func(i int) int { return i }
	backward := func(i int) int { return 39 - i }
	other := func(i int) int { return max(39-i, 1) * 2 }
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{`{"S":"a"}`, `{"S":"a"}`, true},
		{`{"S":"a"}`, `{"S":"b"}`, false},
		{`{"S":"1"}`, `{"N":"1"}`, false},
		{`{"S":"a"}`, `{"B":"YQ=="}`, false},
		{`{"N":"1"}`, `{"N":"1.0"}`, true},
		{`{"N":"1e125"}`, `{"N":"10e124"}`, true},
		{`{"N":"0"}`, `{"N":"-0"}`, true},
		{`{"BOOL":true}`, `{"BOOL":true}`, true},
		{`{"BOOL":true}`, `{"BOOL":false}`, false},
		{`{"NULL":true}`, `{"NULL":true}`, true},
		{`{"SS":["a","b"]}`, `{"SS":["b","a"]}`, true},
		{`{"SS":["a","b"]}`, `{"SS":["b","c"]}`, false},
		{`{"SS":["a","b"]}`, `{"SS":["a"]}`, false},
		{`{"SS":["1"]}`, `{"NS":["1"]}`, false},
		{`{"NS":["1","2"]}`, `{"NS":["2.0","1e0"]}`, true},
		{`{"BS":["YQ==",""]}`, `{"BS":["","YQ=="]}`, true},
		{`{"L":[{"N":"1"},{"N":"2"}]}`, `{"L":[{"N":"1"},{"N":"2"}]}`, true},
		{`{"L":[{"N":"1"},{"N":"2"}]}`, `{"L":[{"N":"2"},{"N":"1"}]}`, false},
		{`{"L":[{"N":"1"}]}`, `{"L":[{"N":"1"},{"N":"1"}]}`, false},
		{`{"L":[{"SS":["a","b"]}]}`, `{"L":[{"SS":["b","a"]}]}`, true},
		{`{"M":{"a":{"N":"1"},"b":{"N":"2"}}}`, `{"M":{"b":{"N":"2"},"a":{"N":"1"}}}`, true},
		{`{"M":{"a":{"N":"1"},"b":{"N":"2"}}}`, `{"M":{"b":{"N":"1"},"a":{"N":"2"}}}`, false},
		{`{"M":{"a":{"N":"1"}}}`, `{"M":{"b":{"N":"1"}}}`, false},
		{`{"M":{}}`, `{"L":[]}`, false},
		{`{"SS":[` + many(`"%d"`, forward) + `]}`, `{"SS":[` + many(`"%d"`, backward) + `]}`, true},
		{`{"M":{` + many(`"a%d":{"SS":["x","y"]}`, forward) + `}}`, `{"M":{` + many(`"a%d":{"SS":["y","x"]}`, backward) + `}}`, true},
		{`{"M":{` + many(`"a%d":{"N":"1"}`, forward) + `}}`, `{"M":{` + many(`"a%d":{"N":"1"}`, other) + `}}`, false},
	} {
		a, b := value(t, tc.a), value(t, tc.b)
		if Equal(a, b) != tc.want || Equal(b, a) != tc.want {
			t.Errorf("%v equals %v: not %v", a, b, tc.want)
		}
	}
	if !Item(nil).Equal(nil) || Item(nil).Equal(decodeItem(t, `{}`)) {
		t.Error("no item equals no item only")
	}
}

func TestCompare(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
		ok   bool
	}{
		{`{"S":"a"}`, `{"S":"b"}`, -1, true},
		{`{"S":"a"}`, `{"S":"ab"}`, -1, true},
		{`{"S":"é"}`, `{"S":"z"}`, 1, true},
		{`{"B":"gA=="}`, `{"B":"fw=="}`, 1, true},
		{`{"N":"10"}`, `{"N":"9"}`, 1, true},
		{`{"N":"-10"}`, `{"N":"-9.5"}`, -1, true},
		{`{"N":"-1e125"}`, `{"N":"1e-130"}`, -1, true},
		{`{"N":"1.0"}`, `{"N":"1"}`, 0, true},
		{`{"N":"0"}`, `{"N":"-1e-130"}`, 1, true},
		{`{"S":"1"}`, `{"N":"1"}`, 0, false},
		{`{"BOOL":true}`, `{"BOOL":true}`, 0, false},
		{`{"L":[]}`, `{"L":[]}`, 0, false},
	} {
		if c, ok := Compare(value(t, tc.a), value(t, tc.b)); c != tc.want || ok != tc.ok {
			t.Errorf("%s, %s: %d, %v", tc.a, tc.b, c, ok)
		}
	}
}

// Constructors write what the decoder writes.
func TestConstructors(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, tc := range []struct {
		v    Value
		json string
	}{
		{String("a"), `{"S":"a"}`},
		{String(long), `{"S":"` + long + `"}`},
		{Binary([]byte("a")), `{"B":"YQ=="}`},
		{Number(number(t, "1.50")), `{"N":"1.5"}`},
		{Number(Decimal{}), `{"N":"0"}`},
		{Number(Int(-100000)), `{"N":"-1e5"}`},
		{Bool(true), `{"BOOL":true}`},
		{Bool(false), `{"BOOL":false}`},
		{Null(), `{"NULL":true}`},
		{Set(SS, [][]byte{[]byte("a"), []byte(long)}), `{"SS":["a","` + long + `"]}`},
		{Set(NS, [][]byte{[]byte("1000000"), []byte("1.5")}), `{"NS":["1e6","1.5"]}`},
		{Set(BS, [][]byte{{}}), `{"BS":[""]}`},
	} {
		if want := value(t, tc.json); string(tc.v) != string(want) || Check(tc.v) != nil {
			t.Errorf("%s: %q, want %q, %v", tc.json, []byte(tc.v), []byte(want), Check(tc.v))
		}
	}
}

func TestAccessors(t *testing.T) {
	it := decodeItem(t, `{"s":{"S":"a"},"n":{"N":"1e6"},"b":{"B":"YQ=="},"t":{"BOOL":true},"ss":{"SS":["x","y"]},"ns":{"NS":["1e6","2"]},`+
		`"l":{"L":[{"S":"x"},{"N":"5"}]},"m":{"M":{"k":{"S":"v"}}}}`)
	get := func(name string) Value {
		v, ok := it.Get(name)
		if !ok {
			t.Fatalf("no %s", name)
		}
		return v
	}
	var kinds []string
	for _, v := range it.All() {
		kinds = append(kinds, v.Kind().String())
	}
	if want := []string{"S", "N", "B", "BOOL", "SS", "NS", "L", "M"}; !slices.Equal(kinds, want) {
		t.Errorf("kinds %v", kinds)
	}
	if s, n, b := get("s").Bytes(), get("n").Bytes(), get("b").Bytes(); string(s) != "a" || string(n) != "1000000" || string(b) != "a" {
		t.Errorf("%s %s %s", s, n, b)
	}
	if d, ok := get("n").Decimal(); !ok || d != Int(1e6) {
		t.Errorf("%v %v", d, ok)
	}
	var members []string
	for _, name := range []string{"ss", "ns", "l", "s"} {
		for m := range get(name).Members() {
			members = append(members, string(m))
		}
	}
	if want := []string{"x", "y", "1000000", "2"}; !slices.Equal(members, want) {
		t.Errorf("members %v", members)
	}
	if v, ok := get("l").Index(1); !ok || v.String() != "5" {
		t.Errorf("%v %v", v, ok)
	}
	for _, i := range []int{-1, 2} {
		if v, ok := get("l").Index(i); ok {
			t.Errorf("element %d is %v", i, v)
		}
	}
	if v, ok := get("m").Field("k"); !ok || v.String() != `"v"` {
		t.Errorf("%v %v", v, ok)
	}
	if _, ok := get("m").Field("x"); ok {
		t.Error("m.x")
	}
	if _, ok := it.Get("x"); ok || get("s").Map() != nil || get("m").Map().Len() != 1 || it.AsValue().Kind() != M {
		t.Error("absent attributes and maps")
	}
	if got := []int{it.Len(), get("ss").Len(), get("l").Len(), get("m").Len(), get("s").Len(), Item(nil).Len()}; !slices.Equal(got, []int{8, 2, 2, 1, 0, 0}) {
		t.Errorf("lengths %v", got)
	}
	if !get("t").Bool() || get("s").Bool() || Value(nil).Kind() != Absent || Kind(99).String() != "" {
		t.Error("kinds of others")
	}
	if got := Item(nil).String() + Value(nil).String() + string(Item(nil).AppendJSON(nil)) + string(Value(nil).AppendJSON(nil)); got != "nilnil{}{}" {
		t.Errorf("absent values print as %s", got)
	}
}

func TestBuilder(t *testing.T) {
	b := NewBuilder([]byte("before"))
	b.BeginMap()
	b.Name([]byte("a"))
	b.Value(String(strings.Repeat("long", 100)))
	b.NameString("l")
	b.BeginList()
	for i := range 100 {
		b.Value(Number(Int(int64(i))))
	}
	b.BeginMap()
	b.EndMap()
	b.BeginList()
	b.EndList()
	b.EndList()
	b.Field("z", Null())
	b.EndMap()
	it := b.Item()
	if err := Check(it); err != nil {
		t.Fatal(err)
	}
	l, _ := it.Get("l")
	last, _ := l.Index(101)
	if it.Len() != 3 || l.Len() != 102 || last.Kind() != L {
		t.Errorf("%v", it)
	}
	var zero Builder
	zero.Value(Bool(true))
	if v := zero.Finish(); v.String() != "true" {
		t.Errorf("%v", v)
	}
	b.Reset([]byte("before"))
	b.BeginMap()
	b.EndMap()
	if got := b.Item(); got.Len() != 0 || it.Len() != 3 {
		t.Errorf("the second value is %v, the first has become %v", got, it)
	}
	open := NewBuilder(nil)
	open.BeginMap()
	defer func() {
		if recover() == nil {
			t.Error("a builder with an open map has a value")
		}
	}()
	open.Finish()
}
