package gramme_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gramme-db/gramme"
)

// TestTimeToLive turns the clock, as a program's tests do, and waits for an item
// to go: none goes before its time.
func TestTimeToLive(t *testing.T) {
	var now atomic.Int64 // seconds since 1970
	now.Store(1_795_442_400)
	g := open(t, gramme.Options{
		InMemory: true, Addr: "127.0.0.1:0", TTLInterval: time.Millisecond,
		Now: func() time.Time { return time.Unix(now.Load(), 0) },
	})
	do := func(operation, body string) string {
		answer := call(t, g.URL(), g, operation, body)
		if answer[:3] != "200" {
			t.Fatalf("%s: %s", operation, answer)
		}
		return answer
	}
	do("CreateTable", `{"TableName":"Tab","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"N"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}`)
	const attribute = `"AttributeName":"ttl"`
	for range 2 { // and without a cool-down
		do("UpdateTimeToLive", `{"TableName":"Tab","TimeToLiveSpecification":{"Enabled":true,`+attribute+`}}`)
		do("UpdateTimeToLive", `{"TableName":"Tab","TimeToLiveSpecification":{"Enabled":false,`+attribute+`}}`)
	}
	do("UpdateTimeToLive", `{"TableName":"Tab","TimeToLiveSpecification":{"Enabled":true,`+attribute+`}}`)
	const items = 3
	for id := range items {
		do("PutItem", fmt.Sprintf(`{"TableName":"Tab","Item":{"id":{"N":"%d"},"ttl":{"N":"%d"}}}`, id, now.Load()+int64(id)*3600))
	}
	for id := range items {
		now.Add(1) // an item's second has to be over
		for do("GetItem", fmt.Sprintf(`{"TableName":"Tab","Key":{"id":{"N":"%d"}}}`, id)) != "200 {}" {
			// the test's own time limit ends it if the item does not go
		}
		count := do("Scan", `{"TableName":"Tab","Select":"COUNT"}`)
		if want := fmt.Sprintf(`200 {"Count":%d,"ScannedCount":%[1]d}`, items-id-1); count != want {
			t.Errorf("after item %d went there are %s, want %s", id, count, want)
		}
		now.Add(3599)
	}
}
