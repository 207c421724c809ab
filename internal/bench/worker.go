package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// worker sends one request after the other over one connection.
type worker struct {
	*conn
	shape      *shape
	population *population
	load       *Load
	workload   *workload
	id         int64

	chance chance
	items  items
	zipf   zipf

	body      []byte  // of the request
	want      []int64 // items that the answer is to hold
	inserting int64
	then      func(*worker) request // what has to come next; nil: whatever the workload says
	written   uint64                // versions

	latency Histogram
	failed  int64
	wrong   int64
	failure error // the first
}

// items tells which item is next.
type items struct {
	n      int64 // of how many
	zipfed bool
}

func (i *items) next(w *worker) int64 {
	if i.zipfed {
		return scatter(w.zipf.rank(w.chance.float()), i.n)
	}
	return w.chance.below(i.n)
}

// choose chooses n items that differ.
func (w *worker) choose(n int) {
	w.want = w.want[:0]
	for range n {
		item := w.items.next(w)
		for contains(w.want, item) {
			item = (item + 1) % w.items.n
		}
		w.want = append(w.want, item)
	}
}

// ownItem returns an item that no other connection gets from ownItem.
func (w *worker) ownItem() int64 {
	connections := int64(w.load.Connections)
	return w.chance.below(w.items.n/connections)*connections + w.id
}

// version returns a number that no other write of the connection has.
func (w *worker) version() uint64 {
	w.written++
	return uint64(w.id)<<40 | w.written
}

// schedule says when requests are to be sent. All workers share it.
type schedule struct {
	start time.Time
	end   time.Time
	most  int64         // requests; 0: no bound
	gap   time.Duration // between requests; 0: as fast as answers come
	sent  atomic.Int64
}

// run sends requests until the schedule ends. Latency counts from when a request
// was to be sent: one that had to wait for its connection has waited for the
// server. What has to follow the last request is sent too.
func (w *worker) run(ctx context.Context, s *schedule) {
	w.follow(ctx, s)
	if w.then != nil {
		w.one(ctx, w.env.Now())
	}
}

func (w *worker) follow(ctx context.Context, s *schedule) {
	inRow := 0
	for inRow < failuresInRow && ctx.Err() == nil {
		number := s.sent.Add(1) - 1
		if s.most > 0 && number >= s.most {
			return
		}
		now := w.env.Now()
		from := now
		if s.gap > 0 {
			from = s.start.Add(time.Duration(number) * s.gap)
		}
		if from.After(s.end) {
			w.waitUntil(ctx, s.end) // the pause after the last request is part of a pace
			return
		}
		if now.After(s.end) || !w.waitUntil(ctx, from) {
			return
		}
		if w.one(ctx, from) {
			inRow = 0
		} else {
			inRow++
		}
	}
}

// one sends one request and counts its answer. It reports whether that is right.
func (w *worker) one(ctx context.Context, from time.Time) bool {
	next := w.workload.next
	if w.then != nil {
		next, w.then = w.then, nil
	}
	request := next(w)
	answer, err := w.do(ctx, request.operation, w.body)
	took := w.env.Now().Sub(from)
	switch {
	case ctx.Err() != nil:
		return false // nobody waits for it
	case err == nil && answer.status != 200:
		err = refusal(request.operation, answer)
	case err == nil:
		if err = request.check(w, answer.body); err == nil {
			w.latency.Add(took)
			return true
		}
		w.wrong++
		err = fmt.Errorf("wrong answer to %s: %w", request.operation, err)
	}
	w.failed++
	if w.failure == nil {
		w.failure = err
	}
	return false
}

// waitUntil reports whether the time came before the end of ctx.
func (w *worker) waitUntil(ctx context.Context, t time.Time) bool {
	wait := t.Sub(w.env.Now())
	if wait <= 0 {
		return true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// refusal is an answer other than 200 as an error.
func refusal(operation string, a *answer) error {
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
		Upper   string `json:"Message"`
	}
	if err := json.Unmarshal(a.body, &e); err != nil || e.Type == "" {
		return fmt.Errorf("%s: status %d", operation, a.status)
	}
	return &refused{operation, a.status, e.Type, errors.New(e.Message + e.Upper)}
}

// refused is an error that a server answers with.
type refused struct {
	operation string
	status    int
	code      string // with the namespace before it, after a number sign
	message   error
}

func (r *refused) Error() string {
	return fmt.Sprintf("%s: status %d, %s: %v", r.operation, r.status, r.code, r.message)
}
