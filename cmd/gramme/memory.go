package main

import (
	"errors"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/gramme-db/gramme/internal/server"
)

// ballastBytes is memory that is never touched, and so takes none of the
// machine's. Go collects garbage when the heap has doubled, and most of what
// Gramme holds is not in the heap, but the engine's: without ballast a heap of
// some megabytes would double, and be collected, a hundred times a second.
const ballastBytes = 16 << 20

// limitMemory sets the memory limit of the server, and Go's soft limit to go
// with it. Without a flag the limit is three quarters of what the machine has, or
// the container; where that cannot be told, there is none.
func (s *serveCommand) limitMemory(o *server.Options) error {
	o.MemoryBytes = int64(s.MemoryLimit)
	if o.MemoryBytes == 0 {
		if o.MemoryBytes = memoryOf(os.ReadFile) / 4 * 3; o.MemoryBytes == 0 {
			return nil
		}
		o.MemoryBytes = max(o.MemoryBytes, o.MemoryBytesMin())
	}
	if o.MemoryBytes < o.MemoryBytesMin() {
		return errors.New("--memory-limit is too low; with this --cache-size it is at least " +
			strconv.FormatInt(o.MemoryBytesMin()>>20, 10) + "MB")
	}
	if s.MemoryLimit != 0 || debug.SetMemoryLimit(-1) == math.MaxInt64 { // GOMEMLIMIT is a wish too
		debug.SetMemoryLimit(o.HeapBytes())
	}
	return nil
}

// memoryOf returns how many bytes of memory this process can have, after Linux's
// files; 0 where there are none.
func memoryOf(read func(name string) ([]byte, error)) int64 {
	least := int64(math.MaxInt64)
	files := append(cgroupFiles(read, "memory.max"), "/sys/fs/cgroup/memory/memory.limit_in_bytes") // version 1, in a container
	for _, file := range files {
		if text, err := read(file); err == nil {
			if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
				least = min(least, n)
			}
		}
	}
	if machine := machineMemory(read); machine > 0 {
		return min(least, machine)
	}
	return 0
}

// cgroupFiles returns the files of a name that may hold a limit: those of the
// process's cgroup and of all above it.
func cgroupFiles(read func(name string) ([]byte, error), name string) (files []string) {
	text, _ := read("/proc/self/cgroup")
	for line := range strings.Lines(string(text)) {
		group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::")
		if !ok {
			continue
		}
		for group = path.Clean("/" + group); ; group = path.Dir(group) {
			files = append(files, path.Join("/sys/fs/cgroup", group, name))
			if group == "/" {
				break
			}
		}
	}
	return files
}

// machineMemory returns the bytes of the line MemTotal.
func machineMemory(read func(name string) ([]byte, error)) int64 {
	text, _ := read("/proc/meminfo")
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "MemTotal:" {
			kilobytes, _ := strconv.ParseInt(fields[1], 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}
