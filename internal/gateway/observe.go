package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Observer is told about each POST. It must be safe for concurrent use. The
// pages are not observed.
type Observer interface {
	Begin()
	End(Outcome)
}

// Outcome is how a request went. Operation and Code are from fixed tables,
// never from a request, so they may be labels of a metric.
type Outcome struct {
	Operation string // or "unknown"
	Code      string // "OK", or the error's code
	Status    int    // HTTP; 499: the client did not wait
	Duration  time.Duration
	BytesIn   int // of the body, as sent
	BytesOut  int // likewise
}

const codeOK = "OK"

// discard is the Observer that nobody set.
type discard struct{}

func (discard) Begin()      {}
func (discard) End(Outcome) {}

// observe tells metrics and log about an answered request.
func (x *exchange) observe() {
	x.outcome.Duration = x.g.options.Env.Now().Sub(x.start)
	x.g.options.Metrics.End(x.outcome)
	if isOverload(x.cause) {
		x.g.refused.note(x.g.options.Logger, x.start, x.cause)
	}
	level := x.level()
	if !x.g.options.Logger.Enabled(x.r.Context(), level) {
		return
	}
	o := &x.outcome
	attrs := []slog.Attr{
		slog.String("request_id", x.id),
		slog.String("operation", o.Operation),
		slog.String("account", x.caller.Account),
		slog.String("region", x.caller.Region),
		slog.Int("status", o.Status),
		slog.String("code", o.Code),
		slog.Duration("duration", o.Duration),
		slog.Int("bytes_in", o.BytesIn),
		slog.Int("bytes_out", o.BytesOut),
	}
	if x.cause != nil {
		attrs = append(attrs, slog.String("cause", x.cause.Error()))
	}
	var p *panicError
	if errors.As(x.cause, &p) {
		attrs = append(attrs, slog.String("stack", string(p.stack)))
	}
	// Not the request's context: its end must not keep the record from a handler.
	x.g.options.Logger.LogAttrs(context.WithoutCancel(x.r.Context()), level, "request", attrs...)
}

func (x *exchange) level() slog.Level {
	switch {
	case x.outcome.Status == http.StatusInternalServerError:
		return slog.LevelError
	case isOverload(x.cause):
		return slog.LevelDebug // told by overloadLog
	case x.outcome.Status >= http.StatusInternalServerError:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}
