package driver

import (
	"bytes"
	"fmt"
	"testing"
)

// TestSetTo builds values in place, some longer than was said: each stays as it
// is, whatever is written after it.
func TestSetTo(t *testing.T) {
	var w Writes
	for round := range 3 {
		w.Reset()
		size := 0
		value := func(i int) []byte { return bytes.Repeat([]byte{byte('a' + i%26)}, i*7%400) }
		const writes = 500
		for i := range writes {
			key := fmt.Appendf(nil, "%d/%d", round, i)
			w.SetTo(key, max(len(value(i))-i%3, 0), func(dst []byte) []byte { return append(dst, value(i)...) })
			clear(key)
			size += len(key) + len(value(i))
		}
		if w.Size() != size {
			t.Errorf("%d bytes, want %d", w.Size(), size)
		}
		for i := range writes {
			got, found := w.Find(fmt.Appendf(nil, "%d/%d", round, i))
			if !found || got == nil || !bytes.Equal(got, value(i)) {
				t.Fatalf("round %d, write %d: %q, %v", round, i, got, found)
			}
		}
	}
}
