package expr

import "testing"

const benchItem = `{"pk":{"S":"user#1"},"sk":{"S":"order#7"},"c":{"N":"41"},"s":{"S":"open"},"tags":{"SS":["a","b"]},"m":{"M":{"x":{"N":"1"},"y":{"L":[{"S":"z"}]}}},"note":{"S":"the quick brown fox jumps over the lazy dog"}}`

const (
	benchNames  = `{"#c":"c","#s":"s"}`
	benchValues = `{":one":{"N":"1"},":s":{"S":"closed"}}`
)

// Parsing is part of every request: what it allocates is fixed here.
func TestAllocations(t *testing.T) {
	names, values := parseNames(t, benchNames), parseValues(t, benchValues)
	it := parseItem(t, benchItem)
	s := testScope(t, benchNames, benchValues)
	condition, _ := ParseCondition(KindCondition, "#c > :one AND (attribute_not_exists(m.y[1]) OR #s = :s) AND NOT begins_with(sk, :s) AND NOT contains(tags, :s)", s)
	projection, _ := ParseProjection("pk, m.y[0]", nil)
	update, _ := ParseUpdate("SET #c = #c + :one, #s = :s", s)
	tests := []struct {
		name string
		max  float64
		run  func()
	}{
		{"scope", 1, func() { _, _ = NewScope(names, values) }},
		{"parse condition", 1, func() { _, _ = ParseCondition(KindCondition, "attribute_not_exists(pk)", nil) }},
		{"parse projection", 1, func() { _, _ = ParseProjection("pk, m.y[0]", nil) }},
		{"parse update", 1, func() { _, _ = ParseUpdate("SET #c = #c + :one, #s = :s", s) }},
		{"condition", 0, func() {
			if !condition.Holds(it) {
				t.Fatal("does not hold")
			}
		}},
		{"projection", 4, func() { projection.Apply(it) }},
		{"update", 3, func() { _, _ = update.Apply(it, nil) }},
	}
	for _, test := range tests {
		if got := testing.AllocsPerRun(100, test.run); got > test.max {
			t.Errorf("%s: %v allocations, want %v at most", test.name, got, test.max)
		}
	}
}

func BenchmarkScope(b *testing.B) {
	names, values := parseNames(b, benchNames), parseValues(b, benchValues)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewScope(names, values); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseCondition(b *testing.B) {
	for _, text := range []string{"attribute_not_exists(pk)", "#c > :one AND (attribute_exists(m.y[0]) OR #s = :s)"} {
		b.Run(text, func(b *testing.B) {
			s := testScope(b, benchNames, benchValues)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseCondition(KindCondition, text, s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseUpdate(b *testing.B) {
	s := testScope(b, benchNames, benchValues)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseUpdate("SET #c = #c + :one, #s = :s", s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseProjection(b *testing.B) {
	s := testScope(b, benchNames, benchValues)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseProjection("pk, #c, m.y[0]", s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHolds(b *testing.B) {
	it := parseItem(b, benchItem)
	for _, text := range []string{"attribute_not_exists(nope)", "#c > :one AND (attribute_exists(m.y[0]) OR #s = :s)", "size(note) > :one"} {
		b.Run(text, func(b *testing.B) {
			c, err := ParseCondition(KindCondition, text, testScope(b, benchNames, benchValues))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if !c.Holds(it) {
					b.Fatal("does not hold")
				}
			}
		})
	}
}

func BenchmarkApplyUpdate(b *testing.B) {
	it := parseItem(b, benchItem)
	u, err := ParseUpdate("SET #c = #c + :one, #s = :s", testScope(b, benchNames, benchValues))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := u.Apply(it, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkApplyProjection(b *testing.B) {
	it := parseItem(b, benchItem)
	p, err := ParseProjection("pk, #c, m.y[0]", testScope(b, benchNames, benchValues))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		p.Apply(it)
	}
}

func BenchmarkReserved(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if reserved("userid") || !reserved("status") {
			b.Fatal("wrong")
		}
	}
}
