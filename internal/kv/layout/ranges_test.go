package layout

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
)

// TestPartitionRanges holds every range of a partition against the order of
// values: a key is in the range exactly if its value meets the condition,
// whatever escapes the bytes need, and the neighbours of the partition are in
// none.
func TestPartitionRanges(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		values := someValues(t, rng)
		keys := ItemPartition(7, item.String("p"))
		var inside [][]byte
		for _, v := range values {
			inside = append(inside, AppendItemKey(nil, 7, item.String("p"), v))
		}
		for _, v := range values {
			checkRange(t, "less", keys.Less(v), values, inside, func(w item.Value) bool { return order(w, v) < 0 })
			checkRange(t, "at most", keys.AtMost(v), values, inside, func(w item.Value) bool { return order(w, v) <= 0 })
			checkRange(t, "greater", keys.Greater(v), values, inside, func(w item.Value) bool { return order(w, v) > 0 })
			checkRange(t, "at least", keys.AtLeast(v), values, inside, func(w item.Value) bool { return order(w, v) >= 0 })
			checkRange(t, "equal", keys.With(v).All(), values, inside, func(w item.Value) bool { return order(w, v) == 0 })
			checkRange(t, "all", keys.All(), values, inside, func(item.Value) bool { return true })
			if v.Kind() != item.N {
				checkRange(t, "begins with", keys.BeginsWith(v), values, inside, func(w item.Value) bool { return bytes.HasPrefix(w.Bytes(), v.Bytes()) })
			}
			for _, u := range values {
				checkRange(t, "between", keys.Between(v, u), values, inside, func(w item.Value) bool { return order(w, v) >= 0 && order(w, u) <= 0 })
			}
		}
	}
}

// The keys of a partition have one stem, so that a read of it waits for no writes
// to others.
func TestPartitionsHaveAStem(t *testing.T) {
	for _, v := range []item.Value{item.String(""), item.String("p"), item.Binary([]byte{0, 0xff}), item.Number(item.Int(-7))} {
		for _, p := range []Partition{ItemPartition(7, v), EntryPartition(7, 3, []item.Value{v})} {
			all := p.All()
			if len(p) < kv.StemBytes || !bytes.Equal(all.End[:kv.StemBytes], all.Start[:kv.StemBytes]) {
				t.Errorf("the keys of %v go from %x to %x", v, all.Start, all.End)
			}
		}
	}
	if one, other := ItemPartition(7, item.String("p")), ItemPartition(7, item.String("q")); bytes.Equal(one[:kv.StemBytes], other[:kv.StemBytes]) {
		t.Errorf("two partitions have the stem %x", one[:kv.StemBytes])
	}
}

func order(v, w item.Value) int {
	c, _ := item.Compare(v, w)
	return c
}

// someValues returns values of one kind, many of which begin with another one.
// Their bytes are those that the encoding treats in a way of its own, and their
// neighbours.
func someValues(t *testing.T, rng *rand.Rand) []item.Value {
	kind := rng.IntN(3)
	values := make([]item.Value, 8)
	for i := range values {
		switch kind {
		case 0:
			text := "0"
			if rng.IntN(8) > 0 {
				text = fmt.Sprintf("%s%d.%de%d", []string{"", "-"}[rng.IntN(2)], rng.IntN(30), rng.IntN(30), rng.IntN(4))
			}
			values[i] = number(t, text)
		case 1:
			b := make([]byte, 1+rng.IntN(4))
			for j := range b {
				b[j] = []byte{0, 1, 2, 0xfe, 0xff}[rng.IntN(5)]
			}
			values[i] = item.Binary(b)
		default:
			var b strings.Builder
			for range 1 + rng.IntN(4) {
				b.WriteString([]string{"\x00", "\x01", "a", "é", "\U0010ffff"}[rng.IntN(5)])
			}
			values[i] = item.String(b.String())
		}
	}
	return values
}

