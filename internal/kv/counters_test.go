package kv

import (
	"encoding/hex"
	"math"
	"slices"
	"testing"
)

// These bytes are in people's stores. A change of them is a new version byte,
// or a new format of the store with a migration.
func TestGoldenCounters(t *testing.T) {
	for _, c := range []struct {
		slots   []int64
		golden  string
		printed string
	}{
		{[]int64{1}, "0102", "[1]"},
		{[]int64{3, -120, 0, 64}, "0106ef01008001", "[3 -120 0 64]"},
		{[]int64{0, 5, 0, 0}, "01000a", "[0 5]"},
		{
			[]int64{math.MaxInt64, math.MinInt64},
			"01feffffffffffffffff01ffffffffffffffffff01", "[9223372036854775807 -9223372036854775808]",
		},
		{nil, "", "not a counter vector: "},
		{[]int64{0, 0}, "", "not a counter vector: "},
	} {
		stored := AppendCounters(nil, c.slots)
		if got := hex.EncodeToString(stored); got != c.golden {
			t.Errorf("%v is stored as %s, want %s", c.slots, got, c.golden)
		}
		if got := FormatCounters(stored); got != c.printed {
			t.Errorf("%s is printed %q, want %q", c.golden, got, c.printed)
		}
		back, err := ParseCounters(nil, stored)
		trimmed := c.slots[:len(back)]
		if (err == nil) != (c.golden != "") || !slices.Equal(back, trimmed) {
			t.Errorf("%v comes back as %v (%v)", c.slots, back, err)
		}
	}
}

func TestDamagedCounters(t *testing.T) {
	for damaged, printed := range map[string]string{
		"\x02\x02":                 "not a counter vector: version 2, this program reads 1: 0202",
		"\x01\x80":                 "not a counter vector: 0180",
		"\x01" + overlong:          "not a counter vector: 01" + hex.EncodeToString([]byte(overlong)),
		"\x01" + string(tooMany()): "not a counter vector: 01" + hex.EncodeToString(tooMany()),
	} {
		if got := FormatCounters([]byte(damaged)); got != printed {
			t.Errorf("printed %q, want %q", got, printed)
		}
	}
}

const overlong = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"

func tooMany() []byte { return make([]byte, CounterSlotsMax+1) }

func FuzzCounters(f *testing.F) {
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, value []byte) {
		slots, err := ParseCounters(nil, value)
		if err != nil {
			return
		}
		if len(slots) > CounterSlotsMax {
			t.Fatalf("%d slots", len(slots))
		}
		var back []int64
		if stored := AppendCounters(nil, slots); len(stored) > 0 {
			if back, err = ParseCounters(nil, stored); err != nil {
				t.Fatal(err)
			}
		}
		for i, n := range slots {
			if i < len(back) && back[i] != n || i >= len(back) && n != 0 {
				t.Fatalf("%v comes back as %v", slots, back)
			}
		}
	})
}
