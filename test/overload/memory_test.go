package overload

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gramme-db/gramme/test/process"
)

var residentLine = regexp.MustCompile(`(?m)^VmRSS:\s+(\d+) kB$`)

// resident returns the memory of the server's process, in bytes; 0 where the
// machine does not tell.
func resident(server *process.Server) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", server.PID()))
	if err != nil {
		return 0
	}
	m := residentLine.FindSubmatch(text)
	if m == nil {
		return 0
	}
	kilobytes, _ := strconv.ParseInt(string(m[1]), 10, 64)
	return kilobytes << 10
}

const lookPause = 20 * time.Millisecond

// watch follows the memory of the server until stop, which returns the most that
// was seen.
func watch(t *testing.T, server *process.Server) (stop func() int64) {
	t.Helper()
	over, done := make(chan struct{}), make(chan int64)
	go func() {
		most := resident(server)
		tick := time.NewTicker(lookPause)
		defer tick.Stop()
		for {
			select {
			case <-over:
				done <- max(most, resident(server))
				return
			case <-tick.C:
				most = max(most, resident(server))
			}
		}
	}()
	return func() int64 {
		close(over)
		return <-done
	}
}

func megabytes(n int64) string { return fmt.Sprintf("%d MB", n>>20) }

// cpu returns the time that the server's process has worked.
func cpu(server *process.Server) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", server.PID()))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}
