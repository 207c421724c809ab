package gateway

import (
	"runtime"

	"github.com/gramme-db/gramme/internal/wire"
)

// load is what an operation weighs at its gate, in small requests: about as much
// CPU time, and its share of the memory in which answers are made.
type load struct {
	gate        *gate
	weight      int64 // without its body's
	answerBytes int64
	refusable   bool // its answer; with a small one, a write is never said to have failed
}

// gates let in different operations: small reads do not wait for large ones, and
// neither for writes, which stand still where the disk does not take them. The
// memory for parsed requests and for answers that are being made is divided
// between them.
type gates struct{ few, many, writes gate }

func (g *gates) init(o Options) {
	g.few.init(o.WeightMax, o.MakingBytesMax/4)
	g.many.init(o.WeightMax, o.MakingBytesMax/2)
	g.writes.init(o.WeightMax, o.MakingBytesMax/4)
}

// load returns the load of an operation.
func (g *gates) load(of wire.Load, o Options) load {
	l := load{gate: &g.writes, weight: 1, answerBytes: of.AnswerBytes, refusable: of.Reads || of.AnswerBytes > 0}
	many := of.AnswerBytes >= answerManyBytesMin
	if many {
		l.weight = weightMany
	}
	switch {
	case of.Reads && many:
		l.gate = &g.many
	case of.Reads:
		l.gate = &g.few
	}
	l.weight = min(max(l.weight, of.AnswerBytes/l.gate.unitBytes), o.WeightMax)
	return l
}

// weightMax follows the machine.
func weightMax() int64 {
	return max(weightMin, weightCPUMax*int64(runtime.GOMAXPROCS(0)))
}

// enter waits for the request's turn. It returns what to leave with.
func (x *exchange) enter(bodyLen int) (weight int64, err error) {
	weight = x.weight(x.bodyWeight(bodyLen))
	return weight, x.load().gate.enter(x.r.Context(), weight)
}

// lighten gives back what a compressed body was feared to weigh, now that it is
// known in plain. It returns what is left to leave with.
func (x *exchange) lighten(weight int64, plainLen int) int64 {
	left := min(weight, x.weight(x.plainWeight(int64(plainLen))))
	if left < weight {
		x.load().gate.leave(weight - left)
	}
	return left
}

func (x *exchange) weight(body int64) int64 {
	l := x.load()
	return min(l.weight+body, l.gate.max)
}

// bodyWeight is the most that a body can weigh.
func (x *exchange) bodyWeight(bodyLen int) int64 {
	bytes := int64(bodyLen)
	if x.header("Content-Encoding") != "" {
		bytes = min(bytes*deflateTimesMax, int64(x.g.options.BodyBytesMax))
	}
	return x.plainWeight(bytes)
}

// plainWeight follows the time and the memory that it takes to parse a body.
func (x *exchange) plainWeight(bytes int64) int64 {
	return max(min(bytes/weightBodyBytes, weightMany), bytes*parsedTimesMax/x.load().gate.unitBytes)
}

// load returns that of the request's operation.
func (x *exchange) load() load {
	if x.to == nil {
		return load{gate: &x.g.gates.writes, weight: 1}
	}
	return x.to.load
}
