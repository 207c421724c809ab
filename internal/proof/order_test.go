package proof

import (
	"fmt"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

// orderMax is how long an order is looked for.
const orderMax = time.Minute

// linearizable looks for an order of the actions on one item.
func (x tale) linearizable(item int) []string {
	model := porcupine.NondeterministicModel{
		Init: func() []any { return []any{cell{}} },
		Step: func(state, input, output any) []any {
			a, c := input.(action), state.(cell)
			if output == nil {
				holds, next := a.step(c)
				return maybe(holds, c, next)
			}
			ok, next := a.explain(c, output.(seen))
			return only(ok, next)
		},
		Hash: func(state any) uint64 { return uint64(state.(cell).by) },
	}
	return explained(model.ToModel(), x.events, fmt.Sprintf("linearizable: item%d", item), func(e event) (all []porcupine.Operation) {
		for i, a := range e.actions {
			if a.item != item {
				continue
			}
			op := porcupine.Operation{Input: a, Call: e.begin, Return: e.end}
			if e.known() {
				op.Output = e.seen[i]
			}
			all = append(all, op)
		}
		return all
	})
}

// serializable looks for an order of all calls. Reads of many items that are no
// transaction are left out, and batches are what each of their writes does.
func (x tale) serializable() []string {
	type state [hotItems]cell
	model := porcupine.NondeterministicModel{
		Init: func() []any { return []any{state{}} },
		Step: func(from, input, _ any) []any {
			e, s := input.(event), from.(state)
			next, all := s, true
			for i, a := range e.actions {
				var ok bool
				if e.known() {
					ok, next[a.item] = a.explain(s[a.item], e.seen[i])
				} else {
					ok, next[a.item] = a.step(s[a.item])
				}
				all = all && ok
			}
			if e.known() {
				return only(all, next)
			}
			return maybe(all, s, next)
		},
		Hash: func(from any) (sum uint64) {
			for _, c := range from.(state) {
				sum = sum*1_000_003 + uint64(c.by)
			}
			return sum
		},
	}
	return explained(model.ToModel(), x.events, "serializable", func(e event) (all []porcupine.Operation) {
		steps := []event{e}
		switch {
		case e.atomic():
		case e.writes():
			steps = e.apart()
		default:
			return nil
		}
		for _, one := range steps {
			all = append(all, porcupine.Operation{Input: one, Call: e.begin, Return: e.end})
		}
		return all
	})
}

// maybe is where a write leads that has happened or not, and only where one
// leads that has, if it can.
func maybe(holds bool, before, after any) []any {
	if !holds {
		return []any{before}
	}
	return []any{before, after}
}

func only(ok bool, after any) []any {
	if !ok {
		return nil
	}
	return []any{after}
}

// explained looks for an order of a history. When there is none it looks for
// the first moment at which there was none, and tells what was before it.
func explained(model porcupine.Model, events []event, what string, ops func(event) []porcupine.Operation) []string {
	look := func(events []event) porcupine.CheckResult {
		var all []porcupine.Operation
		for _, e := range events {
			all = append(all, ops(e)...)
		}
		return porcupine.CheckOperationsTimeout(model, all, orderMax)
	}
	switch look(events) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return []string{fmt.Sprintf("%s: no order was found within %s, and none excluded", what, orderMax)}
	}
	last := int64(0)
	for _, e := range events {
		last = max(last, e.end)
	}
	moment := sort.Search(int(last), func(m int) bool { return look(upTo(events, int64(m))) == porcupine.Illegal })
	var about []event
	for _, e := range upTo(events, int64(moment)) {
		if len(ops(e)) > 0 {
			about = append(about, e)
		}
	}
	return []string{what + ": no order explains" + tail(about)}
}
