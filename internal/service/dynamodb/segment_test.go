package dynamodb

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
)

// TestSegmentsWhileWriting scans a table and an index in segments, all at the
// same time and page by page, while items come and go. What stays comes exactly
// once, over all segments; nothing comes twice.
func TestSegmentsWhileWriting(t *testing.T) {
	for _, c := range []struct{ name, read string }{
		{"table", `"TableName":"indexed"`},
		{"global index", `"TableName":"indexed","IndexName":"all"`},
		{"local index", `"TableName":"indexed","IndexName":"local"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.must(t, "CreateTable", createIndexed)
			const staying, segments = 300, 7
			item := func(kind string, n int) string {
				return fmt.Sprintf(`{"pk":{"S":"%s%d"},"sk":{"N":"%d"},"a":{"S":"a%d"}}`, kind, n/3, n%3, n)
			}
			for i := range staying {
				w.put(t, "indexed", []string{item("stays", i)})
			}
			stop := make(chan struct{})
			var writers, scanners sync.WaitGroup
			for seed := range uint64(2) {
				writers.Go(func() { w.churn(t, rand.New(rand.NewPCG(seed, 5)), stop) })
			}
			seen := make([]map[string]int, segments)
			for n := range segments {
				seen[n] = map[string]int{}
				scanners.Go(func() {
					w.scanSegment(t, fmt.Sprintf(`%s,"Limit":3,"Segment":%d,"TotalSegments":%d`, c.read, n, segments), seen[n])
				})
			}
			scanners.Wait()
			close(stop)
			writers.Wait()
			total := map[string]int{}
			for _, found := range seen {
				for it, times := range found {
					total[it] += times
				}
			}
			for it, times := range total {
				if times != 1 {
					t.Errorf("%s comes %d times", it, times)
				}
			}
			for i := range staying {
				if key := fmt.Sprintf("stays%d %d", i/3, i%3); total[key] != 1 {
					t.Errorf("%s comes %d times", key, total[key])
				}
			}
		})
	}
}

// churn puts and deletes items until stop is closed.
func (w *world) churn(t *testing.T, rng *rand.Rand, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		n := rng.IntN(50)
		operation, body := "DeleteItem", fmt.Sprintf(`{"TableName":"indexed","Key":{"pk":{"S":"goes%d"},"sk":{"N":"0"}}}`, n)
		if rng.IntN(2) == 0 {
			operation, body = "PutItem", fmt.Sprintf(`{"TableName":"indexed","Item":{"pk":{"S":"goes%d"},"sk":{"N":"0"},"a":{"S":"b%d"}}}`, n, n)
		}
		if answer, status := w.answer(operation, body); status != 200 {
			t.Errorf("%s %s: %s", operation, body, answer)
			return
		}
	}
}

// scanSegment counts the items of a segment.
func (w *world) scanSegment(t *testing.T, read string, seen map[string]int) {
	start := ""
	for {
		answer, status := w.answer("Scan", "{"+read+start+"}")
		var a struct {
			Items []struct {
				Pk struct{ S string }
				Sk struct{ N string }
			}
			LastEvaluatedKey json.RawMessage
		}
		if err := json.Unmarshal(answer, &a); err != nil || status != 200 {
			t.Errorf("%s: %v %s", read, err, answer)
			return
		}
		for _, it := range a.Items {
			seen[it.Pk.S+" "+it.Sk.N]++
		}
		if a.LastEvaluatedKey == nil {
			return
		}
		start = `,"ExclusiveStartKey":` + string(a.LastEvaluatedKey)
	}
}
