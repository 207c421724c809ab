package kv

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// Watermark returns a stamp of which no update with it or a smaller one can
// still appear: a snapshot opened from now on shows whatever there is of them.
// 0 when the store is closed.
func (s *Store) Watermark() Stamp {
	if !s.gate.enter() {
		return 0
	}
	defer s.gate.leave()
	return Stamp(s.driver.Watermark())
}

// AwaitWatermark waits for the updates that have taken their stamps in this
// process, and returns the watermark, which is at or above all of them: the
// caller sees every update that returned before the call. Updates that begin
// meanwhile are not waited for. When the store takes no more writes it does not
// wait: an update that failed may still appear.
func (s *Store) AwaitWatermark(ctx context.Context) (Stamp, error) {
	target := Stamp(s.stamps.last.Load())
	for {
		over := s.stamps.over()
		w := s.Watermark()
		if w < target && s.Health() == nil {
			select {
			case <-over:
				s.stamps.leave()
				continue
			case <-ctx.Done():
				s.stamps.leave()
				return 0, ctx.Err()
			}
		}
		s.stamps.leave()
		if w == 0 && errors.Is(s.Health(), ErrClosed) {
			return 0, ErrClosed
		}
		return w, nil
	}
}

// stamped knows the stamps that were handed out, and tells when an update that
// has one is over.
type stamped struct {
	last    atomic.Uint64 // the greatest handed out
	waiting atomic.Int64  // who has called over and not leave

	mu struct {
		sync.Mutex
		over chan struct{} // closed when an update is over; nil: nobody waits
	}
}

func (s *stamped) took(stamp uint64) {
	for {
		last := s.last.Load()
		if stamp <= last || s.last.CompareAndSwap(last, stamp) {
			return
		}
	}
}

// over returns what is closed when the next update is over. The caller calls
// leave when it waits no longer.
func (s *stamped) over() chan struct{} {
	s.waiting.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.over == nil {
		s.mu.over = make(chan struct{})
	}
	return s.mu.over
}

func (s *stamped) leave() { s.waiting.Add(-1) }

// tell says that an update is over.
func (s *stamped) tell() {
	if s.waiting.Load() == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.over != nil {
		close(s.mu.over)
		s.mu.over = nil
	}
}
