package dynamodb

import (
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// together runs do for each number below n at the same time, and returns when all
// are done. A panic in one of them is a panic here, so that it costs the request
// and not the process.
func together(n int, do func(i int)) {
	c := crew{do: do}
	c.running.Add(n)
	for i := range n {
		go c.run(i)
	}
	c.running.Wait()
	if told := c.failed.Load(); told != nil {
		panic(*told)
	}
}

// crew are goroutines that do the same for different numbers.
type crew struct {
	do      func(i int)
	running sync.WaitGroup
	failed  atomic.Pointer[string] // the first panic, and where it was
}

func (c *crew) run(i int) {
	defer c.running.Done()
	defer func() {
		if v := recover(); v != nil {
			told := fmt.Sprintf("%v\n%s", v, debug.Stack())
			c.failed.CompareAndSwap(nil, &told)
		}
	}()
	c.do(i)
}
