package proof

import "fmt"

// delivered checks what a stream tells of an item: the writes that were accepted,
// each once, and no other. Played one after the other the records make the item
// what each says it was, and what the write says it does; who was answered before
// another began comes before it. The reader that went along got the same.
func (x tale) delivered(item int) (wrong []string) {
	say := func(format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("stream: item%d: ", item)+fmt.Sprintf(format, args...))
	}
	records := changesOf(x.stream, item)
	if followed := changesOf(x.followed, item); !sameRecords(records, followed) {
		say("who followed it got\n\t%v\nand not\n\t%v", followed, records)
	}
	wrote := writesOfItem(x.events, item)
	removals := removalsOf(x.events, item)
	var now cell
	latest := int64(0) // when the last of the writes so far began
	for _, r := range records {
		if r.old != now {
			say("the record %s comes after what left %s", r, now)
		}
		now = r.new
		by, ok := removals.of(r.old)
		if r.new.by != 0 {
			by, ok = wrote[r.new.by]
			delete(wrote, r.new.by)
		}
		switch {
		case !ok:
			say("the record %s is that of no write, or comes once more", r)
			continue
		case by.end < latest:
			say("the record %s comes after one that is younger, and its write was\n\t%s", r, by)
		case !doneBy(by, item, r):
			say("the record %s is not what was written:\n\t%s", r, by)
		}
		latest = max(latest, by.begin)
	}
	for _, w := range wrote {
		if w.known() {
			say("there is no record of\n\t%s", w)
		}
	}
	if left := removals.left(); left != nil {
		say("there is no record of\n\t%s", *left)
	}
	return wrong
}

// delta is a record in short.
type delta struct {
	id       string
	old, new cell
}

func (d delta) String() string { return fmt.Sprintf("%s -> %s", d.old, d.new) }

func changesOf(all []change, item int) (deltas []delta) {
	for _, c := range all {
		if itemOf(c.Dynamodb.Keys) == item {
			deltas = append(deltas, delta{c.EventID, cellOf(c.Dynamodb.OldImage), cellOf(c.Dynamodb.NewImage)})
		}
	}
	return deltas
}

func sameRecords(a, b []delta) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// doneBy reports whether a record is what a call does to an item.
func doneBy(e event, item int, r delta) bool {
	for _, a := range e.actions {
		if a.item == item {
			holds, next := a.step(r.old)
			return holds && next == r.new
		}
	}
	return false
}

// removals are the deletions of an item, by what they have deleted where that
// was told.
type removals struct {
	told   map[cell]event
	untold []event // which may have found nothing
}

func removalsOf(events []event, item int) *removals {
	r := &removals{told: map[cell]event{}}
	for _, e := range events {
		for i, a := range e.actions {
			switch {
			case a.item != item || a.kind != "delete" || e.known() && e.seen[i].idle:
			case !e.known() || !e.seen[i].told:
				r.untold = append(r.untold, e)
			case e.seen[i].cell != (cell{}):
				r.told[e.seen[i].cell] = e
			}
		}
	}
	return r
}

// of returns the deletion that has removed a cell. Of those that do not tell it
// is the last one that may have been, so that its time is no reproach.
func (r *removals) of(c cell) (e event, ok bool) {
	if e, ok = r.told[c]; ok {
		delete(r.told, c)
		return e, true
	}
	for _, other := range r.untold {
		if !ok || other.end > e.end {
			e, ok = other, true
		}
	}
	e.begin = 0
	return e, ok
}

// left returns a deletion that is told, and in no record.
func (r *removals) left() *event {
	for _, e := range r.told {
		return &e
	}
	return nil
}
