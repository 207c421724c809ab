package pebble

import (
	"bytes"

	engine "github.com/cockroachdb/pebble/v2"
)

// KeyRange is a range of keys: from Start on, up to End and without it. The zero
// KeyRange is empty.
type KeyRange struct{ Start, End []byte }

// spans makes tables end where the range begins and ends of the keys that are
// written once, in their order. A table of these overlaps no other. So once it
// has left the first level, where all that was flushed is merged, to move it to
// the next one takes a note in the manifest, while a table that held other keys
// too would be written again with those there, level by level.
//
// Pebble could keep their values in files beside the tables, too, which saves
// the first merge. But with version 2.1.7 such a file that is damaged, or gone,
// makes whoever opens it panic, compactions included.
func (o Options) spans(start []byte) (_ engine.SpanPolicy, end []byte, _ error) {
	switch {
	case bytes.Compare(start, o.Once.Start) < 0:
		end = o.Once.Start
	case bytes.Compare(start, o.Once.End) < 0:
		end = o.Once.End
	}
	return engine.SpanPolicy{}, end, nil
}
