package layout

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

func TestToken(t *testing.T) {
	token := Token{Time: 1 << 60, Request: [32]byte{1, 2, 31: 3}, Units: []uint64{2, 300}}
	value := AppendToken(nil, token)
	if got, err := ParseToken(value); err != nil || !reflect.DeepEqual(got, token) {
		t.Fatalf("ParseToken = %+v, %v; want %+v", got, err, token)
	}
	for n := range len(value) { // no beginning of a record is one
		if _, err := ParseToken(value[:n]); !errors.Is(err, ErrToken) {
			t.Errorf("ParseToken of the first %d bytes: %v", n, err)
		}
	}
	if _, err := ParseToken(append(value, 0)); !errors.Is(err, ErrToken) {
		t.Errorf("ParseToken with a byte more: %v", err)
	}
}

// TestTokenExpiries shows that expiries are in the order of time, lead to their
// record, and that a range of them ends with the time it is given.
func TestTokenExpiries(t *testing.T) {
	record := AppendTokenKey(nil, "000000000000", "us-east-1", TokenWrite, "t")
	due := TokenExpiries(1000)
	for _, c := range []struct {
		time   int64
		within bool
	}{{1, true}, {999, true}, {1000, true}, {1001, false}, {1 << 60, false}} {
		key := AppendTokenExpiry(nil, c.time, record)
		if within := bytes.Compare(due.Start, key) <= 0 && bytes.Compare(key, due.End) < 0; within != c.within {
			t.Errorf("the expiry at %d is within: %v", c.time, within)
		}
		if got, err := ParseTokenExpiry(key); err != nil || !bytes.Equal(got, record) {
			t.Errorf("ParseTokenExpiry = %q, %v", got, err)
		}
	}
	for _, bad := range []string{"", "i", "ie1234567", "ir000000000000wus-east-1\x00t"} {
		if _, err := ParseTokenExpiry([]byte(bad)); !errors.Is(err, ErrKey) {
			t.Errorf("ParseTokenExpiry(%q): %v", bad, err)
		}
	}
}
