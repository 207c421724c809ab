package bench

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"
)

// Subject is a server with a table of ours in it, filled. One load runs on it at
// a time.
type Subject struct {
	Target     Target
	options    Options
	endpoint   endpoint
	shape      shape
	population population
	zipf       zipf // of Items
	workers    []*worker
}

// Open makes and fills the table. The caller closes the subject, which removes
// the table.
func Open(ctx context.Context, o Options, t Target) (*Subject, error) {
	if err := o.check(&t); err != nil {
		return nil, err
	}
	e, err := parseEndpoint(ctx, t.URL, o.Remote)
	if err != nil {
		return nil, err
	}
	if t.PID != 0 {
		if _, err := readUsage(t.PID); err != nil {
			return nil, err
		}
	}
	s := &Subject{Target: t, options: o, endpoint: e, zipf: newZipf(o.Items)}
	s.shape = shape{
		table:   fmt.Sprintf("%s%08x", o.Prefix, uint32(o.Env.Rand())),
		size:    o.Size,
		indexes: t.Indexes,
		filler:  newFiller(),
	}
	if err := s.createTable(ctx); err != nil {
		return nil, explain(err, t.URL)
	}
	if err := s.fill(ctx); err != nil {
		err = fmt.Errorf("cannot fill the table %s at %s: %w", s.shape.table, t.URL, err)
		return nil, errors.Join(err, s.Close(context.WithoutCancel(ctx), false))
	}
	return s, nil
}

// explain says what to do when no table can be made.
func explain(err error, url string) error {
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no server listens at %s; start one there, or name another", url)
	case errors.As(err, &certificate):
		return fmt.Errorf("the certificate of %s is not trusted; name a file of those that are in the variable SSL_CERT_FILE: %w", url, err)
	}
	return fmt.Errorf("cannot make a table at %s: %w", url, err)
}

// check refuses options beyond the limits.
func (o *Options) check(t *Target) error {
	for _, f := range []struct {
		name            string
		value, min, max int64
	}{
		{"items", o.Items, ItemsMin, ItemsMax},
		{"the size of items", int64(o.Size), SizeMin, SizeMax},
		{"indexes", int64(t.Indexes), 0, IndexesMax},
	} {
		if f.value < f.min || f.value > f.max {
			return fmt.Errorf("%s: %d is not from %d to %d", f.name, f.value, f.min, f.max)
		}
	}
	if o.Items%collectionItems > 0 {
		return fmt.Errorf("items: %d is no multiple of %d", o.Items, collectionItems)
	}
	if least := sizeWithoutIndexes + t.Indexes*indexKeyBytesMax; o.Size < least {
		return fmt.Errorf("the size of items: with %d indexes it is at least %d", t.Indexes, least)
	}
	return nil
}

// Table returns the name of the table.
func (s *Subject) Table() string { return s.shape.table }

// Close closes the connections, and removes the table unless it is to be kept.
func (s *Subject) Close(ctx context.Context, keep bool) error {
	for _, w := range s.workers {
		w.close()
	}
	s.workers = nil
	if keep {
		return nil
	}
	return s.deleteTable(ctx)
}

// Run sends a load, and tells what came of it. An error is one of the load, and
// not of the server.
func (s *Subject) Run(ctx context.Context, l Load) (*Result, error) {
	found, err := l.check(s.options.Items)
	if err != nil {
		return nil, err
	}
	s.staff(&l, found)
	if l.Warmup > 0 {
		warmup := l
		warmup.Duration, warmup.Operations = l.Warmup, 0
		s.send(ctx, &warmup)
		s.Settle(ctx, settleTimeMax)
		s.staff(&l, found)
	}
	before, known := s.usage()
	own, _ := readUsage(0)
	start := s.options.Env.Now()
	s.send(ctx, &l)
	took := s.options.Env.Now().Sub(start)
	loaded, _ := readUsage(0)
	s.Settle(ctx, settleTimeMax)
	r := s.collect(&l, took)
	if after, ok := s.usage(); ok && known && r.Requests > 0 {
		r.Server = &Usage{CPUMicros: micros(after.cpu-before.cpu) / float64(r.sent()), Bytes: after.bytes}
	}
	if r.Requests > 0 {
		r.ClientCPUMicros = micros(loaded.cpu-own.cpu) / float64(r.sent())
	}
	return r, ctx.Err()
}

