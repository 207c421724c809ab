package pebble

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gramme-db/gramme/internal/kv/driver"
)

// What was read before everything was forgotten, or the key was written, is not
// learned: it may not be there any more.
func TestHeadsForget(t *testing.T) {
	var h heads
	h.init(1 << 20)
	at := h.place([]byte("k"))
	old := knownHead{driver.HeadOf([]byte("old")), true}
	since := h.find(at).since
	h.learn(at, old, []byte("old"), since)
	if value, got := h.get(at, nil); !got.whole || got.knownHead != old || string(value) != "old" {
		t.Errorf("known is %q, %v", value, got)
	}
	for _, w := range []driver.Write{
		{Kind: driver.DeleteRange, Key: []byte("a"), Value: []byte("b")},
		{Kind: driver.Add, Key: []byte("k")},
	} {
		h.wrote([]driver.Write{w})
		if h.find(at).known {
			t.Errorf("it is known after a write of kind %d", w.Kind)
		}
		h.learn(at, old, []byte("old"), since)
		if h.find(at).known {
			t.Errorf("it is learned from before a write of kind %d", w.Kind)
		}
		since = h.find(at).since
		h.learn(at, old, []byte("old"), since)
	}
	h.wrote([]driver.Write{{Kind: driver.Set, Key: []byte("k"), Value: []byte("newer")}})
	h.learn(at, old, []byte("old"), since)
	if value, got := h.get(at, nil); string(value) != "newer" || got.knownHead != (knownHead{driver.HeadOf([]byte("newer")), true}) {
		t.Errorf("known is %q, %v, after it was written", value, got)
	}
	h.wrote([]driver.Write{{Kind: driver.Delete, Key: []byte("k")}})
	if value, got := h.get(at, nil); value != nil || !got.known || got.present || got.whole {
		t.Errorf("known is %q, %v, after it was deleted", value, got)
	}
	h.wrote([]driver.Write{{Kind: driver.Set, Key: []byte("other"), Value: []byte("new")}})
	if h.find(h.place([]byte("other"))).known {
		t.Error("a key is known, and nobody has asked for it")
	}
}

// What an update writes to a key before it writes something else there is never
// known.
func TestHeadsOfOneUpdate(t *testing.T) {
	var h heads
	h.init(1 << 20)
	key, good := []byte("k"), []byte("good")
	at := h.place(key)
	updates := [][]driver.Write{
		{{Kind: driver.Delete, Key: key}, {Kind: driver.Set, Key: key, Value: good}},
		{{Kind: driver.Set, Key: key, Value: []byte("bad")}, {Kind: driver.Set, Key: key, Value: good}},
		{{Kind: driver.Set, Key: key, Value: []byte("bad")}, {Kind: driver.DeleteRange, Key: key, Value: []byte("l")}},
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 100_000 {
			h.learn(at, knownHead{driver.HeadOf(good), true}, good, h.find(at).since)
			h.wrote(updates[i%len(updates)])
		}
	}()
	for over := false; !over; {
		select {
		case <-done:
			over = true
		default:
		}
		if value, got := h.get(at, nil); got.known && string(value) != "good" {
			t.Fatalf("known is %q, %v", value, got)
		}
	}
}

// More keys than there is room for: what is known is right, and it is bounded.
func TestHeadsFull(t *testing.T) {
	h := heads{buckets: make([]headBucket, headLocks)}
	const keys = 20
	place := func(i int) headPlace { return headPlace{bucket: uint64(i % 2), tag: uint64(i)} }
	value := func(i int) knownHead { return knownHead{driver.HeadOf(fmt.Append(nil, i)), true} }
	for i := range keys {
		h.learn(place(i), value(i), nil, 0)
	}
	for i := range keys {
		got := h.find(place(i))
		if want := i >= keys-2*headWays; got.known != want || got.known && got.knownHead != value(i) {
			t.Errorf("of %d is known %v, want %v (%v)", i, got, value(i), want)
		}
	}
}

// Without room for values, heads are known, and of an empty value no more.
func TestHeadsWithoutValues(t *testing.T) {
	var h heads
	h.init(headLocks - 1)
	for _, value := range []string{"", "v"} {
		at := h.place([]byte(value))
		h.learn(at, knownHead{driver.HeadOf([]byte(value)), true}, []byte(value), 0)
		if _, got := h.get(at, nil); !got.known || got.whole {
			t.Errorf("of %q is known %v", value, got)
		}
	}
}

// Values come and go, by their thousands, and each that is known is right.
func TestHeadsValues(t *testing.T) {
	var h heads
	const keys, runBytes = 5000, 3000
	h.init(runBytes * headLocks)
	random := rand.New(rand.NewPCG(1, 2))
	truth, known := map[int][]byte{}, 0
	for step := range 100_000 {
		i := random.IntN(keys)
		key := fmt.Appendf(nil, "k%d", i)
		at := h.place(key)
		value, got := h.get(at, []byte("dst"))
		switch {
		case got.whole:
			known++
			if string(value) != "dst"+string(truth[i]) {
				t.Fatalf("step %d: %d is known as %q, and is %q", step, i, value, truth[i])
			}
		case got.known && got.present != (truth[i] != nil):
			t.Fatalf("step %d: %d is known to be there: %v", step, i, got.present)
		case truth[i] != nil:
			h.learn(at, knownHead{driver.HeadOf(truth[i]), true}, truth[i], got.since)
		}
		switch random.IntN(8) {
		case 0:
			truth[i] = bytes.Repeat([]byte{byte(step)}, random.IntN(2*runBytes))
			h.wrote([]driver.Write{{Kind: driver.Set, Key: key, Value: truth[i]}})
		case 1:
			delete(truth, i)
			h.wrote([]driver.Write{{Kind: driver.Delete, Key: key}})
		}
	}
	if known == 0 {
		t.Error("nothing was known")
	}
}
