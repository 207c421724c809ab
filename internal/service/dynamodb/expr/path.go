package expr

import (
	"strconv"

	"github.com/gramme-db/gramme/internal/item"
)

// Path is a document path after substitution: a top-level attribute, then map
// keys and list indexes. It has at least one element, the first a name.
type Path []Element

// Element is one step of a path: a name, or an index into a list.
type Element struct {
	Name    string
	Index   int32
	IsIndex bool
}

// Head returns the top-level attribute.
func (p Path) Head() string { return p[0].Name }

// Nested reports whether the path goes below its top-level attribute.
func (p Path) Nested() bool { return len(p) > 1 }

// String returns the path as AWS prints it: "[a, [0], b]".
func (p Path) String() string {
	text := []byte{'['}
	for i, e := range p {
		if i > 0 {
			text = append(text, ", "...)
		}
		if e.IsIndex {
			text = append(text, '[')
			text = strconv.AppendInt(text, int64(e.Index), 10)
			text = append(text, ']')
			continue
		}
		text = append(text, e.Name...)
	}
	return string(append(text, ']'))
}

// endsInIndex reports whether the path names an element of a list.
func (p Path) endsInIndex() bool { return p[len(p)-1].IsIndex }

// in returns the value at the path, nil where there is none.
func (p Path) in(it item.Item) item.Value { return p.below(it.AsValue()) }

// below is in for a path that starts at v.
func (p Path) below(v item.Value) item.Value {
	for i := range p {
		e := &p[i]
		ok := false
		if e.IsIndex {
			v, ok = v.Index(int(e.Index))
		} else {
			v, ok = v.Field(e.Name)
		}
		if !ok {
			return nil
		}
	}
	return v
}

func (p Path) equal(q Path) bool {
	return len(p) == len(q) && common(p, q) == len(p)
}

// common returns how many elements two paths share from the front.
func common(p, q Path) int {
	n := 0
	for n < min(len(p), len(q)) && p[n] == q[n] {
		n++
	}
	return n
}

// overlap reports whether one path is the other or leads to it.
func overlap(p, q Path) bool { return common(p, q) == min(len(p), len(q)) }

// conflict reports whether two paths part where one has a name and the other
// an index.
func conflict(p, q Path) bool {
	n := common(p, q)
	return n < min(len(p), len(q)) && p[n].IsIndex != q[n].IsIndex
}
