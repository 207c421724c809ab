package main

import (
	"os"
	"runtime"
)

// addProcessor has Go use one processor more than there are, for a server that
// syncs its log: a thread that waits for the disk keeps one of Go's for a while,
// and then so many run goroutines as the machine can.
func addProcessor() {
	now := runtime.GOMAXPROCS(0)
	if n := processors(now, runtime.NumCPU(), os.Getenv("GOMAXPROCS")); n != now {
		runtime.GOMAXPROCS(n)
	}
}

// processors returns how many processors Go is to use, that uses now of the
// machine's. It keeps to what is wished for, and to what a container may use:
// who uses more is stopped for a while, which costs more than is won.
func processors(now, machine int, wish string) int {
	if now != machine || wish != "" {
		return now
	}
	return machine + 1
}
