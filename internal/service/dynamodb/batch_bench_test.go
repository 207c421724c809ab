package dynamodb

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

// distantEngine reads as from a disk that takes its time.
type distantEngine struct {
	driver.Driver
	away time.Duration
}

func (e distantEngine) Get(ctx context.Context, key, dst []byte) ([]byte, error) {
	if e.away > 0 {
		wait := time.NewTimer(e.away)
		<-wait.C
	}
	return e.Driver.Get(ctx, key, dst)
}

// BenchmarkBatchGet reads 100 items at once, from memory and from far away.
func BenchmarkBatchGet(b *testing.B) {
	for _, away := range []time.Duration{0, time.Millisecond} {
		w := newBatchWorld(b, distantEngine{memoryEngine(b), away})
		for from := 0; from < 100; from += batchWritesMax {
			w.must(b, "BatchWriteItem", `{"RequestItems":{"tab":[`+each(batchWritesMax, func(i int) string { return putID(from+i, 200) })+`]}}`)
		}
		b.Run(fmt.Sprint(away), func(b *testing.B) {
			w.benchmark(b, "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[`+each(100, idKey)+`]}}}`)
		})
	}
}

// BenchmarkBatchWrite puts 25 items into a store on disk, at once and one by one.
func BenchmarkBatchWrite(b *testing.B) {
	engine, err := pebble.Open(pebble.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	w := newBatchWorld(b, engine)
	round := 0
	b.Run("BatchWriteItem", func(b *testing.B) {
		for b.Loop() {
			round++
			w.must(b, "BatchWriteItem", `{"RequestItems":{"tab":[`+each(batchWritesMax, func(i int) string { return putID(i, 100+round%100) })+`]}}`)
		}
	})
	b.Run("PutItem", func(b *testing.B) {
		for b.Loop() {
			round++
			for i := range batchWritesMax {
				w.must(b, "PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"id":{"S":"i%d"},"n":{"N":"%d"}}}`, i, round))
			}
		}
	})
}
