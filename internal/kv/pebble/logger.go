package pebble

import (
	"context"
	"fmt"
	"log/slog"

	engine "github.com/cockroachdb/pebble/v2"
)

// logger passes on what Pebble says.
type logger struct{ log *slog.Logger }

// Infof implements Pebble's Logger.
func (l logger) Infof(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug("engine: " + fmt.Sprintf(format, args...))
	}
}

// Errorf implements Pebble's Logger.
func (l logger) Errorf(format string, args ...any) {
	l.log.Warn("engine: " + fmt.Sprintf(format, args...))
}

// Fatalf implements Pebble's Logger; Pebble does not expect it to return. As
// the disk keeps its errors from Pebble, it is left for broken promises within
// Pebble: the process ends, with the reason in the log and in the panic.
func (l logger) Fatalf(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	l.log.Error("engine: " + text)
	panic("gramme: storage engine: " + text)
}

// listener counts what happens in the background, and reports what an operator
// has to know. It logs the text of errors: slog prints of an error all that is
// attached, and to Pebble's are stack traces.
func (d *DB) listener(log *slog.Logger) *engine.EventListener {
	return &engine.EventListener{
		BackgroundError: func(err error) {
			if d.disk.gaveUp() {
				return
			}
			d.backgroundErrors.Add(1)
			select {
			case d.troubled <- struct{}{}:
			default:
			}
			level := slog.LevelWarn
			if d.disk.tables.failures.Load() > 1 {
				level = slog.LevelDebug // again
			}
			log.Log(context.Background(), level, "a flush or compaction failed and will be tried again", "err", readError(err).Error())
		},
		DataCorruption: func(info engine.DataCorruptionInfo) {
			if d.disk.gaveUp() { // it misses a table that was not written
				return
			}
			log.Error("damaged data", "file", info.Path, "err", info.Details.Error())
		},
		FlushBegin: func(engine.FlushInfo) { d.disk.tables.flushing() },
		FlushEnd:   func(engine.FlushInfo) { d.disk.tables.flushed() },
		WriteStallBegin: func(info engine.WriteStallBeginInfo) {
			d.writeStalls.Add(1)
			log.Debug("writes wait for the disk", "reason", info.Reason)
		},
	}
}
