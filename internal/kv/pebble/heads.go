package pebble

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/gramme-db/gramme/internal/kv/driver"
)

// heads remembers how the values at some keys begin: those that updates have
// asked for, which were then the keys' owners. Who replaces a value often needs
// to know no more of the old one than its size, which stands in front, and to
// look that up in the engine costs as much as to write the new one.
//
// What is remembered is what is applied. Only the owner of a key writes it, and
// the committer notes what was written before it gives back the key's latch: so
// the next owner finds it. A range is deleted without owning its keys, and then
// everything is forgotten.
//
// A key is known by its bucket and its tag, which are two hashes with seeds of
// this process: that another one has both by chance is not to be expected in
// the life of a machine.
type heads struct {
	seeds     [2]maphash.Seed
	buckets   []headBucket
	locks     [headLocks]headLock
	forgotten atomic.Uint64 // how often everything was forgotten
}

type headBucket [headWays]headEntry

// headLock is the lock of a run of buckets.
type headLock struct {
	mu      sync.Mutex
	learned bool     // something, since all was forgotten
	_       [55]byte // a lock has a cache line of its own
}

type headEntry struct {
	tag  uint64
	used bool
	knownHead
}

// knownHead is how the value at a key begins, if there is one.
type knownHead struct {
	driver.Head
	present bool
}

// headPlace is where the head of a key is, if it is known.
type headPlace struct{ bucket, tag uint64 }

func (h *heads) init() {
	h.seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
	h.buckets = make([]headBucket, headsMax/headWays)
}

func (h *heads) place(key []byte) headPlace {
	return headPlace{maphash.Bytes(h.seeds[0], key) % uint64(len(h.buckets)), maphash.Bytes(h.seeds[1], key)}
}

// lock returns the lock of the run that a bucket is in.
func (h *heads) lock(p headPlace) *headLock {
	return &h.locks[p.bucket*headLocks/uint64(len(h.buckets))]
}

// find returns what is known of a key.
func (h *heads) find(p headPlace) (known knownHead, ok bool) {
	lock := h.lock(p)
	lock.mu.Lock()
	defer lock.mu.Unlock()
	if e := h.findLocked(p); e != nil {
		return e.knownHead, true
	}
	return knownHead{}, false
}

func (h *heads) findLocked(p headPlace) *headEntry {
	bucket := &h.buckets[p.bucket]
	for i := range bucket {
		if bucket[i].tag == p.tag && bucket[i].used {
			return &bucket[i]
		}
	}
	return nil
}

// learn remembers what the owner of a key has read. If everything was forgotten
// since it began to read, it may have read what is not there any more.
func (h *heads) learn(p headPlace, read knownHead, since uint64) {
	lock := h.lock(p)
	lock.mu.Lock()
	defer lock.mu.Unlock()
	if h.forgotten.Load() != since {
		return
	}
	lock.learned = true
	bucket := &h.buckets[p.bucket]
	copy(bucket[1:], bucket[:headWays-1]) // the one that came first goes
	bucket[0] = headEntry{p.tag, true, read}
}

// wrote notes what was applied.
func (h *heads) wrote(writes []driver.Write) {
	for i := range writes {
		switch w := &writes[i]; w.Kind {
		case driver.Set:
			h.change(w.Key, knownHead{driver.HeadOf(w.Value), true})
		case driver.Delete:
			h.change(w.Key, knownHead{})
		case driver.DeleteRange:
			h.forget()
		}
	}
}

// change notes what has become of a key, if it is known.
func (h *heads) change(key []byte, now knownHead) {
	p := h.place(key)
	lock := h.lock(p)
	lock.mu.Lock()
	defer lock.mu.Unlock()
	if e := h.findLocked(p); e != nil {
		e.knownHead = now
	}
}

// forget forgets everything, and what is being read to be learned.
func (h *heads) forget() {
	h.forgotten.Add(1)
	run := len(h.buckets) / headLocks
	for i := range h.locks {
		lock := &h.locks[i]
		lock.mu.Lock()
		if lock.learned {
			lock.learned = false
			clear(h.buckets[i*run : (i+1)*run])
		}
		lock.mu.Unlock()
	}
}
