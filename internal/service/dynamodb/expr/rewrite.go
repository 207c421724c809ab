package expr

import "github.com/gramme-db/gramme/internal/item"

// rewriter writes an item anew with the results of an update in it. What no
// target leads to is copied as it is stored.
//
// In a list a result takes the place of the element with its index in the
// list as it was; elements without a result close up; results for indexes
// beyond the end are appended, in the order of their indexes.
type rewriter struct {
	b       *item.Builder
	targets targets
	results []item.Value // by a target's place; nil leaves nothing there

	// met[i] tells how many elements of a path were there in the item, for the
	// run of targets that starts at i and has gone through these; 0 at first.
	met []uint8

	writtenOnly bool // leave out what no target leads to
}

// estimate returns about how many bytes the new item takes.
func (r *rewriter) estimate(it item.Item) int {
	const fieldBytes = 24 // a name and the lengths around it
	n := fieldBytes
	if !r.writtenOnly {
		n += len(it)
	}
	for _, v := range r.results {
		n += fieldBytes + len(v)
	}
	return n
}

func (r *rewriter) fields(m item.Item, s span, depth int) *Error {
	for name, v := range m.All() {
		below := r.targets.named(s, depth, name)
		if below.lo == below.hi {
			if !r.writtenOnly {
				r.b.Name(name)
				r.b.Value(v)
			}
			continue
		}
		r.met[below.lo] = uint8(depth + 1)
		if !r.leaves(v, below, depth) {
			continue
		}
		r.b.Name(name)
		if err := r.value(v, below, depth); err != nil {
			return err
		}
	}
	for s.lo < s.hi {
		below := r.targets.first(s, depth)
		s.lo = below.hi
		if int(r.met[below.lo]) > depth {
			continue
		}
		v, err := r.missing(below, depth)
		if err != nil {
			return err
		}
		if v != nil {
			r.b.NameString(r.targets[below.lo].path[depth].Name)
			r.b.Value(v)
		}
	}
	return nil
}

func (r *rewriter) elements(l item.Value, s span, depth int) *Error {
	i := int32(0)
	for v := range l.Elements() {
		below := r.targets.indexed(s, depth, i)
		s.lo = below.hi
		i++
		switch {
		case below.lo == below.hi:
			if !r.writtenOnly {
				r.b.Value(v)
			}
		case r.leaves(v, below, depth):
			if err := r.value(v, below, depth); err != nil {
				return err
			}
		}
	}
	for s.lo < s.hi {
		below := r.targets.first(s, depth)
		s.lo = below.hi
		v, err := r.missing(below, depth)
		if err != nil {
			return err
		}
		if v != nil {
			r.b.Value(v)
		}
	}
	return nil
}

// value writes what becomes of v, which the targets of s go through at depth.
func (r *rewriter) value(v item.Value, s span, depth int) *Error {
	if r.targets.isLeaf(s, depth) {
		r.b.Value(r.result(s.lo))
		return nil
	}
	if r.targets[s.lo].path[depth+1].IsIndex {
		if v.Kind() != item.L {
			return errUpdatePath()
		}
		r.b.BeginList()
		err := r.elements(v, s, depth+1)
		r.b.EndList()
		return err
	}
	if v.Kind() != item.M {
		return errUpdatePath()
	}
	r.b.BeginMap()
	err := r.fields(v.Map(), s, depth+1)
	r.b.EndMap()
	return err
}

// leaves reports whether anything is to be written for v, which the targets
// of s go through at depth. A container stays when all in it goes, except in
// what shows only what was written.
func (r *rewriter) leaves(v item.Value, s span, depth int) bool {
	if !r.writtenOnly && !r.targets.isLeaf(s, depth) {
		return true
	}
	for i := s.lo; i < s.hi; i++ {
		if r.result(i) != nil {
			return true
		}
	}
	return false
}

// missing returns what to write where the item has nothing: the result of a
// target that ends here, nil for none. Targets that go on have no parent.
func (r *rewriter) missing(s span, depth int) (item.Value, *Error) {
	if !r.targets.isLeaf(s, depth) {
		return nil, errUpdatePath()
	}
	return r.result(s.lo), nil
}

func (r *rewriter) result(target int) item.Value {
	return r.results[r.targets[target].place]
}
