package main

import (
	"os"
	"runtime"
	"strings"
)

// addProcessor has Go use one processor more than there are, for a server that
// syncs its log: a thread that waits for the disk keeps one of Go's for a while,
// and with one more as many goroutines run meanwhile as the machine can.
func addProcessor() {
	now := runtime.GOMAXPROCS(0)
	limited := os.Getenv("GOMAXPROCS") != "" || limitedCPU(os.ReadFile)
	if n := processors(now, runtime.NumCPU(), limited); n != now {
		runtime.GOMAXPROCS(n)
	}
}

// processors returns how many processors Go is to use, that uses now of the
// machine's. It keeps to what is wished for, and to what a container may use:
// who uses more is stopped for a while, which costs more than is won.
func processors(now, machine int, limited bool) int {
	if now != machine || limited {
		return now
	}
	return machine + 1
}

// limitedCPU reports whether this process may use a part of the machine's CPU
// time alone, after Linux's files. Go's own number does not always tell: it is two
// at least, and rounded up.
func limitedCPU(read func(name string) ([]byte, error)) bool {
	for _, file := range cgroupFiles(read, "cpu.max") {
		if text, err := read(file); err == nil && !strings.HasPrefix(string(text), "max") {
			return true
		}
	}
	quota, err := read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") // version 1, in a container
	return err == nil && !strings.HasPrefix(string(quota), "-")
}
