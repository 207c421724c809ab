package item

import (
	"bytes"
	"cmp"
	"slices"
)

// Members of a set and names of a map are distinct. What comes twice is found
// at a cost that the length of the payload bounds: a few are compared each
// with each, more are sorted. Members and fields are told by where they start
// in the payload; both begin with the run that must be distinct.

// runAt returns the member, or the field's name, that starts at start.
func runAt(payload []byte, start int) []byte {
	run, _ := cutRun(payload[start:])
	return run
}

func appendMemberStarts(starts []int, payload []byte) []int {
	for rest := payload; len(rest) > 0; {
		starts = append(starts, len(payload)-len(rest))
		_, rest = cutRun(rest)
	}
	return starts
}

func appendFieldStarts(starts []int, payload []byte) []int {
	for rest := payload; len(rest) > 0; {
		starts = append(starts, len(payload)-len(rest))
		_, _, rest = cutField(rest)
	}
	return starts
}

func hasDuplicateMember(payload []byte) bool {
	var few [pairwiseMax]int
	return hasDuplicate(payload, appendMemberStarts(few[:0], payload))
}

func hasDuplicateName(payload []byte) bool {
	var few [pairwiseMax]int
	return hasDuplicate(payload, appendFieldStarts(few[:0], payload))
}

// hasDuplicate may reorder starts.
func hasDuplicate(payload []byte, starts []int) bool {
	if len(starts) > pairwiseMax {
		sortByRun(payload, starts)
		for i := range len(starts) - 1 {
			if bytes.Equal(runAt(payload, starts[i]), runAt(payload, starts[i+1])) {
				return true
			}
		}
		return false
	}
	for i, start := range starts {
		run := runAt(payload, start)
		for _, before := range starts[:i] {
			if bytes.Equal(run, runAt(payload, before)) {
				return true
			}
		}
	}
	return false
}

// sortByRun sorts starts by what they point at, equals by their place.
func sortByRun(payload []byte, starts []int) {
	slices.SortFunc(starts, func(a, b int) int {
		return cmp.Or(bytes.Compare(runAt(payload, a), runAt(payload, b)), cmp.Compare(a, b))
	})
}

// dropReplacedFields removes every field that a later one of the same name
// replaces from the map's payload, which is dst from start on.
func dropReplacedFields(dst []byte, start int) []byte {
	payload := dst[start:]
	if !hasDuplicateName(payload) {
		return dst
	}
	starts := appendFieldStarts(nil, payload)
	sortByRun(payload, starts)
	last := starts[:0]
	for i, s := range starts {
		if i+1 == len(starts) || !bytes.Equal(runAt(payload, s), runAt(payload, starts[i+1])) {
			last = append(last, s)
		}
	}
	slices.Sort(last)
	dst = dst[:start]
	for _, s := range last { // each moves to the front, over what is read already
		_, _, rest := cutField(payload[s:])
		dst = append(dst, payload[s:len(payload)-len(rest)]...)
	}
	return dst
}
