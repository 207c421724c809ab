package pebble

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"sync"
	"testing"

	engine "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/driver"
)

// Stamps are handed out below a bound that is durable; many ask for a new one
// at the same time.
func TestStampReservation(t *testing.T) {
	var s stamps
	s.open(1)
	durable, reservations := uint64(1), 0 // by one goroutine at a time
	reserve := func(bound uint64) error {
		durable = bound
		reservations++
		return nil
	}
	const takers, each = 8, stampBlock / 4
	var all sync.WaitGroup
	var last [takers]uint64
	for i := range takers {
		all.Go(func() {
			for range each {
				stamp, err := s.take(reserve)
				if err != nil || stamp <= last[i] {
					t.Errorf("stamp %d after %d (%v)", stamp, last[i], err)
				}
				last[i] = stamp
				s.settle(stamp)
			}
		})
	}
	all.Wait()
	if w := s.watermark(); w != takers*each || reservations != 2 || w >= durable {
		t.Errorf("the last stamp is %d, want %d; %d reservations, the last at %d", w, takers*each, reservations, durable)
	}
}

func TestStampReservationFails(t *testing.T) {
	var s stamps
	s.open(7)
	broken := errors.New("broken")
	if _, err := s.take(func(uint64) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("%v, want %v", err, broken)
	}
	if w := s.watermark(); w != 6 {
		t.Errorf("the watermark is %d, want 6", w)
	}
	stamp, err := s.take(func(bound uint64) error {
		if bound != 7+stampBlock {
			t.Errorf("the bound is %d", bound)
		}
		return nil
	})
	if stamp != 7 || err != nil {
		t.Errorf("the next stamp is %d (%v), want 7", stamp, err)
	}
}

// The watermark goes over settled stamps only, in whatever order they settle.
func TestWatermarkOrder(t *testing.T) {
	var s stamps
	s.open(1)
	var taken []uint64
	for range 4 {
		stamp, err := s.take(func(uint64) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, stamp)
	}
	for _, step := range []struct{ settle, watermark uint64 }{{2, 0}, {1, 2}, {4, 2}, {3, 4}} {
		s.settle(taken[step.settle-1])
		if w := s.watermark(); w != step.watermark {
			t.Errorf("after %d the watermark is %d, want %d", step.settle, w, step.watermark)
		}
	}
}

// A group touches all its keys, and the ranges that they are in, and of others
// few.
func TestGroupFilter(t *testing.T) {
	g := newGroup()
	c := committer{seed: maphash.MakeSeed()}
	c.inflight.Store(g)
	const keys, others = 200, 10000
	one := func(kind string, i int) []byte { return fmt.Appendf(nil, "%-8s%06d/rest", kind, i) }
	touched := func(key []byte) (itself, rangeOf bool) {
		return c.touching(key) == g, c.touchingRange(key, append(key[:kv.StemBytes:kv.StemBytes], 0xff)) == g
	}
	for i := range keys {
		g.add(c.seed, one("key", i))
	}
	for i := range keys {
		if itself, rangeOf := touched(one("key", i)); !itself || !rangeOf {
			t.Fatalf("the group touches its key %d: %v, the range that it is in: %v", i, itself, rangeOf)
		}
	}
	wrong := 0
	for i := range others {
		itself, rangeOf := touched(one("other", i))
		if itself {
			wrong++
		}
		if rangeOf {
			wrong++
		}
	}
	if wrong > 2*others/20 {
		t.Errorf("%d of %d other keys and ranges wait without need", wrong, 2*others)
	}
	if c.touchingRange([]byte("a"), []byte("b")) != g {
		t.Error("a range of keys with many stems does not wait")
	}
	g.addAll()
	if itself, rangeOf := touched(one("any", 0)); !itself || !rangeOf {
		t.Error("a group that deletes a range touches every key")
	}
}

// A range has a stem exactly if all its keys have the same.
func TestStems(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	some := func(n int) []byte { // of bytes that are next to each other, or at the ends
		b := bytes.Repeat([]byte{7}, n)
		for i := max(0, n-3); i < n; i++ {
			b[i] = []byte{0, 1, 7, 8, 0xfe, 0xff}[r.IntN(6)]
		}
		if n > 0 && r.IntN(4) == 0 {
			b[r.IntN(n)] = 0xff
		}
		return b
	}
	with, without := 0, 0
	for range 200_000 {
		start, end := some(kv.StemBytes-2+r.IntN(5)), some(kv.StemBytes-2+r.IntN(5))
		if bytes.Compare(start, end) >= 0 {
			continue
		}
		stem := stemOf(start, end)
		if same := haveOneStem(start, end); (stem != nil) != same {
			t.Fatalf("from %x to %x: the stem is %x, all keys have the same: %v", start, end, stem, same)
		}
		if stem != nil {
			with++
		} else {
			without++
		}
	}
	if with < 300 || without < 300 {
		t.Errorf("%d ranges with a stem, %d without", with, without)
	}
	if stem := stemOf(bytes.Repeat([]byte{0xff}, kv.StemBytes), nil); stem != nil {
		t.Errorf("to the end of the store: %x", stem)
	}
}

