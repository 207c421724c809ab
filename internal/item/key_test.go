package item

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// checkKeys checks that two key values of one kind are ordered as DynamoDB
// orders them, that neither begins with the other, and that both can be read.
func checkKeys(t *testing.T, a, b Value) {
	t.Helper()
	x, y := AppendKey(nil, a), AppendKey(nil, b)
	want, ok := Compare(a, b)
	if !ok {
		t.Fatalf("no order of %v and %v", a, b)
	}
	if got := bytes.Compare(x, y); got != want {
		t.Fatalf("%v is % x, %v is % x: order %d, want %d", a, x, b, y, got, want)
	}
	if want != 0 && (bytes.HasPrefix(x, y) || bytes.HasPrefix(y, x)) {
		t.Fatalf("%v is % x, %v is % x: one begins with the other", a, x, b, y)
	}
	back, rest, err := DecodeKey(append(x, y...), a.Kind())
	if err != nil || !bytes.Equal(back, a) || !bytes.Equal(rest, y) {
		t.Fatalf("%v is % x, read as %v, % x, %v", a, x, back, rest, err)
	}
}

func FuzzKeyOrder(f *testing.F) {
	f.Add([]byte("a"), []byte("a\x00"))
	f.Add([]byte{0}, []byte{0, 0xFF})
	f.Add([]byte("12"), []byte("12.5"))
	f.Add([]byte("-1e-130"), []byte("0"))
	f.Add([]byte("99e123"), []byte("-99e123"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		checkKeys(t, Binary(a), Binary(b))
		checkKeys(t, String(strings.ToValidUTF8(string(a), "")), String(strings.ToValidUTF8(string(b), "")))
		x, faultX := parseDecimal(a)
		y, faultY := parseDecimal(b)
		if faultX == numberFine && faultY == numberFine {
			checkKeys(t, Number(x), Number(y))
		}
	})
}

// FuzzKeyPrefix holds the prefix of keys against the prefix of values.
func FuzzKeyPrefix(f *testing.F) {
	f.Add([]byte("a"), []byte("ab"))
	f.Add([]byte("a\x00"), []byte("a\x00\xFF"))
	f.Add([]byte("a\x00"), []byte("a"))
	f.Add([]byte{}, []byte{0, 1})
	f.Add([]byte{0xFF}, []byte{0xFF, 0xFF})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		prefix, key := AppendKeyPrefix(nil, Binary(a)), AppendKey(nil, Binary(b))
		if got, want := bytes.HasPrefix(key, prefix), bytes.HasPrefix(b, a); got != want {
			t.Errorf("% x begins with % x: %v; their keys: %v", b, a, want, got)
		}
	})
}

func TestNumberKeyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 15000 {
		x := randomNumber(rng)
		y := randomNumber(rng)
		switch rng.IntN(4) {
		case 0: // the same digits and more
			y = strings.Replace(x, "e", fmt.Sprint(rng.IntN(100))+"e", 1)
		case 1:
			y = "-" + strings.TrimPrefix(x, "-")
		}
		a, faultA := parseDecimal([]byte(x))
		b, faultB := parseDecimal([]byte(y))
		if faultA != numberFine || faultB != numberFine {
			continue
		}
		if got, want := bytes.Compare(AppendKey(nil, Number(a)), AppendKey(nil, Number(b))), rat(t, x).Cmp(rat(t, y)); got != want {
			t.Fatalf("keys of %s and %s: order %d, want %d", x, y, got, want)
		}
		checkKeys(t, Number(a), Number(b))
		checkKeys(t, Number(a), Number(Decimal{}))
		checkKeys(t, Number(Decimal{}), Number(b))
	}
}

func TestDecodeKeyRefusesDamage(t *testing.T) {
	for _, tc := range []struct {
		kind Kind
		key  string
	}{
		{S, ""}, {S, "a"}, {S, "a\x00"}, {S, "a\x00\x00"}, {S, "a\x00\xFF"}, {B, "\x00\x02"},
		{N, ""}, {N, "\x00"}, {N, "\x04\x80\x02"}, {N, "\x03"}, {N, "\x03\x82"}, {N, "\x03\x82\x03"},
		{N, "\x03\x82\x15"},     // the last pair says that another follows
		{N, "\x03\x82\x15\x00"}, // a last pair of 00
		{N, "\x03\x82\x02"},     // a leading 0
		{N, "\x03\x82\xC8"},     // 100
		{N, "\x03\x82" + strings.Repeat("\x15", 19) + "\x14"}, // 40 digits
		{BOOL, "\x00\x01"}, {Absent, "\x00\x01"},
	} {
		if v, _, err := DecodeKey([]byte(tc.key), tc.kind); err == nil {
			t.Errorf("%v %q is %v", tc.kind, tc.key, v)
		}
	}
}

func FuzzDecodeKey(f *testing.F) {
	f.Add([]byte("a\x00\xFFb\x00\x01c"))
	f.Add([]byte("\x03\x84\x19\x3c"))
	f.Add([]byte("\x01\x7b\xe6\xc3"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, kind := range []Kind{S, N, B} {
			v, rest, err := DecodeKey(b, kind)
			if err != nil {
				continue
			}
			if key := AppendKey(nil, v); !bytes.Equal(key, b[:len(b)-len(rest)]) {
				t.Fatalf("% x is %v, whose key is % x", b, v, key)
			}
		}
	})
}
