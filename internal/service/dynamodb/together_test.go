package dynamodb

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
)

// TestTogether: all run, and a panic in one of them reaches who waits.
func TestTogether(t *testing.T) {
	var ran atomic.Int64
	together(7, func(int) { ran.Add(1) })
	if ran.Load() != 7 {
		t.Errorf("%d of 7 ran", ran.Load())
	}
	ran.Store(0)
	defer func() {
		if told := fmt.Sprint(recover()); !strings.HasPrefix(told, "number 3 fails\n") || ran.Load() != 6 {
			t.Errorf("%d ran; panic: %s", ran.Load(), told)
		}
	}()
	together(7, func(i int) {
		if i == 3 {
			panic("number 3 fails")
		}
		ran.Add(1)
	})
}
