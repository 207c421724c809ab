package main

import "testing"

func TestProcessors(t *testing.T) {
	for _, c := range []struct {
		name         string
		now, machine int
		wish         string
		want         int
	}{
		{"a machine", 2, 2, "", 3},
		{"a container that may use a part", 2, 8, "", 2},
		{"a wish for all", 2, 2, "2", 2},
		{"a wish for more", 16, 8, "16", 16},
	} {
		if got := processors(c.now, c.machine, c.wish); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
