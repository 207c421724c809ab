package expr

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/wire"
)

// parse parses text as an expression of any kind and returns the error.
func parse(k Kind, text string, s *Scope) (err *Error) {
	switch k {
	case KindProjection:
		_, err = ParseProjection(text, s)
	case KindUpdate:
		_, err = ParseUpdate(text, s)
	case KindKeyCondition:
		_, err = ParseKeyCondition(text, s)
	default:
		_, err = ParseCondition(k, text, s)
	}
	return err
}

func testScope(t testing.TB, names, values string) *Scope {
	s, err := NewScope(parseNames(t, names), parseValues(t, values))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Each limit is tried with the last text that fits and the first that does not.
func TestLimits(t *testing.T) {
	list := func(n int, element string) string {
		return strings.TrimSuffix(strings.Repeat(element+",", n), ",")
	}
	comparisons := func(n int) string {
		return strings.TrimSuffix(strings.Repeat("a=:v OR ", n), " OR ")
	}
	sums := func(n int) string {
		var b strings.Builder
		b.WriteString("SET ")
		for i := range n {
			b.WriteString("a" + strconv.Itoa(i) + "=b+:v,")
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	tests := []struct {
		kind Kind
		text string
		want string
	}{
		{KindProjection, strings.Repeat("a", 4096), ""},
		{KindProjection, strings.Repeat("a", 4097), "Invalid ProjectionExpression: Expression size has exceeded the maximum allowed size; expression size: 4097"},
		{KindFilter, "a=:v" + strings.Repeat(" ", 4092), ""},
		{KindFilter, "a=:v" + strings.Repeat(" ", 4093), "Invalid FilterExpression: Expression size has exceeded the maximum allowed size; expression size: 4097"},
		{KindFilter, comparisons(150) + " OR NOT a=:v", "Invalid FilterExpression: The expression contains too many operators; operator count: 302"},
		{KindFilter, "NOT " + comparisons(150), ""},
		{KindFilter, comparisons(151), "Invalid FilterExpression: The expression contains too many operators; operator count: 301"},
		{KindUpdate, sums(300), ""},
		{KindUpdate, sums(301), "Invalid UpdateExpression: The expression contains too many operators; operator count: 301"},
		{KindCondition, "a IN (" + list(100, ":v") + ")", ""},
		{KindCondition, "a IN (" + list(101, ":v") + ")", "Invalid ConditionExpression: The IN operator is provided with too many operands; number of operands: 101"},
		{KindProjection, "a" + strings.Repeat(".b", 31), ""},
		{KindProjection, "a" + strings.Repeat("[1]", 32), "Invalid ProjectionExpression: The document path has too many nesting levels; nesting levels: 33"},
		{KindCondition, "a" + strings.Repeat(".b", 32) + "=:v", "Invalid ConditionExpression: The document path has too many nesting levels; nesting levels: 33"},
	}
	for _, test := range tests {
		got := ""
		if err := parse(test.kind, test.text, testScope(t, "", `{":v":{"N":"1"}}`)); err != nil {
			got = err.Text
		}
		if got != test.want {
			t.Errorf("%s of %d bytes, %.20s...: %q, want %q", test.kind, len(test.text), test.text, got, test.want)
		}
	}
}

func TestScopeLimits(t *testing.T) {
	name := func(keyBytes, textBytes int) wire.Map[string] {
		return wire.Map[string]{{Key: "#" + strings.Repeat("k", keyBytes-1), Value: strings.Repeat("x", textBytes)}}
	}
	values := func(keyBytes, textBytes int) item.Attributes {
		var b item.Builder
		b.BeginMap()
		b.Field(":"+strings.Repeat("k", keyBytes-1), item.String(strings.Repeat("x", textBytes)))
		b.EndMap()
		return item.Attributes{Item: b.Item(), Set: true}
	}
	tests := []struct {
		what   string
		names  wire.Map[string]
		values item.Attributes
		ok     bool
	}{
		{"name of 255 bytes", name(255, 1), item.Attributes{}, true},
		{"name of 256 bytes", name(256, 1), item.Attributes{}, false},
		{"value of 255 bytes", nil, values(255, 1), true},
		{"value of 256 bytes", nil, values(256, 1), false},
		{"2 MB of variables", name(2, 65535), values(2, 2<<20-65535-20), true},
		{"more than 2 MB of variables", name(2, 65535), values(2, 2<<20-65535), false},
	}
	for _, test := range tests {
		if _, err := NewScope(test.names, test.values); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.what, err)
		}
	}
}

// Many variables are found and counted as few are.
func TestScopeManyVariables(t *testing.T) {
	const n = 200
	var names wire.Map[string]
	var values item.Builder
	values.BeginMap()
	for i := range n {
		names = append(names, wire.Entry[string]{Key: "#n" + strconv.Itoa(i), Value: "a" + strconv.Itoa(i)})
		values.Field(":v"+strconv.Itoa(i), item.String(strconv.Itoa(i)))
	}
	values.EndMap()
	s, err := NewScope(names, item.Attributes{Item: values.Item(), Set: true})
	if err != nil {
		t.Fatal(err)
	}
	it := parseItem(t, `{"a117":{"S":"42"}}`)
	c, err := ParseCondition(KindCondition, "#n117 = :v42", s)
	if err != nil || !c.Holds(it) {
		t.Errorf("#n117 = :v42: %v, holds %v", err, c.Holds(it))
	}
	for _, text := range []string{"#n200 = :v0", "#n0 = :v200", "#n0 = :n0"} {
		if _, err := ParseCondition(KindCondition, text, s); err == nil {
			t.Errorf("%s is fine", text)
		}
	}
	unused := s.Unused()
	if unused == nil || !strings.Contains(unused.Text, "{#n1, #n2,") || strings.Contains(unused.Text, "#n117,") {
		t.Errorf("unused: %v", unused)
	}
}

// The text bounds how deep an expression nests, and so the stack that parsing
// and evaluating it takes.
func TestDeepNesting(t *testing.T) {
	deep := func(open, middle, closing string) string {
		n := (expressionBytesMax - len(middle)) / (len(open) + len(closing))
		return strings.Repeat(open, n) + middle + strings.Repeat(closing, n)
	}
	tests := []struct {
		kind Kind
		text string
	}{
		{KindCondition, deep("(", "a=:v", ")")},
		{KindCondition, deep("(", "", "")},
		{KindCondition, deep("NOT ", "a=:v", "")},
		{KindCondition, deep("NOT (", "a=:v", ")")},
		{KindCondition, deep("a=:v AND (", "a=:v", ")")},
		{KindCondition, deep("size(", "a", ")") + "=:v"},
		{KindCondition, "a=" + deep("(", ":v", ")")[1:]},
		{KindCondition, deep("f(", "a", "")},
		{KindCondition, deep("(", "a", ").b")},
		{KindUpdate, "SET a=" + deep("(", ":v", ")")[6:]},
		{KindUpdate, "SET a=" + deep("if_not_exists(b,", ":v", ")")[12:]},
		{KindUpdate, deep("list_append(", "", "")},
		{KindUpdate, "SET a=" + deep("(", "", "")[6:]},
	}
	for _, test := range tests {
		if err := parse(test.kind, test.text, testScope(t, "", `{":v":{"N":"1"}}`)); err == nil {
			t.Errorf("%.30s... of %d bytes is fine", test.text, len(test.text))
		}
	}
}

// As deep as the limits allow, a condition is evaluated.
func TestDeepestCondition(t *testing.T) {
	s := testScope(t, "", `{":v":{"N":"1"}}`)
	c, err := ParseCondition(KindCondition, strings.Repeat("NOT (", 299)+"a=:v"+strings.Repeat(")", 299), s)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Holds(nil) {
		t.Error("an odd number of NOT before false is false")
	}
}

// Sets of any length are added to and taken from in time that grows with their
// length.
func TestLongSets(t *testing.T) {
	set := func(from, to int) item.Value {
		var members [][]byte
		for i := from; i < to; i++ {
			members = append(members, []byte(strconv.Itoa(i)))
		}
		return item.Set(item.NS, members)
	}
	for _, test := range []struct {
		text     string
		old, arg item.Value
		want     item.Value
	}{
		{"ADD s :v", set(0, 10), set(5, 15), set(0, 15)},
		{"ADD s :v", set(0, 10), set(5, 50000), set(0, 50000)},
		{"ADD s :v", set(0, 50000), set(10, 60000), set(0, 60000)},
		{"DELETE s :v", set(0, 50000), set(1, 60000), set(0, 1)},
		{"DELETE s :v", set(0, 50000), set(0, 10), set(10, 50000)},
		{"DELETE s :v", set(0, 50000), set(0, 50000), nil},
	} {
		var values, old item.Builder
		values.BeginMap()
		values.Field(":v", test.arg)
		values.EndMap()
		old.BeginMap()
		old.Field("s", test.old)
		old.EndMap()
		s, err := NewScope(nil, item.Attributes{Item: values.Item(), Set: true})
		if err != nil {
			t.Fatal(err)
		}
		u, err := ParseUpdate(test.text, s)
		if err != nil {
			t.Fatal(err)
		}
		it, err := u.Apply(old.Item(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := it.Get("s"); !item.Equal(got, test.want) {
			t.Errorf("%s: %d and %d members make %d, want %d", test.text, test.old.Len(), test.arg.Len(), got.Len(), test.want.Len())
		}
	}
}

// A short update cannot make much work of a large item.
func TestUpdateWork(t *testing.T) {
	var list item.Builder
	list.BeginMap()
	list.NameString("l")
	list.BeginList()
	for range 2000 {
		list.Value(item.String(strings.Repeat("x", 180)))
	}
	list.EndList()
	list.EndMap()
	it := list.Item()
	repeated := func(n int, format string) string {
		var actions []string
		for i := range n {
			actions = append(actions, fmt.Sprintf(format, i))
		}
		return "SET " + strings.Join(actions, ",")
	}
	const calls = 200
	chain := func(operand string) string {
		return "SET a=" + strings.Repeat("list_append(", calls) + operand + strings.Repeat(","+operand+")", calls)
	}
	tests := []struct {
		text string
		want int // elements of a, 0 for a refusal
	}{
		{"SET a = list_append(l, l)", 4000},
		{"SET l = if_not_exists(l, :e), a = l", 2000},
		{"SET a=" + strings.Repeat("list_append(", calls) + "l" + strings.Repeat(",:e)", calls), 2000 + calls},
		{"SET a=" + strings.Repeat("list_append(:e,if_not_exists(b,", 100) + "l" + strings.Repeat("))", 100), 2000 + 100},
		{chain(":e"), 1 + calls},
		{chain("l"), 0},
		{repeated(150, "a%d=list_append(l,l)"), 0},
		{repeated(500, "a%d=l"), 0},
	}
	for _, test := range tests {
		u, err := ParseUpdate(test.text, testScope(t, "", `{":e":{"L":[{"N":"1"}]}}`))
		if err != nil {
			t.Fatalf("%.40s...: %s", test.text, err)
		}
		after, err := u.Apply(it, nil)
		a, _ := after.Get("a")
		if a.Len() != test.want || (err == nil) != (test.want > 0) {
			t.Errorf("%.40s...: %d elements, want %d; %v", test.text, a.Len(), test.want, err)
		}
		if err != nil && err.Text != errUpdateTooLarge().Text {
			t.Errorf("%.40s...: %s", test.text, err)
		}
	}
}

// Absent expressions are nil and do nothing.
func TestNothing(t *testing.T) {
	it := parseItem(t, `{"a":{"N":"1"}}`)
	var c *Condition
	var p *Projection
	var u *Update
	var s *Scope
	if !c.Holds(it) || !c.Holds(nil) || c.Paths() != nil {
		t.Error("no condition does not hold")
	}
	if !p.Apply(it).Equal(it) || p.Paths() != nil {
		t.Error("no projection changes the item")
	}
	if got, err := u.Apply(it, nil); err != nil || !got.Equal(it) {
		t.Errorf("no update makes %s, %v", got, err)
	}
	if got, err := u.Apply(nil, it); err != nil || !got.Equal(it) {
		t.Errorf("no update makes %s of the key, %v", got, err)
	}
	for range u.StaticTypes() {
		t.Error("no update has types")
	}
	if u.Fragment(it) != nil || u.NewFragment(it, nil) != nil || u.Targets() != nil || u.Paths() != nil || u.SizeOverhead() != updateBaseBytes {
		t.Error("no update has effects")
	}
	if err := s.Unused(); err != nil {
		t.Error(err)
	}
	if err := parse(KindCondition, "#a = :a", s); err == nil {
		t.Error("no scope has variables")
	}
	if err := parse(KindProjection, "a, b.c", s); err != nil {
		t.Error(err)
	}
}

func TestReservedWords(t *testing.T) {
	text, err := os.ReadFile("testdata/reserved_words")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(string(text))
	if len(words) != 573 {
		t.Fatalf("%d words, want 573", len(words))
	}
	for _, w := range words {
		if !reserved(w) || !reserved(strings.ToLower(w)) || !reserved(w[:1]+strings.ToLower(w[1:])) {
			t.Errorf("%s is not found", w)
		}
		for _, other := range []string{w + "X", "X" + w, w[1:], w[:len(w)-1], w + "_", w + "1"} {
			if want := slices.Contains(words, other); reserved(other) != want {
				t.Errorf("reserved(%s) = %v", other, !want)
			}
		}
	}
	for _, w := range []string{"", "A", "AA", "ZZZ", " ", "LOCALTIMESTAMPS", "abört"} {
		if reserved(w) {
			t.Errorf("reserved(%q)", w)
		}
	}
}
