package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// direct calls Pebble with keys and values of the bytes that serve stores.
func direct(args []string) error {
	flags := flag.NewFlagSet("direct", flag.ExitOnError)
	data := flags.String("data", "", "the folder of Pebble's files; made, and removed at the end")
	items := flags.Int("items", 100_000, "how many items are there")
	size := flags.Int("size", 980, "bytes of a value: an item of 900 bytes as JSON")
	writers := flags.Int("connections", 16, "how many goroutines call")
	duration := flags.Duration("duration", 3*time.Second, "how long each operation is called")
	_ = flags.Parse(args) // it ends the process
	if *data == "" {
		return errors.New("say -data")
	}
	if err := os.Mkdir(*data, 0o700); err != nil {
		return err
	}
	defer os.RemoveAll(*data)
	db, err := openStore(*data, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	d := &caller{db: db, items: *items, value: randomText(*size)}
	for item := range d.items {
		if err := db.Set(directKey(nil, item), d.value, pebble.NoSync); err != nil {
			return err
		}
	}
	for _, o := range []struct {
		name string
		call func(key []byte) error
	}{
		{"get", d.get},
		{"set, synced", func(key []byte) error { return db.Set(key, d.value, pebble.Sync) }},
		{"set, not synced", func(key []byte) error { return db.Set(key, d.value, pebble.NoSync) }},
	} {
		if err := d.measure(o.name, *writers, *duration, o.call); err != nil {
			return err
		}
	}
	return nil
}

type caller struct {
	db    *pebble.DB
	items int
	value []byte
}

func (d *caller) get(key []byte) error {
	_, closer, err := d.db.Get(key)
	if err != nil {
		return err
	}
	return closer.Close()
}

// measure prints how often an operation was called, and what it cost.
func (d *caller) measure(name string, writers int, duration time.Duration, call func(key []byte) error) error {
	var calls atomic.Int64
	var calling sync.WaitGroup
	failed := make(chan error, writers)
	before, start := cpuTime(), time.Now()
	for range writers {
		calling.Go(func() {
			var key []byte
			for time.Since(start) < duration {
				key = directKey(key[:0], rand.IntN(d.items))
				if err := call(key); err != nil {
					failed <- err
					return
				}
				calls.Add(1)
			}
		})
	}
	calling.Wait()
	took, used, n := time.Since(start), cpuTime()-before, calls.Load()
	select {
	case err := <-failed:
		return err
	default:
	}
	fmt.Printf("%-16s %9.0f/s %7.2f µs of CPU\n", name, float64(n)/took.Seconds(), float64(used.Nanoseconds())/1000/float64(n))
	return nil
}

func directKey(dst []byte, item int) []byte {
	dst = append(dst, "gramme-bench-00000000"...)
	return append(fmt.Appendf(append(dst, 0), "c%010d", item/10), 0, byte('0'+item%10))
}

func randomText(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + rand.IntN(75))
	}
	return b
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