// haveOneStem says whether the first and the last key of a range have the same
// stem.
func haveOneStem(start, end []byte) bool {
	last := bytes.Clone(end)
	if at := len(last) - 1; last[at] == 0 {
		last = last[:at] // the key right before it
	} else {
		last[at]--
		last = append(last, bytes.Repeat([]byte{0xff}, 2*kv.StemBytes)...) // there is none after it, but for longer ones
	}
	return len(start) >= kv.StemBytes && len(last) >= kv.StemBytes && bytes.Equal(start[:kv.StemBytes], last[:kv.StemBytes])
}

func memDB(t *testing.T) *DB {
	t.Helper()
	d, err := Open(Options{Dir: "data", FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// An update that cannot be committed, because a counter is damaged, fails
// alone: the others of its group are committed.
func TestGroupWithDamagedCounter(t *testing.T) {
	d := memDB(t)
	if err := d.engine.Set([]byte("damaged"), []byte("?"), engine.Sync); err != nil {
		t.Fatal(err)
	}
	var writes [3]driver.Writes
	var requests []*request
	for i := range writes {
		r := newRequest()
		r.writes = &writes[i]
		requests = append(requests, &r)
		writes[i].Add([]byte("counter"), 0, 1)
		writes[i].Set(fmt.Appendf(nil, "key%d", i), nil)
	}
	writes[1].Add([]byte("damaged"), 0, 1)
	d.commits.end(d.commits.begin(requests), requests)

	var damaged *kv.CorruptionError
	if requests[0].err != nil || !errors.As(requests[1].err, &damaged) || requests[2].err != nil {
		t.Errorf("outcomes: %v, %v, %v", requests[0].err, requests[1].err, requests[2].err)
	}
	ctx := context.Background()
	for i, want := range []error{nil, kv.ErrNotFound, nil} {
		if _, err := d.Get(ctx, fmt.Appendf(nil, "key%d", i), nil); !errors.Is(err, want) {
			t.Errorf("key %d: %v, want %v", i, err, want)
		}
	}
	if slots, err := d.Counters(ctx, []byte("counter"), nil); err != nil || slots[0] != 2 {
		t.Errorf("counted %v (%v), want 2", slots, err)
	}
	if _, err := d.Counters(ctx, []byte("damaged"), nil); !errors.As(err, &damaged) {
		t.Errorf("a damaged counter is read: %v", err)
	}
}

// More counters than are kept in memory are as exact as few.
func TestCounterCacheOverflow(t *testing.T) {
	d := memDB(t)
	s := kv.Open(d)
	ctx := context.Background()
	const vectors, rounds, each = counterCacheMax + 500, 3, 500
	for range rounds {
		for first := 0; first < vectors; first += each {
			err := s.Update(ctx, nil, func(tx *kv.Tx) error {
				for i := first; i < min(first+each, vectors); i++ {
					tx.Add(fmt.Appendf(nil, "counter%d", i), 0, 1)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(d.commits.counters.vectors); n > counterCacheMax {
				t.Fatalf("%d vectors are kept, the limit is %d", n, counterCacheMax)
			}
		}
	}
	for i := range vectors {
		slots, err := s.Counters(ctx, fmt.Appendf(nil, "counter%d", i))
		if err != nil || slots[0] != rounds {
			t.Fatalf("counter %d is at %v (%v), want %d", i, slots, err, rounds)
		}
	}
}

// Groups are bounded: what is greater waits for the next one.
func TestGroupBytes(t *testing.T) {
	var c committer
	var writes [5]driver.Writes
	for i, size := range []int{100, groupBytesMax, 1, groupBytesMax * 2, 1} {
		writes[i].Set([]byte("k"), make([]byte, size))
		c.mu.queue = append(c.mu.queue, &request{writes: &writes[i]})
	}
	c.mu.queue = append(c.mu.queue, &request{})
	for _, want := range []int{2, 2, 2} {
		own := newRequest()
		c.take(&own)
		if got := len(own.led); got != want {
			t.Errorf("a group of %d, want %d", got, want)
		}
	}
	if len(c.mu.queue) != 0 {
		t.Errorf("%d are left", len(c.mu.queue))
	}
}

// The text of a seal outlives the process.
func TestSealText(t *testing.T) {
	p := prefix{manifest: "MANIFEST-000001", bytes: 3310, sum: 0x1c291ca3}
	const text = "MANIFEST-000001-3310-1c291ca3"
	if got := p.String(); got != text {
		t.Errorf("it is %s, want %s", got, text)
	}
	if got, err := parsePrefix(text); got != p || err != nil {
		t.Errorf("%+v (%v), want %+v", got, err, p)
	}
	for _, bad := range []string{"", "MANIFEST-000001-3310", text + "0", "000001-3310-1c291ca3", "MANIFEST-000001--1-1c291ca3"} {
		if p, err := parsePrefix(bad); err == nil {
			t.Errorf("%q is %+v", bad, p)
		}
	}
}
