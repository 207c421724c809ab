package gateway

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"
)

// overloadError is why a request was refused that another time would be served.
// What it says is for the log; the client is asked to try again.
type overloadError string

// Error implements error.
func (e overloadError) Error() string { return string(e) }

const (
	errGateFull   overloadError = "too many requests wait to be worked on"
	errGateTime   overloadError = "the request has waited for too long to be worked on"
	errAnswersMax overloadError = "too many bytes of answers wait for their clients"
	errBodiesMax  overloadError = "too many bytes of request bodies are in memory"
)

func isOverload(err error) bool {
	if err == nil {
		return false // costs nothing
	}
	var e overloadError
	return errors.As(err, &e)
}

// overloadLog tells operators of refused requests, a line now and then for many
// of them: with a line each, the log would be one more thing to flood.
type overloadLog struct {
	refused atomic.Int64 // since the last line
	last    atomic.Int64 // when that was, in nanoseconds since 1970; 0: never
}

func (l *overloadLog) note(logger *slog.Logger, now time.Time, cause error) {
	l.refused.Add(1)
	last := l.last.Load()
	if last != 0 && now.UnixNano()-last < int64(overloadLogPause) || !l.last.CompareAndSwap(last, now.UnixNano()) {
		return
	}
	logger.LogAttrs(context.Background(), slog.LevelWarn, "more requests than can be served",
		slog.Int64("refused", l.refused.Swap(0)), slog.String("cause", cause.Error()))
}
