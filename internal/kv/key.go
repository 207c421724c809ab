package kv

import (
	"bytes"
	"fmt"
)

func checkKey(key []byte) error {
	switch {
	case len(key) == 0:
		return fmt.Errorf("%w: it is empty", ErrKey)
	case len(key) > KeyBytesMax:
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrKey, len(key), KeyBytesMax)
	case key[0] == EnginePrefix:
		return fmt.Errorf("%w: it is the engine's", ErrKey)
	}
	return nil
}

// firstKey is where callers' keys begin.
func firstKey() []byte { return []byte{EnginePrefix + 1} }

// bounds takes the engine's keys out of a range. ok is false when nothing is
// left of it. A nil end is the end of the store.
func bounds(start, end []byte) (_, _ []byte, ok bool) {
	if len(start) == 0 || start[0] == EnginePrefix {
		start = firstKey()
	}
	return start, end, end == nil || bytes.Compare(start, end) < 0
}