// Settle waits until the server's process has nothing left to do, if it is
// known, but no longer than so long: what requests leave behind, as compactions,
// is part of what they cost, and none of what others cost that have their turn
// next.
func (s *Subject) Settle(ctx context.Context, longest time.Duration) {
	limit := s.options.Env.Now().Add(longest)
	last, known := s.usage()
	for quiet := 0; known && quiet < settleLooks && s.options.Env.Now().Before(limit); {
		if pause(ctx, settlePause) != nil {
			return
		}
		now, ok := s.usage()
		quiet++
		if now.cpu > last.cpu {
			quiet = 0
		}
		last, known = now, ok
	}
}

// Check refuses a load that cannot be sent to a table of so many items.
func (l *Load) Check(items int64) error {
	_, err := l.check(items)
	return err
}

func (l *Load) check(items int64) (workload, error) {
	found, err := findWorkload(l.Workload)
	meant := items
	if l.Span > 0 {
		meant = l.Span
	}
	most := min(ConnectionsMax, meant/transactionItems) // each has items of its own
	switch {
	case err != nil:
	case l.Span%collectionItems != 0 || l.Span < 0 || l.Span > 0 && l.Span < ItemsMin:
		err = fmt.Errorf("a span of %d items is no multiple of %d from %d on", l.Span, collectionItems, ItemsMin)
	case l.Span > items:
		err = fmt.Errorf("a span of %d items is more than the table has: %d", l.Span, items)
	case l.Connections < 1 || int64(l.Connections) > most:
		err = fmt.Errorf("connections: %d is not from 1 to %d, with %d items", l.Connections, most, meant)
	case l.PageItems < 1 || l.PageItems > PageItemsMax:
		err = fmt.Errorf("items of a page: %d is not from 1 to %d", l.PageItems, PageItemsMax)
	case l.Duration <= 0 || l.Warmup < 0 || l.Operations < 0 || l.Rate < 0:
		err = errors.New("a load needs a duration above 0; operations, rate and warm-up are not below 0")
	case l.Rate > float64(time.Second):
		err = errors.New("a rate is at most one request a nanosecond")
	}
	return found, err
}

// staff makes the workers ready for a load. They keep their connections.
func (s *Subject) staff(l *Load, load workload) {
	for len(s.workers) < l.Connections {
		s.workers = append(s.workers, s.newWorker(int64(len(s.workers))))
	}
	distribution := l.Distribution
	if distribution == WorkloadsOwn {
		distribution = load.own
	}
	span := s.options.Items
	if l.Span > 0 {
		span = l.Span
	}
	for _, w := range s.workers {
		w.load, w.workload, w.then = l, &load, nil
		w.items = items{n: span, zipfed: distribution == Zipfian}
		w.latency, w.failed, w.wrong, w.failure = Histogram{}, 0, 0, nil
	}
}

func (s *Subject) newWorker(id int64) *worker {
	return &worker{
		conn:       newConn(&s.endpoint, s.options.Env, s.options.Signer),
		shape:      &s.shape,
		population: &s.population,
		id:         id,
		chance:     chance(s.options.Env.Rand()),
		items:      items{n: s.options.Items},
		zipf:       s.zipf,
	}
}

// send runs the workers of a load to its end.
func (s *Subject) send(ctx context.Context, l *Load) {
	start := s.options.Env.Now()
	plan := schedule{start: start, end: start.Add(l.Duration), most: l.Operations}
	if l.Rate > 0 {
		plan.gap = time.Duration(float64(time.Second) / l.Rate)
	}
	var working sync.WaitGroup
	for _, w := range s.workers[:l.Connections] {
		working.Go(func() { w.run(ctx, &plan) })
	}
	working.Wait()
}

// usage reads what the server's process has used.
func (s *Subject) usage() (usage, bool) {
	if s.Target.PID == 0 {
		return usage{}, false
	}
	u, err := readUsage(s.Target.PID)
	return u, err == nil
}

// collect adds up what the workers have counted.
func (s *Subject) collect(l *Load, took time.Duration) *Result {
	r := &Result{
		Target: s.Target.Name, Workload: l.Workload, Connections: l.Connections, Rate: l.Rate,
		Items: s.options.Items, ItemBytes: s.options.Size, Seconds: took.Seconds(),
	}
	for _, w := range s.workers[:l.Connections] {
		r.Histogram.Merge(&w.latency)
		r.Errors += w.failed
		r.Wrong += w.wrong
		if r.FirstError == "" && w.failure != nil {
			r.FirstError = w.failure.Error()
		}
	}
	r.Requests = int64(r.Histogram.Total())
	r.PerSecond = float64(r.Requests) / took.Seconds()
	r.Latency = latencyOf(&r.Histogram)
	return r
}
