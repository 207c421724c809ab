package expr

import (
	"bytes"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

const (
	fuzzNames  = `{"#a":"a","#dot":"x.y"}`
	fuzzValues = `{":n":{"N":"1"},":s":{"S":"a"},":b":{"B":"AQ=="},":ss":{"SS":["a","b"]},":ns":{"NS":["1","2"]},":l":{"L":[{"N":"1"}]},":m":{"M":{"k":{"S":"v"}}},":t":{"BOOL":true},":z":{"NULL":true}}`
	fuzzItem   = `{"a":{"N":"1"},"s":{"S":"a"},"l":{"L":[{"N":"1"},{"M":{"k":{"S":"v"}}},{"L":[{"S":"x"}]}]},"m":{"M":{"n":{"N":"2"},"ss":{"SS":["a"]}}},"ss":{"SS":["a","c"]},"x.y":{"B":"AQI="}}`
)

// FuzzParse checks that parsing ends in an expression that can be applied, or
// in an error with a text.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"a = :n AND NOT (begins_with(s, :s) OR size(l) > :n)", "#a IN (:n, :s) and a.b[0] between :n and :n",
		"SET #a = a + :n, l[9] = list_append(:l, l) REMOVE m.n ADD ss :ss DELETE m.ss :ss", "a, m.n, l[0].k, #dot",
		"((a)) = :n", "SET a = if_not_exists(b, (:n)) - :n", "!!", "a[99999999999]", "NOT NOT a = a", "a = :",
	} {
		for k := range KindUpdate + 1 {
			f.Add(uint8(k), seed)
		}
	}
	it := parseItem(f, fuzzItem)
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		s := testScope(t, fuzzNames, fuzzValues)
		var err *Error
		switch k := Kind(kind) % (KindUpdate + 1); k {
		case KindProjection:
			var p *Projection
			if p, err = ParseProjection(text, s); err == nil {
				checkProjection(t, p, it)
			}
		case KindUpdate:
			var u *Update
			if u, err = ParseUpdate(text, s); err == nil {
				checkUpdate(t, u, it)
			}
		case KindKeyCondition:
			_, err = ParseKeyCondition(text, s)
		default:
			var c *Condition
			if c, err = ParseCondition(k, text, s); err != nil {
				break
			}
			opposite, errOpposite := ParseCondition(k, "NOT ("+text+")", s)
			if errOpposite == nil && opposite.Holds(it) == c.Holds(it) {
				t.Fatalf("%q and its opposite are %v", text, c.Holds(it))
			}
		}
		if err != nil && err.Text == "" {
			t.Fatalf("%q: error without a text", text)
		}
	})
}

// checkProjection checks that both ways to project give the same, which is no
// longer than the item.
func checkProjection(t *testing.T, p *Projection, it item.Item) {
	t.Helper()
	got := p.Apply(it)
	var b item.Builder
	p.Build(&b, it)
	if !got.Valid() || !bytes.Equal(got, b.Item()) || len(got) > len(it) {
		t.Fatalf("%v: %s, or %s", p.Paths(), got, b.Item())
	}
}

// FuzzUpdate applies updates to items.
func FuzzUpdate(f *testing.F) {
	for _, seed := range []string{
		"SET a = a + :n", "SET l[0] = :s, l[7] = :n REMOVE l[1]", "ADD ss :ss, m.n :n", "DELETE ss :ss, m.ss :ss",
		"SET m.x = m, l[1].k = l REMOVE s", "SET l = list_append(l, l), b = if_not_exists(b, :m)", "REMOVE l[2][0], #dot, m.n",
	} {
		f.Add(seed, fuzzItem)
		f.Add(seed, `{}`)
	}
	f.Fuzz(func(t *testing.T, text, itemText string) {
		d := awsjson.NewDecoder([]byte(itemText))
		it := item.DecodeAttributes(&d)
		if d.End() != nil || !it.Set || it.Err != nil {
			return
		}
		u, err := ParseUpdate(text, testScope(t, fuzzNames, fuzzValues))
		if err != nil {
			return
		}
		checkUpdate(t, u, it.Item)
	})
}

// checkUpdate checks what is true of every update.
func checkUpdate(t *testing.T, u *Update, old item.Item) {
	before := bytes.Clone(old)
	after, err := u.Apply(old, nil)
	if again, errAgain := u.Apply(old, nil); !bytes.Equal(after, again) || (err == nil) != (errAgain == nil) {
		t.Fatalf("%v: %s, then %s", u.Targets(), after, again)
	}
	if !bytes.Equal(before, old) {
		t.Fatalf("%v: the old item has changed", u.Targets())
	}
	if err != nil {
		return
	}
	if !after.Valid() {
		t.Fatalf("%v: not an item: %q", u.Targets(), after)
	}
	heads := map[string]bool{}
	for _, p := range u.Targets() {
		heads[p.Head()] = true
	}
	for name, v := range old.All() {
		if got, _ := after.Get(string(name)); !heads[string(name)] && !bytes.Equal(got, v) {
			t.Fatalf("%v: %s was %s, is %s", u.Targets(), name, v, got)
		}
	}
	for name, v := range after.All() {
		if _, there := old.Get(string(name)); !there && !heads[string(name)] {
			t.Fatalf("%v: %s has appeared: %s", u.Targets(), name, v)
		}
	}
	for _, fragment := range []item.Item{u.Fragment(old), u.NewFragment(old, nil)} {
		if fragment == nil {
			continue
		}
		if !fragment.Valid() || fragment.Len() == 0 {
			t.Fatalf("%v: fragment %s", u.Targets(), fragment)
		}
		for name := range fragment.All() {
			if !heads[string(name)] {
				t.Fatalf("%v: fragment has %s", u.Targets(), name)
			}
		}
	}
}
