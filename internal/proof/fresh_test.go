package proof

import "fmt"

// value is what was seen in an item: the write that left it, and when that was
// to be seen.
type value struct {
	by         int
	begin, end int64 // of the call that saw it
	in         event
}

// fresh checks each value of an item that an answer shows, by times alone:
//
//	it was written, by a write that had begun before the answer came
//	no write came between, one that began when it was there and was acknowledged before the call began
//	no call that was over before this one began has shown a newer one
//
// That is less than linearizable asks for, in a few lines that need no search,
// and it says what is wrong.
func (x tale) fresh(item int) (wrong []string) {
	wrote := writesOfItem(x.events, item)
	shown := valuesShown(x.events, item)
	for _, v := range shown {
		w, known := wrote[v.by]
		if v.by != 0 && (!known || w.begin > v.end) {
			wrong = append(wrong, fmt.Sprintf("fresh: item%d shows w%d, which nobody has written, in\n\t%s", item, v.by, v.in))
			continue
		}
		if v.by == 0 {
			continue // a deletion has no number
		}
		for _, newer := range wrote {
			if newer.known() && w.end < newer.begin && newer.end < v.begin {
				wrong = append(wrong, fmt.Sprintf("fresh: item%d shows w%d, older than what was acknowledged:\n\t%s\n\t%s\n\t%s", item, v.by, w, newer, v.in))
				break
			}
		}
		for _, earlier := range shown {
			if newer, ok := wrote[earlier.by]; ok && earlier.end < v.begin && w.end < newer.begin {
				wrong = append(wrong, fmt.Sprintf("fresh: item%d shows w%d, older than what was shown:\n\t%s\n\t%s\n\t%s\n\t%s", item, v.by, w, newer, earlier.in, v.in))
				break
			}
		}
	}
	return append(wrong, x.vanished(item, wrote, shown)...)
}

// vanished finds answers without the item, although it was put and nobody can
// have deleted it.
func (x tale) vanished(item int, wrote map[int]event, shown []value) (wrong []string) {
	for _, v := range shown {
		if v.by != 0 {
			continue
		}
		for _, w := range wrote {
			if w.known() && w.end < v.begin && !x.deletedAfter(item, w.begin, v.end) {
				wrong = append(wrong, fmt.Sprintf("fresh: item%d is not shown, which was acknowledged and not deleted:\n\t%s\n\t%s", item, w, v.in))
				break
			}
		}
	}
	return wrong
}

// deletedAfter reports whether a delete of the item may have happened between
// two moments.
func (x tale) deletedAfter(item int, from, to int64) bool {
	for _, e := range x.events {
		for i, a := range e.actions {
			if a.item == item && a.kind == "delete" && e.begin < to && e.end > from && (!e.known() || !e.seen[i].idle) {
				return true
			}
		}
	}
	return false
}

// writesOfItem returns the writes with a number that were accepted, or may have
// been.
func writesOfItem(events []event, item int) map[int]event {
	wrote := map[int]event{}
	for _, e := range events {
		for i, a := range e.actions {
			if a.item == item && a.by > 0 && (!e.known() || !e.seen[i].failed && !e.seen[i].idle) {
				wrote[a.by] = e
			}
		}
	}
	return wrote
}

// valuesShown returns what answers show of an item. What an "add" shows is its
// own doing.
func valuesShown(events []event, item int) (shown []value) {
	for _, e := range events {
		for i, a := range e.actions {
			if a.item == item && e.known() && e.seen[i].told && a.kind != "add" {
				shown = append(shown, value{e.seen[i].cell.by, e.begin, e.end, e})
			}
		}
	}
	return shown
}
