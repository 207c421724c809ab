package item

import "testing"

func TestList(t *testing.T) {
	a := Item("M\x03\x01a0")
	for _, c := range []struct {
		name string
		fill func(l *List)
		want string
	}{
		{"absent", func(*List) {}, `{`},
		{"empty", func(l *List) { l.Open() }, `{"L":[],`},
		{"of one", func(l *List) { l.Open(); l.Add(a) }, `{"L":[{"a":{"NULL":true}}],`},
		{"of two", func(l *List) { l.Open(); l.Add(a); l.Add(a[:0:0]) }, `{"L":[{"a":{"NULL":true}},{}],`},
	} {
		var l List
		l.Begin([]byte("{"), `"L":`)
		c.fill(&l)
		if got := string(l.End()); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// What is added is written into the answer's room, and nowhere else.
func TestListAllocates(t *testing.T) {
	room, it := make([]byte, 0, 4096), Item("M\x03\x01a0")
	got := testing.AllocsPerRun(100, func() {
		var l List
		l.Begin(room, `"L":`)
		l.Open()
		for range 100 {
			l.Add(it)
		}
		if answer := l.End(); &answer[0] != &room[:1][0] {
			t.Error("the answer is somewhere else")
		}
	})
	if got > 0 {
		t.Errorf("100 items are allocated %v times", got)
	}
}

func TestLists(t *testing.T) {
	a := Item("M\x03\x01a0")
	for _, c := range []struct {
		name string
		fill func(l *Lists)
		want string
	}{
		{"absent", func(*Lists) {}, `{`},
		{"none", func(l *Lists) { l.Open() }, `{"L":{},`},
		{"an empty one", func(l *Lists) { l.Open(); l.Start("t") }, `{"L":{"t":[]},`},
		{"two", func(l *Lists) {
			l.Open()
			l.Start("t")
			l.Add(a)
			l.Add(a)
			l.Start("u\"")
			l.Add(a)
		}, `{"L":{"t":[{"a":{"NULL":true}},{"a":{"NULL":true}}],"u\"":[{"a":{"NULL":true}}]},`},
	} {
		var l Lists
		l.Begin([]byte("{"), `"L":`)
		c.fill(&l)
		if got := string(l.End()); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
