package awsjson

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// plainLen stops at the first byte that is not plain, wherever it stands and
// whatever stands around it.
func TestPlainLen(t *testing.T) {
	plain := func(c byte) bool { return c >= ' ' && c < 0x80 && c != '"' && c != '\\' }
	r := rand.New(rand.NewPCG(1, 1))
	for c := range 256 {
		for at := range 90 {
			s := bytes.Repeat([]byte{'~'}, 90)
			for i := range s {
				s[i] = " !#[]~\x7f"[r.IntN(7)]
			}
			s[at] = byte(c)
			for i := at + 1; i < len(s); i++ {
				s[i] = byte(r.IntN(256))
			}
			want := 0
			for want < len(s) && plain(s[want]) {
				want++
			}
			if got := plainLen(s); got != want {
				t.Fatalf("%q: %d bytes are plain, want %d", s, got, want)
			}
		}
	}
}
