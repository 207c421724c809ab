package pebble

import (
	"bytes"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/gramme-db/gramme/internal/kv/driver"
)

// heads remembers how the values at some keys begin, and small values whole:
// those that were asked for. Who replaces a value often needs to know no more of
// the old one than its size, which stands in front, and to look that up in the
// engine costs as much as to write the new one. And in a large store an item that
// is read again and again is found here at a third of what the engine's levels
// cost.
//
// What is remembered is what is applied: the committer notes what was written
// after it is, before it gives back the keys' latches, and before a group can
// land. So the next owner of a key finds it here, and so does a reader who comes
// after anybody was answered with it, as answers wait for the group. Where they
// do not, without syncs, readers do not look here.
//
// Who reads a key without owning it may have read what is not there any more.
// So each run of buckets counts what is written to its keys, known or not, and
// what was read is learned if there was nothing meanwhile. A range is deleted
// without naming its keys, and then everything is forgotten.
//
// A key is known by its bucket and its tag, which are two hashes with seeds of
// this process: that another one has both by chance is not to be expected in
// the life of a machine.
type heads struct {
	seeds   [2]maphash.Seed
	buckets []headBucket
	runs    [headLocks]headRun
}

type headBucket [headWays]headEntry

// headRun is a run of buckets, with their lock. It takes a cache line.
type headRun struct {
	mu      sync.Mutex
	learned bool   // something, since all was forgotten
	changes uint64 // how often something was written to a key of the run, or all forgotten
	values  ring
}

type headEntry struct {
	tag  uint64
	used bool
	knownHead
	whole bool // values has the key's value, unless it was overwritten
	size  int32
	at    uint64
}

// knownHead is how the value at a key begins, if there is one.
type knownHead struct {
	driver.Head
	present bool
}

// headPlace is where the head of a key is, if it is known.
type headPlace struct{ bucket, tag uint64 }

// remembered is what is known of a key.
type remembered struct {
	knownHead
	known bool   // or else the head says nothing
	whole bool   // the value was appended
	since uint64 // for learn
}

// init makes room for heads, and for so many bytes of values.
func (h *heads) init(valueBytes int64) {
	h.seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
	h.buckets = make([]headBucket, headsMax/headWays)
	for i := range h.runs {
		h.runs[i].values.size = uint64(valueBytes / headLocks)
	}
}

func (h *heads) place(key []byte) headPlace {
	return headPlace{maphash.Bytes(h.seeds[0], key) % uint64(len(h.buckets)), maphash.Bytes(h.seeds[1], key)}
}

// run returns the run that a bucket is in.
func (h *heads) run(p headPlace) *headRun { return &h.runs[p.bucket*headLocks/uint64(len(h.buckets))] }

// find returns what is known of a key.
func (h *heads) find(p headPlace) remembered {
	run := h.run(p)
	run.mu.Lock()
	defer run.mu.Unlock()
	e := h.findLocked(p)
	if e == nil {
		return remembered{since: run.changes}
	}
	return remembered{knownHead: e.knownHead, known: true, since: run.changes}
}

