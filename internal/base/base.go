// Package base holds what the process knows of the world: the clock, chance,
// and the check for broken promises. Everything above takes these from the
// outside, so that tests turn the clock and replay chance. It imports nothing
// of ours.
package base

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	mathrand "math/rand/v2"
	"time"
)

// Env is the world as a component sees it. The zero value is not usable; take
// RealEnv, or fill Now and Rand in a test.
type Env struct {
	Now  func() time.Time // wall clock
	Rand func() uint64    // uniform; from a cryptographic source in RealEnv

	// Names is uniform too, for what must differ and is no secret; there is one for
	// each request. Nil: Rand.
	Names func() uint64
}

// RealEnv returns the machine's clock and randomness.
func RealEnv() Env {
	return Env{Now: time.Now, Rand: randUint64, Names: mathrand.Uint64} // each processor has its own ChaCha8, seeded by the machine
}

func randUint64() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return binary.LittleEndian.Uint64(b[:])
}

// Must panics when a promise of ours is broken. It is for bugs, never for input,
// and never for what a disk or network may do. In a request the gateway answers
// 500 and logs the stack, and the other requests go on; anywhere else the
// process ends.
func Must(ok bool, format string, args ...any) {
	if !ok {
		panic("gramme: broken promise: " + fmt.Sprintf(format, args...))
	}
}
