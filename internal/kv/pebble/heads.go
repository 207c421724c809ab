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

type headLock struct {
	mu sync.Mutex
	_  [56]byte // a lock has a cache line of its own
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

func (h *heads) lock(p headPlace) *sync.Mutex { return &h.locks[p.bucket%headLocks].mu }

// find returns what is known of a key.
func (h *heads) find(p headPlace) (known knownHead, ok bool) {
	mu := h.lock(p)
	mu.Lock()
	defer mu.Unlock()
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
	mu := h.lock(p)
	mu.Lock()
	defer mu.Unlock()
	if h.forgotten.Load() != since {
		return
	}
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
	mu := h.lock(p)
	mu.Lock()
	defer mu.Unlock()
	if e := h.findLocked(p); e != nil {
		e.knownHead = now
	}
}

// forget forgets everything.
func (h *heads) forget() {
	for i := range h.locks {
		h.locks[i].mu.Lock()
	}
	h.forgotten.Add(1)
	clear(h.buckets)
	for i := range h.locks {
		h.locks[i].mu.Unlock()
	}
}
