package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// clockTick is the unit of the times in /proc, on every system that has one:
// Linux fixes it at 100 a second for what programs see.
const clockTick = 10 * time.Millisecond

// usage is what a process has used.
type usage struct {
	cpu   time.Duration // of all threads, in user and system mode, since the start
	bytes int64         // resident memory now
}

var errProc = errors.New("what a process uses is read from /proc, as Linux has it, and that cannot be read for this one; leave the pid out to go without")

// readUsage reads what a process has used; 0 is this one.
func readUsage(pid int) (usage, error) {
	name := "self"
	if pid != 0 {
		name = strconv.Itoa(pid)
	}
	stat, err := os.ReadFile("/proc/" + name + "/stat")
	if err != nil {
		return usage{}, fmt.Errorf("process %s: %w", name, errProc)
	}
	statm, err := os.ReadFile("/proc/" + name + "/statm")
	if err != nil {
		return usage{}, fmt.Errorf("process %s: %w", name, errProc)
	}
	return parseUsage(stat, statm)
}

// parseUsage reads the two files. In stat the name of the program, which may
// hold anything, ends with the last parenthesis; utime and stime are the 12th
// and 13th field after it. The second number of statm is in pages.
func parseUsage(stat, statm []byte) (usage, error) {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	pages := bytes.Fields(statm)
	if len(fields) < 13 || len(pages) < 2 {
		return usage{}, errProc
	}
	user, err1 := strconv.ParseInt(string(fields[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	resident, err3 := strconv.ParseInt(string(pages[1]), 10, 64)
	if errors.Join(err1, err2, err3) != nil {
		return usage{}, errProc
	}
	return usage{time.Duration(user+system) * clockTick, resident * int64(os.Getpagesize())}, nil
}
