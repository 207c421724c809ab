package proof

import (
	"fmt"
	"strings"
	"testing"
)

// TestHistories records what concurrent clients see of a few items that all of
// them want, by all kinds of reads and writes, over lives of the server that
// end with restarts, power cuts and errors of the disk; a reader follows the
// stream meanwhile. Then the history is held to what is promised:
//
//	linearizable  for each item there is an order of all that was done to it that explains all answers
//	serializable  there is one for transactions and single calls on all items together
//	fresh         a read shows nothing older than what was acknowledged, or shown, before it began
//	stream        it has each accepted write once and no other, in an order that explains the answers
//
// It would fail if two writes of one item could both find what was there before,
// if an answer or a read were ahead of the disk, if an index or a stream were
// behind its item, and if a transaction were seen in part.
func TestHistories(t *testing.T) {
	var calls, unknown, records int
	rounds(t, 25, func(seed uint64) {
		told := play(t, build{}, seed)
		for _, wrong := range told.check() {
			t.Error(wrong)
		}
		calls, records = calls+len(told.events), records+len(told.followed)
		for _, e := range told.events {
			if !e.known() {
				unknown++
			}
		}
	}, func() string {
		return fmt.Sprintf("%d calls, %d of them cut off, %d records", calls, unknown, records)
	})
	if unknown == 0 || records == 0 {
		t.Error("no call was cut off, or no record was read")
	}
}

// check returns what is wrong with a tale, by all checkers.
func (x tale) check() (wrong []string) {
	wrong = x.wrong
	for item := range hotItems {
		wrong = append(wrong, x.linearizable(item)...)
		wrong = append(wrong, x.fresh(item)...)
		wrong = append(wrong, x.delivered(item)...)
	}
	return append(wrong, x.serializable()...)
}

// TestHistoriesNotice shows that each checker finds what is there to be found:
// servers that break a promise are caught by all checkers that are to see it.
func TestHistoriesNotice(t *testing.T) {
	for _, m := range historyMutants {
		t.Run(m.name, func(t *testing.T) {
			const most = 100
			unseen := map[string]bool{}
			for _, checker := range m.caught {
				unseen[checker] = true
			}
			for seed := range uint64(most) {
				for _, wrong := range play(t, m.build, seed+1).check() {
					checker, _, _ := strings.Cut(wrong, ":")
					if unseen[checker] {
						t.Logf("in round %d: %.600s", seed+1, wrong)
						delete(unseen, checker)
					}
				}
				if len(unseen) == 0 {
					return
				}
			}
			t.Errorf("not noticed in %d rounds by %v", most, unseen)
		})
	}
}
