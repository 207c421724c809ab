package main

import (
	"testing"
)

func TestProcessors(t *testing.T) {
	for _, c := range []struct {
		name         string
		now, machine int
		wish         string
		limited      bool
		want         int
	}{
		{"a machine", 2, 2, "", false, 3},
		{"a container that may use a part", 2, 8, "", true, 2},
		{"a container that may use one of two", 2, 2, "", true, 2},
		{"a process that is bound to a part", 2, 8, "", false, 2},
		{"a wish for all", 2, 2, "2", false, 2},
		{"a wish for more", 16, 8, "16", false, 16},
	} {
		if got := processors(c.now, c.machine, c.wish, c.limited); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// TestIsLimited reads the limits of machines and containers.
func TestIsLimited(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  bool
	}{
		{"not Linux", nil, false},
		{"a machine", map[string]string{"/proc/self/cgroup": "0::/a\n", "/sys/fs/cgroup/a/cpu.max": "max 100000\n"}, false},
		{"a container", map[string]string{"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "100000 100000\n"}, true},
		{"a service", map[string]string{
			"/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/cpu.max": "150000 100000\n", "/sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
		}, true},
		{"version 1", map[string]string{"/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n"}, true},
		{"version 1 without a limit", map[string]string{"/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n"}, false},
	} {
		got := isLimited(reader(c.files))
		if got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
}
