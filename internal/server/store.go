package server

import (
	"time"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/kv/memory"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

// Recovery tells what it took to open a directory that had not been closed in
// order.
type Recovery struct {
	LogBytes int64 // read of the engine's log
	Took     time.Duration
}

// openStore opens the engine. Its errors can be told apart as pebble.Open says.
func (s *Server) openStore() error {
	if s.options.Engine != nil {
		s.store = kv.Open(s.options.Engine)
		return nil
	}
	if s.options.Dir == "" {
		engine, err := memory.Open(memory.Options{CacheBytes: s.options.CacheBytes, Once: changes(), Logger: s.options.Logger})
		if err != nil {
			return err
		}
		s.store = kv.Open(engine)
		return nil
	}
	start := s.options.Env.Now()
	engine, err := pebble.Open(pebble.Options{
		Dir:        s.options.Dir,
		Durability: s.options.Durability,
		CacheBytes: s.options.CacheBytes,
		Once:       changes(),
		Logger:     s.options.Logger,
	})
	if err != nil {
		return err
	}
	if engine.Recovered() {
		s.recovery = &Recovery{engine.ReplayedBytes(), s.options.Env.Now().Sub(start)}
	}
	s.store = kv.Open(engine)
	return nil
}

// changes returns the keys of the journal's records, which are written once.
func changes() pebble.KeyRange { return pebble.KeyRange(layout.AllChanges()) }

// Recovery tells how the directory was opened, if the process that had it open
// before did not close it.
func (s *Server) Recovery() (r Recovery, recovered bool) {
	if s.recovery == nil {
		return Recovery{}, false
	}
	return *s.recovery, true
}
