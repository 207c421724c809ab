package pebble

import (
	"fmt"
	"testing"

	"github.com/gramme-db/gramme/internal/kv/driver"
)

// What was read before everything was forgotten is not learned: it may have been
// in a range that was deleted meanwhile.
func TestHeadsForget(t *testing.T) {
	var h heads
	h.init()
	at := h.place([]byte("k"))
	old := knownHead{driver.HeadOf([]byte("old")), true}
	since := h.forgotten.Load()
	h.learn(at, old, since)
	if got, ok := h.find(at); !ok || got != old {
		t.Errorf("known is %v (%v), want %v", got, ok, old)
	}
	h.wrote([]driver.Write{{Kind: driver.DeleteRange, Key: []byte("a"), Value: []byte("b")}})
	if _, ok := h.find(at); ok {
		t.Error("it is known after a range was deleted")
	}
	h.learn(at, old, since)
	if _, ok := h.find(at); ok {
		t.Error("it is learned from before a range was deleted")
	}
	h.wrote([]driver.Write{{Kind: driver.Set, Key: []byte("k"), Value: []byte("new")}})
	if _, ok := h.find(at); ok {
		t.Error("it is known, and nobody has asked for it")
	}
}

// More keys than there is room for: what is known is right, and it is bounded.
func TestHeadsFull(t *testing.T) {
	h := heads{buckets: make([]headBucket, headLocks)}
	const keys = 20
	place := func(i int) headPlace { return headPlace{bucket: uint64(i % 2), tag: uint64(i)} }
	value := func(i int) knownHead { return knownHead{driver.HeadOf(fmt.Append(nil, i)), true} }
	for i := range keys {
		h.learn(place(i), value(i), 0)
	}
	for i := range keys {
		got, ok := h.find(place(i))
		if want := i >= keys-2*headWays; ok != want || ok && got != value(i) {
			t.Errorf("of %d is known %v (%v), want %v (%v)", i, got, ok, value(i), want)
		}
	}
}
