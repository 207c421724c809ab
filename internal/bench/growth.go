package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
)

// Loads that are sent once, to see what grows with the size of what is there.

// Whole is what a scan of a whole table has seen.
type Whole struct {
	Segments  int     `json:"segments"`
	Items     int64   `json:"items"`
	Seconds   float64 `json:"seconds"`
	CPUMicros float64 `json:"cpuMicrosPerItem"`
	Resident  []int64 `json:"residentBytes"` // of the server, twice a second
}

// ScanAll scans the whole table, in so many segments at once.
func (s *Subject) ScanAll(ctx context.Context, segments int) (*Whole, error) {
	whole := &Whole{Segments: segments}
	before, _ := s.usage()
	start := s.options.Env.Now()
	scanning, end := context.WithCancelCause(ctx)
	defer end(nil)
	var found atomic.Int64
	var workers sync.WaitGroup
	for segment := range segments {
		workers.Go(func() {
			w := s.newWorker(int64(segment))
			defer w.close()
			if err := w.scanSegment(scanning, segment, segments, &found); err != nil {
				end(err)
			}
		})
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		workers.Wait()
	}()
	whole.Resident = s.watchMemory(over)
	if err := context.Cause(scanning); err != nil {
		return nil, err
	}
	after, _ := s.usage()
	whole.Items, whole.Seconds = found.Load(), s.options.Env.Now().Sub(start).Seconds()
	if want := s.population.count.Load(); whole.Items != want {
		return nil, fmt.Errorf("a scan of %d items has found %d", want, whole.Items)
	}
	whole.CPUMicros = micros(after.cpu-before.cpu) / float64(whole.Items)
	return whole, nil
}

// watchMemory notes the server's memory until it is over.
func (s *Subject) watchMemory(over <-chan struct{}) (resident []int64) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-over
		cancel()
	}()
	for {
		if used, known := s.usage(); known {
			resident = append(resident, used.bytes)
		}
		if pause(ctx, memoryPause) != nil {
			return resident
		}
	}
}

// scanSegment reads one segment, page by page, and checks every item.
func (w *worker) scanSegment(ctx context.Context, segment, segments int, found *atomic.Int64) error {
	var after []byte
	for {
		w.body = w.shape.appendTable(append(w.body[:0], '{'))
		w.body = strconv.AppendInt(append(w.body, `,"Segment":`...), int64(segment), 10)
		w.body = strconv.AppendInt(append(w.body, `,"TotalSegments":`...), int64(segments), 10)
		w.body = append(append(w.body, after...), '}')
		answer, err := w.call(ctx, "Scan", w.body)
		if err != nil {
			return err
		}
		items, err := stampedItems(answer)
		if err != nil {
			return err
		}
		found.Add(items)
		last, more := afterName(answer, "LastEvaluatedKey")
		if !more {
			return nil
		}
		if after, err = appendStart(after[:0], last); err != nil {
			return err
		}
	}
}

// stampedItems counts the items of a page, each of which is whole.
func stampedItems(answer []byte) (items int64, err error) {
	err = eachText(answer, longName, func(stamp []byte) error {
		items++
		_, err := stampedItem(stamp)
		return err
	})
	if count, ok := number(answer, "Count"); err == nil && (!ok || count != items) {
		err = fmt.Errorf("a page of %d items says that it has %d", items, count)
	}
	return items, err
}

// appendStart has a page begin behind the key that the last one ended with.
func appendStart(dst, last []byte) ([]byte, error) {
	dst = append(dst, `,"ExclusiveStartKey":{`...)
	for i, name := range [...]string{"pk", "sk"} {
		rest, _ := afterName(last, name)
		text, ok := stringValue(rest)
		if !ok {
			return dst, errors.New("a page ends with a key that is not ours")
		}
		dst = append(append(append(comma(dst, i), '"'), name...), `":{"S":"`...)
		dst = append(append(dst, text...), `"}`...)
	}
	return append(dst, '}'), nil
}

// Connect opens connections until there are so many, and has one GetItem
// answered on each. They stay open until the subject is closed.
func (s *Subject) Connect(ctx context.Context, connections int) error {
	for len(s.workers) < connections {
		s.workers = append(s.workers, s.newWorker(int64(len(s.workers))))
	}
	return s.Ask(ctx)
}

// Ask has one GetItem answered on each connection.
func (s *Subject) Ask(ctx context.Context) error {
	for _, w := range s.workers {
		if err := w.ask(ctx, get(w)); err != nil {
			return err
		}
	}
	return nil
}

// ask sends a request that is in the body, and checks the answer.
func (w *worker) ask(ctx context.Context, r request) error {
	answer, err := w.call(ctx, r.operation, w.body)
	if err != nil {
		return err
	}
	return r.check(w, answer)
}

// CreateMore makes so many tables beside the subject's, and writes and reads an
// item in each.
func (s *Subject) CreateMore(ctx context.Context, tables int) error {
	w := s.newWorker(0)
	defer w.close()
	for i := range tables {
		other := &Subject{Target: s.Target, options: s.options, endpoint: s.endpoint, shape: s.shape}
		other.shape.table = fmt.Sprintf("%s-%04d", s.shape.table, i)
		if err := other.createTable(ctx); err != nil {
			return err
		}
		w.shape = &other.shape
		w.body = w.shape.appendPut(w.body[:0], int64(i), w.version())
		if _, err := w.call(ctx, "PutItem", w.body); err != nil {
			return err
		}
		if err := w.ask(ctx, w.get(int64(i))); err != nil {
			return err
		}
	}
	return nil
}

// MostResident is the most memory that a scan has seen.
func (w *Whole) MostResident() int64 { return slices.Max(append([]int64{0}, w.Resident...)) }
