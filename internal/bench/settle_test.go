package bench

import (
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gramme-db/gramme/internal/base"
)

// A turn is over when the server's process is, with what the requests have left
// behind.
func TestSettleWaitsForTheServer(t *testing.T) {
	s := &Subject{Target: Target{PID: os.Getpid()}, options: Options{Env: base.RealEnv()}}
	if _, known := s.usage(); !known {
		t.Skip("no /proc")
	}
	var rests atomic.Bool
	go func() {
		for end := time.Now().Add(settlePause * settleLooks * 2); time.Now().Before(end); {
		}
		rests.Store(true)
	}()
	s.Settle(t.Context(), settleTimeMax)
	if !rests.Load() {
		t.Error("the process was still at work")
	}
}
