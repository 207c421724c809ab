package proof

import (
	"fmt"
	"slices"
	"sync"
)

// ledger is what clients have sent, and what of it was acknowledged. Each
// register is written by one client, one write after the other.
type ledger struct {
	mu        sync.Mutex
	ticks     int // calls that write so far
	registers map[string]*register
	receipts  map[string]receipt // the latest by client
}

// register is the history of an item, or of items that are always written
// together: the number that each write left, 0 for none.
type register struct {
	states []int // states[0] is 0: before the first write
	ticks  []int // of the call that left the state
	acked  int   // all up to this one were acknowledged, or followed by one that was
}

// receipt is a transaction that was acknowledged, to be sent once more.
type receipt struct{ register, body string }

func newLedger() *ledger {
	return &ledger{registers: map[string]*register{}, receipts: map[string]receipt{}}
}

// tick begins a call that writes.
func (l *ledger) tick() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ticks++
	return l.ticks
}

// send notes that a write was sent that leaves a number.
func (l *ledger) send(tick int, name string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.registers[name]
	if r == nil {
		r = &register{states: []int{0}, ticks: []int{0}}
		l.registers[name] = r
	}
	r.states = append(r.states, n)
	r.ticks = append(r.ticks, tick)
}

// ack notes that the last write of a register was acknowledged.
func (l *ledger) ack(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.registers[name]
	r.acked = len(r.states) - 1
}

func (l *ledger) keep(client string, r receipt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.receipts[client] = r
}

// promise is what a ledger says of a moment: which states a register may be in.
type promise struct {
	ledger   *ledger
	acked    map[string]int // the first state that may be found, by register
	sent     map[string]int // the last one
	receipts map[string]receipt
	prefix   bool // what is found must be all up to some moment, for each client
}

// promise is called before the moment, and seal after it: what was acknowledged
// before must be there, what is sent later cannot.
func (l *ledger) promise() *promise {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &promise{ledger: l, acked: map[string]int{}, sent: map[string]int{}, receipts: map[string]receipt{}}
	for name, r := range l.registers {
		p.acked[name] = r.acked
	}
	for client, r := range l.receipts {
		p.receipts[client] = r
	}
	return p
}

func (p *promise) seal() {
	p.ledger.mu.Lock()
	defer p.ledger.mu.Unlock()
	for name, r := range p.ledger.registers {
		p.sent[name] = len(r.states) - 1
	}
}

// check returns what is wrong with the numbers that were found.
func (p *promise) check(found map[string]int) (wrong []string) {
	p.ledger.mu.Lock()
	defer p.ledger.mu.Unlock()
	for name, last := range p.sent {
		first := p.acked[name]
		states := p.ledger.registers[name].states[first : last+1]
		if !slices.Contains(states, found[name]) {
			wrong = append(wrong, fmt.Sprintf("%s is %d; acknowledged was %d, and after it was sent %v", name, found[name], states[0], states[1:]))
		}
	}
	for name, n := range found {
		if _, sent := p.sent[name]; !sent {
			wrong = append(wrong, fmt.Sprintf("%s is %d, and was never sent", name, n))
		}
	}
	if p.prefix {
		wrong = append(wrong, p.checkPrefix(found)...)
	}
	slices.Sort(wrong)
	return wrong
}