func checkRange(t *testing.T, what string, r Range, values []item.Value, keys [][]byte, holds func(item.Value) bool) {
	t.Helper()
	for i, v := range values {
		// With and without a further attribute behind the value.
		for _, key := range [][]byte{keys[i], item.AppendKey(keys[i][:len(keys[i]):len(keys[i])], item.Binary([]byte{0xff, 0}))} {
			if got := r.has(key); got != holds(v) {
				t.Fatalf("%s [% x, % x): key % x of %q is inside: %v", what, r.Start, r.End, key, v.Bytes(), got)
			}
		}
	}
	for _, other := range []string{"o", "p\x00", "q", "pp"} {
		if key := AppendItemKey(nil, 7, item.String(other), values[0]); r.has(key) {
			t.Fatalf("%s [% x, % x) holds key % x of another partition", what, r.Start, r.End, key)
		}
	}
}

func (r Range) has(key []byte) bool {
	return bytes.Compare(key, r.Start) >= 0 && bytes.Compare(key, r.End) < 0
}

// TestRest shows that a range parts at a key into the keys before and behind.
func TestRest(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	keys := EntryPartition(7, 1, []item.Value{item.String("p")})
	for range 200 {
		values := someValues(t, rng)
		at := []byte(keys.With(values[0]))
		after, before := keys.All().After(at), keys.All().Before(at)
		for _, v := range values {
			key := keys.With(v)
			if got, want := after.has(key), order(v, values[0]) > 0; got != want {
				t.Fatalf("% x is after % x: %v", key, at, got)
			}
			if got, want := before.has(key), order(v, values[0]) < 0; got != want {
				t.Fatalf("% x is before % x: %v", key, at, got)
			}
		}
	}
}

// TestSegments shows that every key lies in one segment and no other, for any
// number of segments: the range and Holds say the same.
func TestSegments(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, c := range []struct{ total, keys uint32 }{{1, 9}, {2, 99}, {3, 99}, {16, 99}, {1000, 9}, {999_999, 1}, {1_000_000, 1}} {
		for range c.keys {
			partition := []item.Value{item.String(fmt.Sprint(rng.Uint64()))}
			key := AppendItemKey(nil, 7, partition[0], item.Binary([]byte{0xff, 0xff}))
			entry := AppendIndexKey(nil, IndexKey{Table: 7, Index: 3, Partition: partition, Base: partition})
			in := 0
			for n := range c.total {
				s := Segment{n, c.total}
				holds := s.Holds(partition)
				if holds {
					in++
				}
				if s.Items(7).has(key) != holds || s.Entries(7, 3).has(entry) != holds {
					t.Fatalf("segment %d of %d: the range and Holds differ on %v", n, c.total, partition)
				}
			}
			if in != 1 {
				t.Fatalf("%v lies in %d of %d segments", partition, in, c.total)
			}
		}
	}
}

// TestSegmentsMeet shows that each segment ends where the next one begins, and
// that together they are the whole.
func TestSegmentsMeet(t *testing.T) {
	whole := Segment{}.Items(7)
	for _, total := range []uint32{1, 2, 3, 7, 1_000_000} {
		end := Segment{0, total}.Items(7).Start
		if want := append(bytes.Clone(whole.Start), 0, 0, 0, 0); !bytes.Equal(end, want) {
			t.Errorf("the first of %d segments begins at % x", total, end)
		}
		for n := range total {
			r := Segment{n, total}.Items(7)
			if !bytes.Equal(r.Start, end) {
				t.Fatalf("segment %d of %d begins at % x, the one before ends at % x", n, total, r.Start, end)
			}
			end = r.End
		}
		if !bytes.Equal(end, whole.End) {
			t.Errorf("the last of %d segments ends at % x", total, end)
		}
	}
}

// TestZeroSegment shows that no segment is all.
func TestZeroSegment(t *testing.T) {
	start, end := ItemRange(7)
	if r := (Segment{}).Items(7); !bytes.Equal(r.Start, start) || !bytes.Equal(r.End, end) {
		t.Errorf("[% x, % x), want [% x, % x)", r.Start, r.End, start, end)
	}
	if !(Segment{}).Holds([]item.Value{item.String("x")}) {
		t.Error("the whole does not hold a key")
	}
}
