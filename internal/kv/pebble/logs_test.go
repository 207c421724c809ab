package pebble

import (
	"encoding/binary"
	"slices"
	"testing"
)

// appendChunk appends a chunk of log 7.
func appendChunk(log []byte, synced uint64, payload []byte) []byte {
	b := make([]byte, chunkHeaderBytes, chunkHeaderBytes+len(payload))
	binary.LittleEndian.PutUint16(b[4:], uint16(len(payload)))
	b[6] = chunkTypeMin
	binary.LittleEndian.PutUint32(b[7:], 7)
	binary.LittleEndian.PutUint64(b[11:], synced)
	b = append(b, payload...)
	binary.LittleEndian.PutUint32(b, maskedSum(b[6:]))
	return append(log, b...)
}

// A chunk proves that the log goes on where another one is not whole, if what it
// says was synced lies between both. A value that claims more proves nothing.
func TestProofOfLog(t *testing.T) {
	first := appendChunk(nil, 0, []byte("first"))
	for _, c := range []struct {
		name   string
		synced uint64
		proves bool
	}{
		{"nothing after the first", uint64(len(first)), false},
		{"a part of the second", uint64(len(first)) + 1, true},
		{"all before itself", uint64(len(first)) + 2*chunkHeaderBytes, true},
		{"more than there is", uint64(len(first)) + 2*chunkHeaderBytes + 1, false},
		{"everything", 1 << 62, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := slices.Concat(first, make([]byte, 2*chunkHeaderBytes)) // the second was there
			l := &logContent{bytes: appendChunk(log, c.synced, []byte("third")), number: 7}
			l.read()
			if l.end != len(first) {
				t.Fatalf("the log seems to end at %d, want %d", l.end, len(first))
			}
			if proof := l.proof(); (proof == len(log)) != c.proves || proof != 0 && proof != len(log) {
				t.Errorf("proof at %d; the chunk at %d proves it: %t", proof, len(log), c.proves)
			}
		})
	}
}
