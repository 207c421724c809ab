package base

import (
	"strings"
	"testing"
)

// There is an id for each request: it takes nothing from the source of secrets,
// unless there is no other.
func TestRequestID(t *testing.T) {
	drawn := map[string]int{}
	source := func(name string) func() uint64 {
		return func() uint64 {
			drawn[name]++
			return uint64(drawn[name]) * 0x9E3779B97F4A7C15
		}
	}
	e := Env{Rand: source("secret"), Names: source("names")}
	first, second := e.RequestID(), e.RequestID()
	if first == second || len(first) != 52 || strings.Trim(first+second, requestIDChars) != "" {
		t.Errorf("ids %q and %q", first, second)
	}
	if drawn["secret"] != 0 || drawn["names"] != 10 {
		t.Errorf("drawn were %v", drawn)
	}
	e.Names = nil
	e.RequestID()
	_ = e.UUID()
	if drawn["secret"] != 5+2 || drawn["names"] != 10 {
		t.Errorf("drawn were %v", drawn)
	}
}
