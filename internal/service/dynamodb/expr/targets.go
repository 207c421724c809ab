package expr

import (
	"cmp"
	"slices"
	"strings"
)

// targets are the paths of a projection, or those an update writes to, in an
// order that keeps paths with a common beginning together: shorter before
// longer, names before indexes, both ascending. The paths below one place in
// an item are then one run of targets, and an item is rewritten in one pass
// down a tree that exists only as this order. No target leads to another.
type targets []target

// target is a path and where it stands in the text, counted from 0.
type target struct {
	path  Path
	place int32
}

// newTargets sorts paths, which are in the order of the text. The error is
// the first overlap, else the first conflict, between two of them.
func newTargets(k Kind, paths []Path, room []target) (ts targets, overlapping, conflicting *Error) {
	ts = room[:0]
	for i, p := range paths {
		ts = append(ts, target{path: p, place: int32(i)})
	}
	slices.SortFunc(ts, compareTargets)
	// Sorted, a path stands right before some path that it overlaps or
	// conflicts with, if there is any. Which two AWS reports depends on the
	// order of the text.
	for i := 1; i < len(ts); i++ {
		p, q := ts[i-1].path, ts[i].path
		if overlapping == nil && overlap(p, q) {
			one, two := firstPair(paths, overlap)
			overlapping = errOverlap(k, one, two)
		}
		if conflicting == nil && conflict(p, q) {
			one, two := firstPair(paths, conflict)
			conflicting = errConflict(k, one, two)
		}
	}
	return ts, overlapping, conflicting
}

// firstPair returns the first path that clashes with an earlier one, and the
// first of these.
func firstPair(paths []Path, clash func(p, q Path) bool) (one, two Path) {
	for i, q := range paths {
		for _, p := range paths[:i] {
			if clash(p, q) {
				return p, q
			}
		}
	}
	return nil, nil
}

func compareTargets(s, t target) int { return comparePaths(s.path, t.path) }

func comparePaths(p, q Path) int {
	for i := range min(len(p), len(q)) {
		if c := compareElements(p[i], q[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(p), len(q))
}

func compareElements(d, e Element) int {
	switch {
	case !d.IsIndex && !e.IsIndex:
		return strings.Compare(d.Name, e.Name)
	case d.IsIndex && e.IsIndex:
		return cmp.Compare(d.Index, e.Index)
	case e.IsIndex:
		return -1
	}
	return 1
}

// span is a run of targets that agree on everything before some depth:
// targets[lo:hi].
type span struct{ lo, hi int }

// first returns the run at the start of s that goes one way at depth.
func (ts targets) first(s span, depth int) span {
	end := s.lo + 1
	for end < s.hi && ts[end].path[depth] == ts[s.lo].path[depth] {
		end++
	}
	return span{s.lo, end}
}

// named returns the run in s that goes to name at depth; an empty one where
// none does.
func (ts targets) named(s span, depth int, name []byte) span {
	lo, hi := s.lo, s.hi
	for lo < hi {
		mid := lo + (hi-lo)/2
		if e := &ts[mid].path[depth]; !e.IsIndex && e.Name < string(name) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == s.hi || ts[lo].path[depth].IsIndex || ts[lo].path[depth].Name != string(name) {
		return span{lo, lo}
	}
	return ts.first(span{lo, s.hi}, depth)
}

// indexed returns the run at the start of s if it goes to index i at depth;
// an empty one where it does not.
func (ts targets) indexed(s span, depth int, i int32) span {
	if s.lo == s.hi || !ts[s.lo].path[depth].IsIndex || ts[s.lo].path[depth].Index != i {
		return span{s.lo, s.lo}
	}
	return ts.first(s, depth)
}

// isLeaf reports whether the targets of s end at depth: there is then only one.
func (ts targets) isLeaf(s span, depth int) bool { return len(ts[s.lo].path) == depth+1 }
