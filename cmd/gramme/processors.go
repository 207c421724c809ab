package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"
)

// addProcessor has Go use one processor more than there are, for a server that
// syncs its log: a thread that waits for the disk keeps one of Go's for a while,
// and then so many run goroutines as the machine can.
func addProcessor() {
	now := runtime.GOMAXPROCS(0)
	if n := processors(now, runtime.NumCPU(), os.Getenv("GOMAXPROCS"), isLimited(os.ReadFile)); n != now {
		runtime.GOMAXPROCS(n)
	}
}

// processors returns how many processors Go is to use, that uses now of the
// machine's. It keeps to what is wished for, and to what a container may use:
// who uses more is stopped for a while, which costs more than is won.
func processors(now, machine int, wish string, limited bool) int {
	if now != machine || wish != "" || limited {
		return now
	}
	return machine + 1
}

// isLimited reports whether this process may use a part of the processors' time
// only, after Linux's files. Go does not tell: it uses two of two processors with
// a limit of one.
func isLimited(read func(name string) ([]byte, error)) bool {
	files := append(cgroupFiles(read, "cpu.max"), "/sys/fs/cgroup/cpu/cpu.cfs_quota_us") // version 1, in a container
	for _, file := range files {
		text, _ := read(file)
		quota, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
		if n, err := strconv.ParseInt(quota, 10, 64); err == nil && n > 0 { // or else it is "max", or -1
			return true
		}
	}
	return false
}
