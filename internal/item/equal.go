package item

import (
	"bytes"
	"slices"
)

// Equal reports whether a and b have the same type and value. Sets and maps
// are compared without regard to order, lists in order.
func Equal(a, b Value) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case SS, NS, BS:
		return equalSets(a, b)
	case L:
		return equalLists(a, b)
	case M:
		return equalMaps(a, b)
	}
	return false // the other kinds have one form for one value
}

// Compare orders two values that are both S, both N or both B: text by its
// UTF-8 bytes, numbers by value. No other pair has an order.
func Compare(a, b Value) (c int, ok bool) {
	if a.Kind() != b.Kind() {
		return 0, false
	}
	switch a.Kind() {
	case S, B:
		return bytes.Compare(a.payload(), b.payload()), true
	case N:
		x, okX := a.Decimal()
		y, okY := b.Decimal()
		return x.Cmp(y), okX && okY
	}
	return 0, false
}

func equalLists(a, b Value) bool {
	x, y := a.payload(), b.payload()
	for len(x) > 0 && len(y) > 0 {
		var e, f Value
		e, x = cutValue(x)
		f, y = cutValue(y)
		if e == nil || f == nil || !Equal(e, f) {
			return false
		}
	}
	return len(x) == len(y)
}

func equalSets(a, b Value) bool {
	n := a.Len()
	if n != b.Len() {
		return false
	}
	if n > pairwiseMax {
		return slices.EqualFunc(sortedRuns(a, n), sortedRuns(b, n), bytes.Equal)
	}
	for m := range a.runs() {
		if !hasRun(b, m) {
			return false
		}
	}
	return true
}

func hasRun(set Value, member []byte) bool {
	for m := range set.runs() {
		if bytes.Equal(m, member) {
			return true
		}
	}
	return false
}

func sortedRuns(set Value, n int) [][]byte {
	runs := slices.AppendSeq(make([][]byte, 0, n), set.runs())
	slices.SortFunc(runs, bytes.Compare)
	return runs
}

func equalMaps(a, b Value) bool {
	n := a.Len()
	if n != b.Len() {
		return false
	}
	if n > pairwiseMax {
		return slices.EqualFunc(sortedFields(a, n), sortedFields(b, n), equalFields)
	}
	for name, v := range Item(a).All() {
		w, ok := b.Field(string(name))
		if !ok || !Equal(v, w) {
			return false
		}
	}
	return true
}

type field struct {
	name  []byte
	value Value
}

func sortedFields(m Value, n int) []field {
	fields := make([]field, 0, n)
	for name, v := range Item(m).All() {
		fields = append(fields, field{name, v})
	}
	slices.SortFunc(fields, func(f, g field) int { return bytes.Compare(f.name, g.name) })
	return fields
}

func equalFields(f, g field) bool {
	return bytes.Equal(f.name, g.name) && Equal(f.value, g.value)
}
