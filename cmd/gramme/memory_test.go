package main

import (
	"os"
	"testing"
)

// TestLowMemoryLimit: a limit that the largest request does not fit into is
// refused, with what would do.
func TestLowMemoryLimit(t *testing.T) {
	const want = "gramme: --memory-limit is too low; with this --cache-size it is at least 704MB\nexit 1\n"
	if got := runLine(t, t.TempDir(), "serve --memory-limit=600MB --cache-size=256MB"); got != want {
		t.Errorf("%swant\n%s", got, want)
	}
}

// TestMemoryOf reads the limits of machines and containers.
func TestMemoryOf(t *testing.T) {
	const machine = "MemTotal:        8000000 kB\nMemFree:         100 kB\n"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"not Linux", nil, 0},
		{"a machine", map[string]string{"/proc/meminfo": machine}, 8000000 << 10},
		{"a machine with cgroups", map[string]string{
			"/proc/meminfo": machine, "/proc/self/cgroup": "0::/user.slice/a\n", "/sys/fs/cgroup/user.slice/a/memory.max": "max\n",
		}, 8000000 << 10},
		{"a container", map[string]string{
			"/proc/meminfo": machine, "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "1073741824\n",
		}, 1 << 30},
		{"a service", map[string]string{
			"/proc/meminfo": machine, "/proc/self/cgroup": "0::/system.slice/gramme.service\n",
			"/sys/fs/cgroup/system.slice/memory.max": "2147483648\n", "/sys/fs/cgroup/system.slice/gramme.service/memory.max": "max\n",
		}, 2 << 30},
		{"version 1", map[string]string{
			"/proc/meminfo": machine, "/proc/self/cgroup": "5:memory:/docker/1\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912\n",
		}, 512 << 20},
		{"version 1 without a limit", map[string]string{
			"/proc/meminfo": machine, "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 8000000 << 10},
	} {
		got := memoryOf(reader(c.files))
		if got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// reader reads these files, by their names, and no others.
func reader(files map[string]string) func(name string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return nil, os.ErrNotExist
	}
}