// get is find, and appends the value if all of it is known.
func (h *heads) get(p headPlace, dst []byte) ([]byte, remembered) {
	run := h.run(p)
	run.mu.Lock()
	defer run.mu.Unlock()
	e := h.findLocked(p)
	if e == nil {
		return dst, remembered{since: run.changes}
	}
	value := run.value(e)
	return append(dst, value...), remembered{e.knownHead, true, value != nil, run.changes}
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

// learn remembers what was read at a key after find or get, and the value if it
// is not nil.
func (h *heads) learn(p headPlace, read knownHead, value []byte, since uint64) {
	run := h.run(p)
	run.mu.Lock()
	defer run.mu.Unlock()
	if run.changes != since {
		return
	}
	run.learned = true
	e := h.findLocked(p)
	if e == nil {
		bucket := &h.buckets[p.bucket]
		copy(bucket[1:], bucket[:headWays-1]) // the one that came first goes
		e = &bucket[0]
		*e = headEntry{tag: p.tag, used: true, knownHead: read}
	}
	if value != nil {
		run.keep(e, value)
	}
}

// value returns the value of an entry, nil if it is not known. It is valid while
// the caller has the lock.
func (r *headRun) value(e *headEntry) []byte {
	if !e.whole {
		return nil
	}
	return r.values.get(e.at, int(e.size))
}

// keep keeps the value of an entry, if it is small.
func (r *headRun) keep(e *headEntry, value []byte) {
	old := r.value(e)
	if e.whole = len(value) <= headValueMax; !e.whole {
		return
	}
	if old == nil || len(old) < len(value) {
		e.at, e.whole = r.values.add(value)
	} else {
		copy(old, value)
	}
	e.size = int32(len(value))
}

// wrote notes what an update has written, which is applied: of a key that it has
// written more than once, the last alone, as nobody is to see the others.
func (h *heads) wrote(writes []driver.Write) {
	if slices.ContainsFunc(writes, func(w driver.Write) bool { return w.Kind == driver.DeleteRange }) {
		h.forget()
		return
	}
	for i := range writes {
		switch w := &writes[i]; {
		case w.Kind == driver.Add || len(writes) > headWritesMax:
			h.forgetKey(w.Key)
		case hidden(w.Key, writes[i+1:]):
		case w.Kind == driver.Set:
			h.change(w.Key, knownHead{driver.HeadOf(w.Value), true}, w.Value)
		case w.Kind == driver.Delete:
			h.change(w.Key, knownHead{}, nil)
		}
	}
}

// hidden reports whether a key is written by what comes later.
func hidden(key []byte, later []driver.Write) bool {
	for i := range later {
		if bytes.Equal(key, later[i].Key) {
			return true
		}
	}
	return false
}

// change notes what has become of a key, if it is known.
func (h *heads) change(key []byte, now knownHead, value []byte) {
	p := h.place(key)
	run := h.run(p)
	run.mu.Lock()
	defer run.mu.Unlock()
	run.changes++
	e := h.findLocked(p)
	if e == nil {
		return
	}
	e.knownHead = now
	if !now.present {
		e.whole = false
	}
	if e.whole {
		run.keep(e, value)
	}
}

// forgetKey forgets a key, and what is being read to be learned.
func (h *heads) forgetKey(key []byte) {
	p := h.place(key)
	run := h.run(p)
	run.mu.Lock()
	defer run.mu.Unlock()
	run.changes++
	if e := h.findLocked(p); e != nil {
		*e = headEntry{}
	}
}

// forget forgets everything, and what is being read to be learned.
func (h *heads) forget() {
	buckets := len(h.buckets) / headLocks
	for i := range h.runs {
		run := &h.runs[i]
		run.mu.Lock()
		run.changes++
		if run.learned {
			run.learned = false
			clear(h.buckets[i*buckets : (i+1)*buckets])
		}
		run.mu.Unlock()
	}
}

// ring keeps values, until it was filled with others once more.
type ring struct {
	size  uint64
	given uint64 // how many bytes were given away since ever
	room  []byte // nil until the first
}

// add keeps a value, and returns where, if there is room for such at all.
func (r *ring) add(value []byte) (at uint64, ok bool) {
	n := uint64(len(value))
	if n > r.size || r.size == 0 {
		return 0, false
	}
	if r.room == nil {
		r.room = make([]byte, r.size)
	}
	if left := r.size - r.given%r.size; left < n {
		r.given += left
	}
	at = r.given
	copy(r.room[at%r.size:], value)
	r.given += n
	return at, true
}

// get returns a value that add has kept, nil if it was overwritten.
func (r *ring) get(at uint64, n int) []byte {
	if r.room == nil || r.given-at > r.size {
		return nil
	}
	at %= r.size
	return r.room[at : at+uint64(n) : at+uint64(n)]
}
