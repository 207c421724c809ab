package item

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// FuzzDecodeItem sends what it decodes out and in again.
func FuzzDecodeItem(f *testing.F) {
	f.Add([]byte(mixedItem))
	f.Add([]byte(`{"a":{"NS":["1","1e125",".5"]},"a":{"BS":["","AA=="]},"b":{"L":[{"M":{"x":{"NULL":true},"x":{"S":"\u0000"}}}]}}`))
	f.Add([]byte(`{"a":{"SS":["x","x"]},"":{},"b":{"S":"x","N":null}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		d := awsjson.NewDecoder(body)
		a := DecodeAttributes(&d)
		if d.End() != nil || !a.Set {
			return
		}
		if a.Err != nil {
			if a.Err.Text == "" || a.Err.Class == 0 {
				t.Fatalf("%s: %+v", body, a.Err)
			}
			if a.Err.Class != EmptyName {
				_, ok := a.Item.Get(a.Err.Key)
				if !ok {
					t.Fatalf("%s: the error is about %q, which %v has not", body, a.Err.Key, a.Item)
				}
			}
			return
		}
		if !a.Item.Valid() {
			t.Fatalf("%s: stored as %q: %v", body, []byte(a.Item), Check(a.Item))
		}
		if len(a.Item) > len(body) {
			t.Fatalf("%s: stored as %q, which is longer", body, []byte(a.Item))
		}
		json := a.Item.AppendJSON(nil)
		if !awsjson.Valid(json) {
			t.Fatalf("%s: sent as %s", body, json)
		}
		if again := decodeItem(t, string(json)); !again.Equal(a.Item) || again.Size() != a.Item.Size() {
			t.Fatalf("%s: %v, sent as %s, read as %v", body, a.Item, json, again)
		}
	})
}

// nested returns an attribute value whose innermost one is at a level.
func nested(level int, open, leaf, end string) string {
	return strings.Repeat(open, level-1) + leaf + strings.Repeat(end, level-1)
}

func TestNesting(t *testing.T) {
	for _, kind := range []struct{ open, end string }{{`{"L":[`, `]}`}, {`{"M":{"m":`, `}}`}} {
		for _, tc := range []struct {
			level int
			leaf  string
			want  bool
		}{
			{1, `{"S":"x"}`, true},
			{32, `{"S":"x"}`, true},
			{32, `{"L":[]}`, true},
			{33, `{"S":"x"}`, false},
			{33, `{"N":"x"}`, false},
			{200, `{"S":"x"}`, false},
		} {
			a, err := decode(`{"a":` + nested(tc.level, kind.open, tc.leaf, kind.end) + `}`)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case tc.want && (a.Err != nil || !a.Item.Valid()):
				t.Errorf("level %d: %v", tc.level, a.Err)
			case !tc.want && (a.Err == nil || a.Err.Class != Nesting || a.Err.Text != textNesting || a.Err.Key != "a"):
				t.Errorf("level %d: %+v", tc.level, a.Err)
			}
		}
	}
	// JSON of the wrong type is found below the limit too.
	_, err := decode(`{"a":` + nested(100, `{"L":[`, `{"S":1}`, `]}`) + `}`)
	if err == nil || !strings.Contains(err.Error(), "NUMBER_VALUE") {
		t.Errorf("a type error below the limit: %v", err)
	}
}

// An item that is wrong still has all its names: expression attribute values
// are told by them.
func TestNamesBesideAnError(t *testing.T) {
	a, err := decode(`{":a":{"N":"x"},"":{"S":"y"},":b":{"L":[{}]},":c":{"S":"z"}}`)
	if err != nil || a.Err == nil || a.Err.Key != ":a" {
		t.Fatalf("%v, %+v", err, a.Err)
	}
	if got, want := a.Item.String(), `{":a":null "":"y" ":b":null ":c":"z"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Inputs are absent as members and empty as elements.
func TestDecodeInputs(t *testing.T) {
	d := awsjson.NewDecoder([]byte(`{"l":[{"S":"a"},null,{"N":"x"}]}`))
	var got []string
	for d.Struct("com.example.Shape", awsjson.Root); d.Next(); {
		for d.List(); d.More(); {
			in := DecodeInput(&d, awsjson.Element)
			got = append(got, fmt.Sprint(in.Set, in.Value, in.Err))
		}
	}
	want := []string{`true "a" <nil>`, `true null ` + textEmpty, `true null ` + textNotANumber + `: x`}
	if d.End() != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, %v", got, d.End())
	}
}

// Many names, many members and many repetitions cost what their length does:
// each of these bodies would take minutes if each were compared with each.
func TestManyNamesAndMembers(t *testing.T) {
	const n = 50_000
	var names, again, members, numbers bytes.Buffer
	for i := range n {
		if i > 0 {
			names.WriteByte(',')
			again.WriteByte(',')
			members.WriteByte(',')
			numbers.WriteByte(',')
		}
		fmt.Fprintf(&names, `"n%d":{"NULL":true}`, i)
		fmt.Fprintf(&again, `"n%d":{"N":"%d"}`, i%100, i)
		fmt.Fprintf(&members, `"m%d"`, i)
		fmt.Fprintf(&numbers, `"%d"`, n-i)
	}
	it := decodeItem(t, "{"+names.String()+"}")
	if it.Len() != n {
		t.Errorf("%d names, want %d", it.Len(), n)
	}
	it = decodeItem(t, "{"+again.String()+"}")
	if v, _ := it.Get("n7"); it.Len() != 100 || v.String() != fmt.Sprint(n-93) {
		t.Errorf("%d names, n7 is %v", it.Len(), v)
	}
	sets := decodeItem(t, `{"ss":{"SS":[`+members.String()+`]},"ns":{"NS":[`+numbers.String()+`]}}`)
	if sets.Size() < 2*n || !Equal(sets.AsValue(), decodeItem(t, `{"ns":{"NS":[`+numbers.String()+`]},"ss":{"SS":[`+members.String()+`]}}`).AsValue()) {
		t.Errorf("size %d", sets.Size())
	}
	a, err := decode(`{"ns":{"NS":[` + numbers.String() + `,"1.0"]}}`)
	if err != nil || a.Err == nil || a.Err.Class != DuplicateInSet {
		t.Errorf("%v, %+v", err, a.Err)
	}
}

// Allocations of the hot path are golden numbers: one for the stored bytes.
func TestAllocations(t *testing.T) {
	body := []byte(strings.ReplaceAll(mixedItem, `\u00e9 \"Pepe\"`, "é 'Pepe'"))
	it := decodeItem(t, string(body))
	dst := it.AppendJSON(nil)
	name, same := "Tags", bytes.Clone(it)
	for what, tc := range map[string]struct {
		want float64
		do   func()
	}{
		"decode": {1, func() {
			d := awsjson.NewDecoder(body)
			if a := DecodeAttributes(&d); a.Err != nil || d.End() != nil {
				t.Error(a.Err)
			}
		}},
		"encode": {0, func() { dst = it.AppendJSON(dst[:0]) }},
		"size":   {0, func() { _ = it.Size() }},
		"get":    {0, func() { _, _ = it.Get(name) }},
		"equal":  {0, func() { _ = it.Equal(same) }},
		"all": {0, func() {
			for n, v := range it.All() {
				if len(n) == 0 || v.Len() < 0 {
					t.Error("no name")
				}
			}
		}},
		"key": {0, func() {
			v, _ := it.Get("sk")
			dst = AppendKey(dst[:0], v)
		}},
	} {
		if got := testing.AllocsPerRun(100, tc.do); got != tc.want {
			t.Errorf("%s: %v allocations, want %v", what, got, tc.want)
		}
	}
}

// TestDecodeSharesRoom decodes values that share rooms, and changes what is
// appended to one: it is the others' bytes that must not change.
func TestDecodeSharesRoom(t *testing.T) {
	var body strings.Builder
	body.WriteString("[")
	const items = 300
	text := func(i int) string { return strings.Repeat("x", i*i%5000) }
	for i := range items {
		if i > 0 {
			body.WriteString(",")
		}
		fmt.Fprintf(&body, `{"n":{"N":"%d"},"s":{"S":"%s"}}`, i, text(i))
	}
	body.WriteString("]")
	d := awsjson.NewDecoder([]byte(body.String()))
	var all []Item
	if d.List() {
		for d.More() {
			it := DecodeAttributes(&d).Item
			_ = append(it, "overwritten"...)
			all = append(all, it)
		}
	}
	if err := d.End(); err != nil || len(all) != items {
		t.Fatalf("%d items, %v", len(all), err)
	}
	for i, it := range all {
		want := fmt.Sprintf(`{"n":{"N":"%d"},"s":{"S":"%s"}}`, i, text(i))
		if got := string(it.AppendJSON(nil)); got != want {
			t.Errorf("item %d is %.80s", i, got)
		}
	}
}
