package item

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// FuzzStoredForm reads arbitrary bytes as an item: nothing may panic, and what
// Valid accepts must survive the way to JSON and back.
func FuzzStoredForm(f *testing.F) {
	for _, s := range []string{mixedItem, `{}`, `{"ss":{"SS":["b","a"]},"ns":{"NS":["1","1e125"]},"bs":{"BS":["AA==",""]}}`,
		`{"l":{"L":[{"S":"a"},{"L":[]}]},"m":{"M":{"k":{"N":"1"},"m":{"M":{}}}}}`} {
		f.Add([]byte(decodeItem(f, s)))
	}
	for _, v := range []Value{String("a"), Binary([]byte("b")), Number(Int(1e6)), Bool(true), Null()} {
		f.Add([]byte(v))
	}
	f.Add([]byte("n\x02\x011\x01"))
	f.Add([]byte("M\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		use(t, Value(b))
		if err := Check(b); (err == nil && Value(b).Kind() == M) != Item(b).Valid() && !nestsTooDeep(err) {
			t.Fatalf("Check: %v, Valid: %v", err, Item(b).Valid())
		}
		if !Item(b).Valid() {
			return
		}
		json := Item(b).AppendJSON(nil)
		if again := decodeItem(t, string(json)); !again.Equal(b) {
			t.Fatalf("%q -> %s -> %q", b, json, again)
		}
	})
}

// nestsTooDeep tells the one thing that an item may do and an M value not: an
// item is no level of its own.
func nestsTooDeep(err error) bool {
	return err != nil && strings.Contains(err.Error(), "nested deeper")
}

// use calls whatever reads a value.
func use(t *testing.T, v Value) {
	n := 0
	for range v.Members() {
		n++
	}
	for range v.Elements() {
		n++
	}
	for name, f := range v.Map().All() {
		if g, ok := v.Field(string(name)); !ok || g.Kind() != f.Kind() && v.Map().Valid() {
			t.Fatalf("%q: field %q is %v and %v", v, name, f, g)
		}
		n++
	}
	if n != v.Len() {
		t.Fatalf("%q: Len is %d, and %d parts are ranged over", v, v.Len(), n)
	}
	if _, ok := v.Index(n); ok {
		t.Fatalf("%q: an element behind the last", v)
	}
	_, _ = v.Decimal()
	if v.Size() < 0 || v.Bool() && v.Kind() != BOOL || len(v.Bytes()) > 0 && v.Kind() != S && v.Kind() != N && v.Kind() != B {
		t.Fatalf("%q: %d, %v, %q", v, v.Size(), v.Bool(), v.Bytes())
	}
	if !Equal(v, bytes.Clone(v)) {
		t.Fatalf("%q is not equal to itself", v)
	}
	_, _ = Compare(v, v)
	_ = v.String()
	_ = v.AppendJSON(nil)
}

func TestCheck(t *testing.T) {
	good := decodeItem(t, mixedItem)
	if err := Check(good); err != nil || !good.Valid() {
		t.Fatalf("%v: %v", good, err)
	}
	for i := range good {
		if good[:i].Valid() {
			t.Errorf("the first %d bytes of %d are valid", i, len(good))
		}
	}
	for _, tc := range []struct{ stored, want string }{
		{"", "no tag"},
		{"x", "no tag"},
		{"S", "no tag"},
		{"S\x02a", "no tag"},
		{"0T", "1 bytes behind"},
		{"S\x81\x00a", "more bytes than it needs"},
		{"S\x01\xFF", "not UTF-8"},
		{"N\x0201", "not the stored text"},
		{"N\x06100000", "not the stored text"},
		{"N\x01x", "not the stored text"},
		{"s\x00", "without members"},
		{"s\x04\x01a\x01a", "member twice"},
		{"n\x05\x011\x0201", "not the stored text"},
		{"s\x03\x81\x00a", "more bytes than it needs"},
		{"s\x02\x05a", "damaged length"},
		{"L\x01S", "damaged list"},
		{"L\x03N\x01x", "not the stored text"},
		{"M\x03\x01aS", "damaged value"},
		{"M\x02\x000", "bad name"},
		{"M\x06\x01a0\x01a0", "name twice"},
		{"M\x06\x01aS\x81\x00b", "more bytes than it needs"},
	} {
		if err := Check([]byte(tc.stored)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: %v, want %s", tc.stored, err, tc.want)
		}
	}
	if !Item("M\x03\x01a0").Valid() || Item("L\x00").Valid() || Item(nil).Valid() || Item("M\x000").Valid() {
		t.Error("Valid tells items from other bytes")
	}
}

func TestDamagedBytesAreAbsent(t *testing.T) {
	it := decodeItem(t, `{"a":{"S":"x"},"b":{"L":[{"N":"1"},{"N":"2"}]},"c":{"SS":["p","q"]}}`)
	damaged := bytes.Replace(it, []byte("N\x012"), []byte("?\x012"), 1)
	if got, want := Item(damaged).String(), `{a:"x" b:[1] c:<<"p" "q">>}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if v, ok := Item(damaged[:len(it)-1]).Get("a"); ok {
		t.Errorf("an item that is cut short has %v", v)
	}
}

// The stored form stays within a fixed multiple of AWS's size, so that a store
// with room for that multiple of 400 KB never refuses an item that AWS takes.
func TestStoredFormIsBoundedBySize(t *testing.T) {
	for name, tc := range map[string]struct {
		element func(i int) string
		set     bool
	}{
		"padded integers":   {element: func(int) string { return `{"N":"10000"}` }},
		"highest number":    {element: func(int) string { return `{"N":"-9e125"}` }},
		"lowest number":     {element: func(int) string { return `{"N":"-9e-130"}` }},
		"small fractions":   {element: func(int) string { return `{"N":"0.0001"}` }},
		"sets of fractions": {element: func(int) string { return `{"NS":["0.00012","0.00013","0.00014","0.00015","0.00016","0.00017"]}` }},
		"sets of numbers":   {element: func(int) string { return `{"NS":["12e-130","13e-130","14e-130","15e-130","16e-130","17e-130"]}` }},
		"empty sets":        {element: func(int) string { return `{"SS":[""]}` }},
		"empty texts":       {element: func(int) string { return `{"S":""}` }},
		"empty maps":        {element: func(int) string { return `{"M":{}}` }},
		"nulls":             {element: func(int) string { return `{"NULL":true}` }},
		"set of fractions":  {element: func(i int) string { return fmt.Sprintf(`"0.000%d"`, 100000-i) }, set: true},
		"set of numbers":    {element: func(i int) string { return fmt.Sprintf(`"%de-130"`, 100000-i) }, set: true},
	} {
		elements := make([]string, 5000)
		for i := range elements {
			elements[i] = tc.element(i)
		}
		list := strings.Join(elements, ",")
		json := `{"v":{"L":[` + list + `]}}`
		if tc.set {
			json = `{"v":{"NS":[` + list + `]}}`
		}
		it := decodeItem(t, json)
		if size := it.Size(); len(it) > StoredFactorMax*size+runHeadBytes {
			t.Errorf("%s: %d bytes stored for a size of %d", name, len(it), size)
		}
	}
}
