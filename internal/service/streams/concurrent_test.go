package streams_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gramme-db/gramme/internal/server"
)

// TestOrder reads a stream while it is written to, and while its shards rotate
// and split. A reader that begins a shard when it is done with the parent sees
// each change of each key once, and in order.
func TestOrder(t *testing.T) {
	const writers, keysEach, writesEach = 4, 4, 60
	w := newWorld(t, server.StreamOptions{ShardRotation: 300 * time.Millisecond, SplitWrites: 20})
	w.table(t, "Music", "NEW_AND_OLD_IMAGES", false)
	var writing sync.WaitGroup
	defer writing.Wait()
	for writer := range writers {
		writing.Go(func() {
			for n := 1; n <= writesEach; n++ {
				for key := range keysEach {
					body := fmt.Sprintf(`{"TableName":"Music","Item":{"pk":{"S":"%d-%d"},"n":{"N":"%d"}}}`, writer, key, n)
					if answer, status := w.send("PutItem", body); status != http.StatusOK {
						t.Errorf("%s: %d %s", body, status, answer)
						return
					}
				}
				w.turn(10 * time.Millisecond)
			}
		})
	}
	f := &follower{world: w, at: map[string]string{}, last: map[string]int{}}
	for f.seen < writers*keysEach*writesEach && !t.Failed() {
		f.round(t)
	}
	writing.Wait()
	f.round(t)
	if f.seen != writers*keysEach*writesEach {
		t.Errorf("%d records, want one for each write, %d", f.seen, writers*keysEach*writesEach)
	}
	if f.ended < 10 {
		t.Errorf("%d shards have ended: this was meant to be a test of shards that come and go", f.ended)
	}
}

// follower reads a stream as clients do, a page of each open shard in turn.
type follower struct {
	world *world
	at    map[string]string // the next iterator of each shard that was begun; "": it is read to its end
	last  map[string]int    // the n that was seen last, by key
	seen  int
	ended int
}

func (f *follower) round(t *testing.T) {
	for _, s := range f.world.listShards(t) {
		iterator, begun := f.at[s.ShardId]
		parent, parentBegun := f.at[s.ParentShardId]
		if mayBegin := s.ParentShardId == "" || parentBegun && parent == ""; !begun && mayBegin {
			iterator, begun = f.begin(t, s.ShardId), true
		}
		if begun && iterator != "" {
			f.at[s.ShardId] = f.page(t, iterator)
		}
	}
}

func (f *follower) begin(t *testing.T, id string) string {
	var out struct{ ShardIterator string }
	answer := f.world.must(t, "GetShardIterator", `{"StreamArn":"`+f.world.stream+`","ShardId":"`+id+`","ShardIteratorType":"TRIM_HORIZON"}`)
	if err := json.Unmarshal(answer, &out); err != nil {
		t.Fatal(err)
	}
	return out.ShardIterator
}

// page reads a page and returns the iterator behind it.
func (f *follower) page(t *testing.T, iterator string) string {
	var out struct {
		Records []struct {
			Dynamodb struct {
				Keys               struct{ Pk struct{ S string } }
				NewImage, OldImage struct{ N struct{ N string } }
			}
		}
		NextShardIterator string
	}
	answer := f.world.must(t, "GetRecords", `{"ShardIterator":"`+iterator+`","Limit":10}`)
	if err := json.Unmarshal(answer, &out); err != nil {
		t.Fatal(err)
	}
	for _, r := range out.Records {
		key, last := r.Dynamodb.Keys.Pk.S, f.last[r.Dynamodb.Keys.Pk.S]
		old, now := r.Dynamodb.OldImage.N.N, r.Dynamodb.NewImage.N.N
		if now != strconv.Itoa(last+1) || last > 0 && old != strconv.Itoa(last) {
			t.Fatalf("%s goes from %s to %s, and the last one that was seen is %d", key, old, now, last)
		}
		f.last[key], f.seen = last+1, f.seen+1
	}
	if out.NextShardIterator == "" {
		f.ended++
	}
	return out.NextShardIterator
}
