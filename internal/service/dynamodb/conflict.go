package dynamodb

import (
	"hash/maphash"
	"sync"
)

// conflicts knows which keys are being written right now, and by what. It makes
// conflicts with transactions visible, as AWS does, where a request would else
// wait; that what is done is right is the business of the store.
//
//	under way            arriving            gets
//	transaction          single write        TransactionConflictException
//	transaction          transaction         cancelled, TransactionConflict
//	transaction, write   transactional read  cancelled, TransactionConflict
//
// All else waits for its turn, and reads that are no transaction never look
// here. There is an entry for each key that is being written, so that the
// number of requests bounds the entries.
//
// A key is known by its hash of 64 bits. Two keys that share one would conflict
// without need, and the client would try again.
type conflicts struct {
	seed    maphash.Seed
	stripes [conflictStripes]conflictStripe
}

// keyHash is what conflicts knows of a key.
type keyHash uint64

type conflictStripe struct {
	mu   sync.Mutex
	busy []busyKey // few: of one hash each, in no order
	_    [32]byte  // a stripe has a cache line of its own
}

// busyKey is a key that is being written.
type busyKey struct {
	hash        keyHash
	writes      int32 // single writes, waiting ones included
	transaction bool
}

func (c *conflicts) init() { c.seed = maphash.MakeSeed() }

func (c *conflicts) hash(key []byte) keyHash { return keyHash(maphash.Bytes(c.seed, key)) }

func (c *conflicts) stripe(h keyHash) *conflictStripe { return &c.stripes[h%conflictStripes] }

// beginWrite notes a single write, whose end is to be told by endWrite; it
// reports false, and notes nothing, when a transaction has the key.
func (c *conflicts) beginWrite(h keyHash) bool {
	s := c.stripe(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.findLocked(h)
	switch {
	case b == nil:
		s.busy = append(s.busy, busyKey{hash: h, writes: 1})
	case b.transaction:
		return false
	default:
		b.writes++
	}
	return true
}

func (c *conflicts) endWrite(h keyHash) {
	s := c.stripe(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.findLocked(h)
	b.writes--
	s.dropLocked(b)
}

// beginTransaction notes that a transaction has the key, until endTransaction;
// it reports false, and notes nothing, when another one has it. A single write
// that is under way is no obstacle: the store lets it end first.
func (c *conflicts) beginTransaction(h keyHash) bool {
	s := c.stripe(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.findLocked(h)
	switch {
	case b == nil:
		s.busy = append(s.busy, busyKey{hash: h, transaction: true})
	case b.transaction:
		return false
	default:
		b.transaction = true
	}
	return true
}

func (c *conflicts) endTransaction(h keyHash) {
	s := c.stripe(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.findLocked(h)
	b.transaction = false
	s.dropLocked(b)
}

// inTransaction reports whether a transaction has the key.
func (c *conflicts) inTransaction(h keyHash) bool {
	s := c.stripe(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.findLocked(h)
	return b != nil && b.transaction
}

// beingWritten reports whether anything is writing the key.
func (c *conflicts) beingWritten(h keyHash) bool {
	s := c.stripe(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.findLocked(h) != nil
}

func (s *conflictStripe) findLocked(h keyHash) *busyKey {
	for i := range s.busy {
		if s.busy[i].hash == h {
			return &s.busy[i]
		}
	}
	return nil
}

// dropLocked removes the entry if nothing writes its key any more.
func (s *conflictStripe) dropLocked(b *busyKey) {
	if b.writes > 0 || b.transaction {
		return
	}
	last := len(s.busy) - 1
	*b = s.busy[last]
	s.busy = s.busy[:last]
}
