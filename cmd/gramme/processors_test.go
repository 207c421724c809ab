package main

import (
	"os"
	"testing"
)

func TestProcessors(t *testing.T) {
	for _, c := range []struct {
		name         string
		now, machine int
		limited      bool
		want         int
	}{
		{"a machine", 2, 2, false, 3},
		{"a container that may use a part", 2, 8, false, 2},
		{"a container that may use less than one of two", 2, 2, true, 2},
		{"a wish for more", 16, 8, true, 16},
	} {
		if got := processors(c.now, c.machine, c.limited); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// TestLimitedCPU reads the limits of containers. A file with no limit says so.
func TestLimitedCPU(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  bool
	}{
		{"not Linux", nil, false},
		{"a machine", map[string]string{"/proc/self/cgroup": "0::/a\n", "/sys/fs/cgroup/a/cpu.max": "max 100000\n"}, false},
		{"a container", map[string]string{"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "50000 100000\n"}, true},
		{"a service", map[string]string{
			"/proc/self/cgroup": "0::/system.slice/gramme.service\n", "/sys/fs/cgroup/system.slice/cpu.max": "150000 100000\n",
			"/sys/fs/cgroup/system.slice/gramme.service/cpu.max": "max 100000\n",
		}, true},
		{"version 1", map[string]string{"/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n"}, true},
		{"version 1 without a limit", map[string]string{"/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n"}, false},
	} {
		if got := limitedCPU(readFrom(c.files)); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

// readFrom reads files that are in a map.
func readFrom(files map[string]string) func(name string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return nil, os.ErrNotExist
	}
}
