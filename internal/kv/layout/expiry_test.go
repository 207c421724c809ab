package layout

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
)

// TestExpiries shows that expiries are in the order of time, lead to their item,
// and that a range of them ends with the time it is given.
func TestExpiries(t *testing.T) {
	itemKey := AppendItemKey(nil, 7, item.String("o1"), number(t, "3"))
	due := Expiries(7, 5, 1000)
	last := []byte{}
	for _, c := range []struct {
		time   int64
		within bool
	}{{0, false}, {4, false}, {5, true}, {255, true}, {256, true}, {999, true}, {1000, false}, {math.MaxInt64, false}} {
		key := AppendExpiryKey(nil, c.time, itemKey)
		if bytes.Compare(last, key) >= 0 {
			t.Errorf("the expiry at %d is not behind the one before", c.time)
		}
		last = key
		if within := bytes.Compare(due.Start, key) <= 0 && bytes.Compare(key, due.End) < 0; within != c.within {
			t.Errorf("the expiry at %d is within: %v", c.time, within)
		}
		if all := AllExpiries(7); bytes.Compare(all.Start, key) > 0 || bytes.Compare(key, all.End) >= 0 {
			t.Errorf("the expiry at %d is not within all", c.time)
		}
		if at, got, err := ParseExpiryKey(key); err != nil || at != c.time || !bytes.Equal(got, itemKey) {
			t.Errorf("ParseExpiryKey = %d, %x, %v", at, got, err)
		}
	}
	if none := Expiries(7, math.MinInt64, -1); !bytes.Equal(none.Start, none.End) {
		t.Errorf("before 1970 there is [% x, % x)", none.Start, none.End)
	}
}

func TestParseExpiry(t *testing.T) {
	key := AppendExpiryKey(nil, 5, AppendItemKey(nil, 7, item.String(""), nil))
	for n := range tableKeyLen + 8 + hashLen + 1 {
		if _, _, err := ParseExpiryKey(key[:n]); !errors.Is(err, ErrKey) {
			t.Errorf("ParseExpiryKey of the first %d bytes: %v", n, err)
		}
	}
	key[tableKeyLen] = 0x80
	if _, _, err := ParseExpiryKey(key); !errors.Is(err, ErrKey) {
		t.Errorf("ParseExpiryKey of a time beyond 63 bits: %v", err)
	}
	want := DescriptorKey{"000000000000", "us-east-1", "T"}
	mark, value := AppendExpiringKey(nil, 7), AppendExpiring(nil, want)
	if table, d, err := ParseExpiring(mark, value); err != nil || table != 7 || d != want {
		t.Errorf("ParseExpiring = %d, %+v, %v", table, d, err)
	}
	if _, _, err := ParseExpiring(mark[1:], value); !errors.Is(err, ErrKey) {
		t.Errorf("ParseExpiring with another key: %v", err)
	}
	if table, _, err := ParseExpiring(mark, value[:3]); table != 7 || !errors.Is(err, ErrKey) {
		t.Errorf("ParseExpiring with another value: %d, %v", table, err)
	}
}
