package proof

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// history is what clients have seen of a server, in the order in which they saw
// it: each call has a moment at which it began and one at which it was answered,
// and no two moments are the same.
//
// A history goes across the lives of the server. When power is cut, calls under
// way are answered by nobody, whatever the server that was cut off says: each
// has happened before the next life begins, or never. A read of that kind tells
// nothing, and is left out. A transaction with a token is sent again in the next
// life: then it is one call, which has happened once since it was first sent.
type history struct {
	mu     sync.Mutex
	now    int64
	over   bool // power is cut: no answer counts until the next life
	events []event
	writes int // how many have a number
}

// event is a call of a history.
type event struct {
	order
	begin int64
	end   int64  // of a call whose outcome is not known: when the next life began; 0 until then
	seen  []seen // what was answered of each action; nil: it may have happened or not
}

func (e event) String() string {
	var all []string
	for i, a := range e.actions {
		if e.seen == nil {
			all = append(all, a.String()+" -> ?")
		} else {
			all = append(all, a.String()+" -> "+e.seen[i].String())
		}
	}
	return fmt.Sprintf("[%d %d] %s: %s", e.begin, e.end, strings.TrimSpace(e.operation+" "+e.via), strings.Join(all, ", "))
}

func (e event) known() bool { return e.seen != nil }

// refused reports whether a condition of the call did not hold.
func (e event) refused() bool {
	return slices.ContainsFunc(e.seen, func(s seen) bool { return s.failed })
}

// apart returns what a call does as calls of one action each.
func (e event) apart() (steps []event) {
	for i := range e.actions {
		one := e
		one.actions = e.actions[i : i+1]
		if e.known() {
			one.seen = e.seen[i : i+1]
		}
		steps = append(steps, one)
	}
	return steps
}

// begin returns the moment at which a call begins.
func (h *history) begin() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now++
	return h.now
}

// number returns the number of a new write.
func (h *history) number() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.writes++
	return h.writes
}

// record notes that a call is answered now. It returns whether that counts.
func (h *history) record(e event) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now++
	if h.over {
		e.seen = nil
	}
	switch {
	case e.known():
		e.end = h.now
	case !e.writes() || e.token:
		return false
	}
	h.events = append(h.events, e)
	return e.known()
}

// cut notes that power is cut now.
func (h *history) cut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now++
	h.over = true
}

// alive reports whether answers still count.
func (h *history) alive() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.over
}

// revive notes that a new life begins now.
func (h *history) revive() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now++
	h.over = false
	for i := range h.events {
		if h.events[i].end == 0 {
			h.events[i].end = h.now
		}
	}
}

// upTo returns what could be known at a moment.
func upTo(events []event, moment int64) (known []event) {
	for _, e := range events {
		if e.begin > moment {
			continue
		}
		if e.end > moment {
			if !e.writes() {
				continue
			}
			e.seen = nil
		}
		known = append(known, e)
	}
	return known
}

// tail returns the last events of a history as text.
func tail(events []event) string {
	const most = 12
	events = slices.Clone(events)
	slices.SortFunc(events, func(a, b event) int { return int(a.end - b.end) })
	var b strings.Builder
	for _, e := range events[max(0, len(events)-most):] {
		fmt.Fprintf(&b, "\n\t%s", e)
	}
	return b.String()
}
