package pebble

import "sync"

// stamps hands out commit stamps and knows which may still appear. A stamp is
// handed out while the update holds its latches, and an update with a common
// key gets its own only after they were released; so stamps are ordered as the
// commits are.
//
// A stamp is handed out only below a bound that is durable in the store, and
// the next process begins at that bound: stamps never come twice.
type stamps struct {
	mu struct {
		sync.Mutex
		next      uint64        // to hand out
		bound     uint64        // reserved: everything below may be handed out
		oldest    uint64        // everything below is settled
		settled   []bool        // for each stamp from oldest to before next
		reserving chan struct{} // closed when the reservation under way is over; nil: none is
	}
}

// open begins after everything that may have been handed out before. bound is
// at least 1, so 0 is never a stamp.
func (s *stamps) open(bound uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.next, s.mu.bound, s.mu.oldest = bound, bound, bound
}

// take hands out a stamp. It is settled by settle. reserve makes a new bound
// durable; it is called by one goroutine at a time, without the lock.
func (s *stamps) take(reserve func(bound uint64) error) (uint64, error) {
	for {
		s.mu.Lock()
		if s.mu.next < s.mu.bound {
			stamp := s.mu.next
			s.mu.next++
			s.mu.settled = append(s.mu.settled, false)
			s.mu.Unlock()
			return stamp, nil
		}
		if wait := s.mu.reserving; wait != nil {
			s.mu.Unlock()
			<-wait
			continue
		}
		wait := make(chan struct{})
		s.mu.reserving = wait
		bound := s.mu.bound + stampBlock
		s.mu.Unlock()

		err := reserve(bound)

		s.mu.Lock()
		if err == nil {
			s.mu.bound = bound
		}
		s.mu.reserving = nil
		s.mu.Unlock()
		close(wait)
		if err != nil {
			return 0, err
		}
	}
}

// settle says that the update with the stamp is visible and durable, or will
// never be.
func (s *stamps) settle(stamp uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.settled[stamp-s.mu.oldest] = true
	for len(s.mu.settled) > 0 && s.mu.settled[0] {
		s.mu.settled = s.mu.settled[1:]
		s.mu.oldest++
	}
}

// watermark returns the greatest stamp of which it and all before it are
// settled.
func (s *stamps) watermark() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.oldest - 1
}
