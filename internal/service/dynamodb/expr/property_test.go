package expr

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
)

// The properties compare the package with a naive model of it: values are int,
// string, []any and map[string]any, conditions are functions, and an update
// marks what it removes before it closes the gaps.

// model makes random values, conditions and updates.
type model struct {
	*rand.Rand
	values item.Builder // of the variables used so far
	n      int
}

func newModel(seed uint64) *model {
	m := &model{Rand: rand.New(rand.NewPCG(seed, 0))}
	m.values.BeginMap()
	return m
}

func (m *model) scope(t *testing.T) *Scope {
	m.values.EndMap()
	values := item.Attributes{Item: m.values.Item(), Set: m.n > 0}
	s, err := NewScope(nil, values)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (m *model) name() string { return []string{"a", "b", "c", "d"}[m.IntN(4)] }

func (m *model) scalar() any {
	if m.IntN(2) == 0 {
		return m.IntN(4)
	}
	return strings.Repeat("x", m.IntN(4))
}

// value returns a random value that nests at most depth times.
func (m *model) value(depth int) any {
	switch {
	case depth == 0 || m.IntN(3) == 0:
		return m.scalar()
	case m.IntN(2) == 0:
		list := make([]any, m.IntN(4))
		for i := range list {
			list[i] = m.value(depth - 1)
		}
		return list
	}
	return m.mapValue(depth)
}

func (m *model) mapValue(depth int) map[string]any {
	fields := map[string]any{}
	for range m.IntN(4) {
		fields[m.name()] = m.value(depth - 1)
	}
	return fields
}

// path returns a random path as text and as its elements, string or int.
func (m *model) path(depth int) (string, []any) {
	text := m.name()
	elements := []any{text}
	for range m.IntN(depth) {
		if m.IntN(2) == 0 {
			name := m.name()
			text, elements = text+"."+name, append(elements, name)
			continue
		}
		i := m.IntN(4)
		text, elements = fmt.Sprintf("%s[%d]", text, i), append(elements, i)
	}
	return text, elements
}

// variable returns a new :value that stands for v.
func (m *model) variable(v any) string {
	ref := fmt.Sprintf(":v%d", m.n)
	m.n++
	m.values.NameString(ref)
	build(&m.values, v)
	return ref
}

func build(b *item.Builder, v any) {
	switch v := v.(type) {
	case int:
		b.Value(item.Number(item.Int(int64(v))))
	case string:
		b.Value(item.String(v))
	case []any:
		b.BeginList()
		for _, e := range v {
			build(b, e)
		}
		b.EndList()
	case map[string]any:
		b.BeginMap()
		for name, f := range v {
			b.NameString(name)
			build(b, f)
		}
		b.EndMap()
	}
}

func storedItem(fields map[string]any) item.Item {
	var b item.Builder
	build(&b, fields)
	return b.Item()
}

// lookup returns the value at a path, nil for none.
func lookup(v any, elements []any) any {
	for _, e := range elements {
		switch e := e.(type) {
		case string:
			fields, _ := v.(map[string]any)
			v = fields[e]
		case int:
			list, _ := v.([]any)
			if e >= len(list) {
				return nil
			}
			v = list[e]
		}
	}
	return v
}

// modelOperand is an operand's text and what it is in an item.
type modelOperand struct {
	text string
	in   func(it any) any
}

func (m *model) operand() modelOperand {
	if m.IntN(3) == 0 {
		v := m.scalar()
		return modelOperand{m.variable(v), func(any) any { return v }}
	}
	text, elements := m.path(3)
	if m.IntN(4) > 0 {
		return modelOperand{text, func(it any) any { return lookup(it, elements) }}
	}
	return modelOperand{"size(" + text + ")", func(it any) any {
		switch v := lookup(it, elements).(type) {
		case string:
			return len(v)
		case []any:
			return len(v)
		case map[string]any:
			return len(v)
		}
		return nil
	}}
}

// ordered compares two values of one scalar type.
func ordered(a, b any) (c int, ok bool) {
	switch a := a.(type) {
	case int:
		b, ok := b.(int)
		return a - b, ok
	case string:
		b, ok := b.(string)
		return strings.Compare(a, b), ok
	}
	return 0, false
}

func same(a, b any) bool {
	return a != nil && b != nil && storedEqual(a, b)
}

func storedEqual(a, b any) bool {
	x, y := map[string]any{"v": a}, map[string]any{"v": b}
	return storedItem(x).Equal(storedItem(y))
}

// condition returns a random condition as text and as a function.
func (m *model) condition(depth int) (string, func(any) bool) {
	if depth == 0 || m.IntN(4) == 0 {
		return m.predicate()
	}
	x, fx := m.condition(depth - 1)
	y, fy := m.condition(depth - 1)
	switch m.IntN(3) {
	case 0:
		return "NOT (" + x + ")", func(it any) bool { return !fx(it) }
	case 1:
		return fmt.Sprintf("(%s) AND (%s)", x, y), func(it any) bool { return fx(it) && fy(it) }
	}
	return fmt.Sprintf("(%s) OR (%s)", x, y), func(it any) bool { return fx(it) || fy(it) }
}

func (m *model) predicate() (string, func(any) bool) {
	a, b, c := m.operand(), m.operand(), m.operand()
	compare := func(x, y modelOperand, holds func(c int) bool) func(any) bool {
		return func(it any) bool {
			c, ok := ordered(x.in(it), y.in(it))
			return ok && holds(c)
		}
	}
	switch m.IntN(8) {
	case 0:
		return a.text + " = " + b.text, func(it any) bool { return same(a.in(it), b.in(it)) }
	case 1:
		return a.text + " <> " + b.text, func(it any) bool { return !same(a.in(it), b.in(it)) }
	case 2:
		return a.text + " < " + b.text, compare(a, b, func(c int) bool { return c < 0 })
	case 3:
		return a.text + " >= " + b.text, compare(a, b, func(c int) bool { return c >= 0 })
	case 4:
		low, high := compare(b, a, func(c int) bool { return c <= 0 }), compare(a, c, func(c int) bool { return c <= 0 })
		return fmt.Sprintf("%s BETWEEN %s AND %s", a.text, b.text, c.text), func(it any) bool { return low(it) && high(it) }
	case 5:
		return fmt.Sprintf("%s IN (%s, %s)", a.text, b.text, c.text), func(it any) bool {
			return same(a.in(it), b.in(it)) || same(a.in(it), c.in(it))
		}
	case 6:
		return fmt.Sprintf("contains(%s, %s)", a.text, b.text), func(it any) bool {
			switch v := a.in(it).(type) {
			case string:
				part, ok := b.in(it).(string)
				return ok && strings.Contains(v, part)
			case []any:
				part := b.in(it)
				return slices.ContainsFunc(v, func(e any) bool { return same(e, part) })
			}
			return false
		}
	}
	text, elements := m.path(3)
	return "attribute_exists(" + text + ")", func(it any) bool { return lookup(it, elements) != nil }
}

func TestConditionsHoldAsModel(t *testing.T) {
	evaluated, held := 0, 0
	for seed := range uint64(20000) {
		m := newModel(seed)
		text, holds := m.condition(3)
		c, err := ParseCondition(KindCondition, text, m.scope(t))
		if err != nil {
			if !strings.Contains(err.Text, "distinct") && !strings.Contains(err.Text, "BETWEEN") && !strings.Contains(err.Text, "exceeded") {
				t.Fatalf("seed %d: %s: %s", seed, text, err)
			}
			continue // the same path twice, or bounds that do not fit
		}
		for range 3 {
			fields := m.mapValue(3)
			evaluated++
			if holds(fields) {
				held++
			}
			if got := c.Holds(storedItem(fields)); got != holds(fields) {
				t.Fatalf("seed %d: %s is %v for %s", seed, text, got, storedItem(fields))
			}
		}
	}
	if evaluated < 20000 || held < evaluated/5 || held > evaluated*4/5 {
		t.Errorf("%d of %d held: the model makes dull conditions", held, evaluated)
	}
}

// removed marks an element until its list closes up, appended holds what goes
// behind the end of one.
type removed struct{}

type modelUpdate struct {
	root     map[string]any
	appended map[string]map[int]any // by the path of the list
}

// set puts v at a path, or removed{}. It reports whether the parents exist.
func (u *modelUpdate) set(elements []any, v any) bool {
	last := len(elements) - 1
	switch parent := lookup(u.root, elements[:last]).(type) {
	case map[string]any:
		name, ok := elements[last].(string)
		if !ok {
			return false
		}
		parent[name] = v
		return true
	case []any:
		i, ok := elements[last].(int)
		if !ok {
			return false
		}
		if i < len(parent) {
			parent[i] = v
			return true
		}
		list := fmt.Sprint(elements[:last])
		if u.appended[list] == nil {
			u.appended[list] = map[int]any{}
		}
		u.appended[list][i] = v
		return true
	}
	return false
}

// close returns v, which stands at a path, without what was removed and with
// what was appended.
func (u *modelUpdate) close(v any, path []any) any {
	switch v := v.(type) {
	case []any:
		var list []any
		for i, e := range v {
			if e = u.close(e, append(path[:len(path):len(path)], i)); e != (removed{}) {
				list = append(list, e)
			}
		}
		for i := range 10 {
			if e, ok := u.appended[fmt.Sprint(path)][i]; ok && e != (removed{}) {
				list = append(list, e)
			}
		}
		return list
	case map[string]any:
		fields := map[string]any{}
		for name, f := range v {
			if f = u.close(f, append(path[:len(path):len(path)], name)); f != (removed{}) {
				fields[name] = f
			}
		}
		return fields
	}
	return v
}

func TestUpdatesApplyAsModel(t *testing.T) {
	applied := 0
	for seed := range uint64(40000) {
		m := newModel(seed)
		fields := m.mapValue(4)
		old := storedItem(fields)
		u := modelUpdate{root: fields, appended: map[string]map[int]any{}}
		var sets, removes []string
		ok := true
		for range 1 + m.IntN(4) {
			text, elements := m.path(3)
			if m.IntN(2) == 0 {
				removes = append(removes, text)
				ok = u.set(elements, removed{}) && ok
				continue
			}
			v := m.scalar()
			sets = append(sets, text+" = "+m.variable(v))
			ok = u.set(elements, v) && ok
		}
		text := ""
		if sets != nil {
			text = "SET " + strings.Join(sets, ", ")
		}
		if removes != nil {
			text += " REMOVE " + strings.Join(removes, ", ")
		}
		update, err := ParseUpdate(text, m.scope(t))
		if err != nil {
			if !strings.Contains(err.Text, "Two document paths") {
				t.Fatalf("seed %d: %s: %s", seed, text, err)
			}
			continue
		}
		after, err := update.Apply(old, nil)
		if (err == nil) != ok {
			t.Fatalf("seed %d: %s on %s: %v, want %v", seed, text, old, err, ok)
		}
		if err != nil {
			continue
		}
		applied++
		if want := storedItem(u.close(u.root, nil).(map[string]any)); !after.Equal(want) {
			t.Fatalf("seed %d: %s on %s: %s, want %s", seed, text, old, after, want)
		}
	}
	if applied < 4000 {
		t.Errorf("%d updates applied: the model makes wrong ones", applied)
	}
}
