package server

import (
	"fmt"

	"github.com/gramme-db/gramme/internal/gateway"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

// forRequests is what the memory limit leaves to requests: all but the engine's
// and what a process takes in any case.
func (o Options) forRequests() int64 {
	return o.MemoryBytes - o.engineBytes() - processBytes
}

func (o Options) engineBytes() int64 {
	return pebble.Options{CacheBytes: o.CacheBytes}.MemoryBytes()
}

// HeapBytes is the limit for Go's heap that goes with the memory limit. The
// engine's memory is not in that heap, or need not be.
func (o Options) HeapBytes() int64 {
	return o.MemoryBytes - o.engineBytes() - processBytes/2
}

// checkMemory refuses a limit that leaves no room for the largest requests and
// answers.
func (o Options) checkMemory() error {
	if o.MemoryBytes == 0 || o.forRequests() >= requestsBytesMin {
		return nil
	}
	return fmt.Errorf("a memory limit of %d MB is too low with this cache; it takes %d MB", o.MemoryBytes>>20, o.MemoryBytesMin()>>20)
}

// MemoryBytesMin is the lowest memory limit that there is with o's cache.
func (o Options) MemoryBytesMin() int64 { return o.engineBytes() + processBytes + requestsBytesMin }

// divideMemory gives bodies and answers their parts. The rest is for bodies that
// are parsed, for connections, and for the garbage collector to have time.
func (o Options) divideMemory(g *gateway.Options) {
	if o.MemoryBytes == 0 {
		return
	}
	all := o.forRequests()
	g.BodiesBytesMax = min(all/8, bodiesBytesMax)
	g.AnswersBytesMax = min(all/4, answersBytesMax)
	g.MakingBytesMax = min(all/4, makingBytesMax)
}
