package check

import (
	"fmt"

	"github.com/gramme-db/gramme/internal/kv/layout"
)

// checkCounters compares the table's counters with what was gone through.
func (tb *table) checkCounters() error {
	if tb.unread > 0 {
		return tb.found(fmt.Sprintf("the counters were not checked, as %s cannot be read", count(tb.unread, "item", "items")))
	}
	key := layout.AppendCountersKey(nil, tb.t.ID)
	value, found, err := tb.lookUp(key)
	if err != nil {
		return err
	}
	slots, err := readCounters(value, found)
	want := tb.wantCounters(slots)
	remedy := setCounters("counters set", key, want)
	if err != nil {
		return tb.foundMendable(fmt.Sprintf("the counters cannot be read: %v", err), remedy)
	}
	for slot := 0; slot < max(len(slots), len(want)); slot += 2 {
		there := extent{at(slots, slot), at(slots, slot+1)}
		called := extent{at(want, slot), at(want, slot+1)}
		if there == called {
			continue
		}
		if err := tb.foundMendable(tb.wrongCounters(slot, called, there), remedy); err != nil {
			return err
		}
	}
	return nil
}

// wantCounters returns what the counters should be. Those of an index that is
// being deleted may be anything, hence stay what they are.
func (tb *table) wantCounters(slots []int64) []int64 {
	want := make([]int64, 2, 2+2*len(tb.indexes))
	want[layout.SlotItems], want[layout.SlotBytes] = tb.totals.Items, tb.itemBytes
	for i := range tb.indexes {
		x := &tb.indexes[i]
		slot := 2 * int(x.Number)
		for len(want) < slot+2 {
			want = append(want, 0)
		}
		e := x.called
		if !x.Maintained() {
			e = extent{at(slots, slot), at(slots, slot+1)}
		}
		want[slot], want[slot+1] = e.entries, e.bytes
	}
	return want
}

// wrongCounters says what is wrong with a pair of counters.
func (tb *table) wrongCounters(slot int, called, there extent) string {
	number := uint16(slot / 2)
	counted := fmt.Sprintf("and the counters say %d of %d bytes", there.entries, there.bytes)
	switch x := tb.index(number); {
	case slot == layout.SlotItems:
		return fmt.Sprintf("the table has %s of %d bytes, %s", count(called.entries, "item", "items"), called.bytes, counted)
	case x == nil:
		return fmt.Sprintf("there is no index of the number %d, %s", number, counted)
	default:
		return fmt.Sprintf("index %s should have %s of %d bytes, %s", x.Name, count(called.entries, "entry", "entries"), called.bytes, counted)
	}
}
