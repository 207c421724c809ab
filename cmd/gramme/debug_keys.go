package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

// debugKeysCommand is "gramme debug keys": all that a data directory holds, in
// the order of the keys, a line each. The engine's own keys come first.
type debugKeysCommand struct {
	Dir    string `arg:"" help:"The data directory of a stopped server."`
	Prefix string `placeholder:"HEX" help:"Only keys that begin with these bytes, in hexadecimal."`
	Limit  int    `default:"0" placeholder:"N" help:"Print N keys at most."`
}

// Run prints the keys.
func (d *debugKeysCommand) Run(c console) error {
	prefix, err := hex.DecodeString(d.Prefix)
	if err != nil {
		return fmt.Errorf("--prefix=%s is no hexadecimal", d.Prefix)
	}
	if d.Limit < 0 {
		return errors.New("--limit is not below 0")
	}
	out := bufio.NewWriter(c.out)
	err = readStopped(d.Dir, func(ctx context.Context, store driver.Driver) error {
		return printKeys(ctx, store, prefix, d.Limit, out)
	})
	return errors.Join(err, out.Flush())
}

// printKeys prints up to limit keys, all with 0. It reads the engine itself and
// not a kv.Store, which hides the engine's keys.
func printKeys(ctx context.Context, store driver.Driver, prefix []byte, limit int, w io.Writer) error {
	view, err := store.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer view.Close()
	start, end := prefix, layout.PrefixEnd(prefix)
	if len(start) == 0 {
		start = []byte{kv.EnginePrefix} // a scan's start is not empty; all keys are at or after this
	}
	entries := view.Scan(start, end, false)
	defer entries.Close()
	for n := 0; (limit == 0 || n < limit) && entries.Next(); n++ {
		if _, err := fmt.Fprintln(w, describe(entries.Key(), entries.Value())); err != nil {
			return err
		}
	}
	return entries.Err()
}

func describe(key, value []byte) string {
	if len(key) > 0 && key[0] == kv.EnginePrefix {
		return pebble.FormatEntry(key, value)
	}
	return layout.Describe(key, value, kv.FormatCounters)
}
