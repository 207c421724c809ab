package dynamodb

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// tokens does by hand what happens in the background, and prints what is left.
func (w *world) tokens(t *testing.T) string {
	w.service.tokens.work(context.Background())
	lines := w.lines(t, 'i')
	if len(lines) == 0 {
		return "none\n"
	}
	return strings.Join(lines, "\n") + "\n"
}

// TestTransactionSizes holds the limits on what is in a transaction together.
func TestTransactionSizes(t *testing.T) {
	const (
		full    = 409_600
		large   = `{"__type":"com.amazon.coral.validate#ValidationException","message":"Collection size limit exceeded: the items of a transaction cannot exceed 4 MB in total"}`
		tooMany = "Member must have length less than or equal to 100"
	)
	w := newWorld(t)
	w.mustDo(t, request{"CreateTable", createPlain})
	many := func(n int, action func(i int) string) string {
		actions := make([]string, n)
		for i := range actions {
			actions[i] = action(i)
		}
		return `{"TransactItems":[` + strings.Join(actions, ",") + `]}`
	}
	put := func(bytes int) func(i int) string {
		return func(i int) string {
			return fmt.Sprintf(`{"Put":{"TableName":"tab","Item":{"id":{"S":"%04d"},"v":{"S":"%s"}}}}`, i, strings.Repeat("x", bytes-7))
		}
	}
	update := func(i int) string {
		return fmt.Sprintf(`{"Update":{"TableName":"tab","Key":{"id":{"S":"%04d"}},"UpdateExpression":"SET w = :w","ExpressionAttributeValues":{":w":{"N":"1"}}}}`, i)
	}
	get := func(i int) string {
		return fmt.Sprintf(`{"Get":{"TableName":"tab","Key":{"id":{"S":"%04d"}}}}`, i)
	}
	for _, c := range []struct {
		name, operation, body, want string // want "": it succeeds
	}{
		{"100 actions", "TransactWriteItems", many(100, put(20)), ""},
		{"101 actions", "TransactWriteItems", many(101, put(20)), tooMany},
		{"101 reads", "TransactGetItems", many(101, get), tooMany},
		{"4 MB", "TransactWriteItems", many(10, put(full)), ""},
		{"4 MB of reads", "TransactGetItems", many(100, get), ""},
		{"a full item and a byte", "TransactWriteItems", many(1, put(full+1)), `"Item size has exceeded the maximum allowed size"`},
		{"more than 4 MB", "TransactWriteItems", many(11, put(full)), large},
		{"more than 4 MB, whatever is there", "TransactWriteItems", strings.Replace(many(11, put(full)), `"TableName"`, `"ConditionExpression":"attribute_not_exists(id)","TableName"`, 1), large},
		{"an update beyond the limit of an item", "TransactWriteItems", many(1, update), `{"Code":"ValidationError","Message":"Item size to update has exceeded the maximum allowed size"}`},
		{"smaller items", "TransactWriteItems", many(10, put(full-100)), ""},
		{"and one more", "TransactWriteItems", `{"TransactItems":[` + put(full-100)(10) + `]}`, ""},
		{"updates beyond 4 MB", "TransactWriteItems", many(11, update), large},
		{"reads beyond 4 MB", "TransactGetItems", many(11, get), large},
	} {
		answer, status := w.answer(c.operation, c.body)
		if got := string(answer); (status == 200) != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %d %.300s, want %s", c.name, status, got, c.want)
		}
	}
}

// TestTransactionUnits holds what actions on an item of 5 KB cost, and what
// sending them again does: the larger of what was there before and after counts.
func TestTransactionUnits(t *testing.T) {
	const key = `"TableName":"tab","Key":{"id":{"S":"a"}}`
	large := `"Item":{"id":{"S":"a"},"t":{"S":"` + strings.Repeat("x", 5000) + `"}`
	for _, c := range []struct{ name, action string }{
		{"check", `{"ConditionCheck":{` + key + `,"ConditionExpression":"attribute_exists(t)"}}`},
		{"put", `{"Put":{"TableName":"tab","Item":{"id":{"S":"a"}}}}`},
		{"update", `{"Update":{` + key + `,"UpdateExpression":"REMOVE t"}}`},
		{"delete", `{"Delete":{` + key + `}}`},
	} {
		w := newWorld(t)
		w.mustDo(t, request{"CreateTable", createPlain})
		w.mustDo(t, request{"PutItem", `{"TableName":"tab",` + large + `}}`})
		body := `{"ClientRequestToken":"t","ReturnConsumedCapacity":"TOTAL","TransactItems":[` + c.action + `]}`
		for _, want := range []string{
			`{"ConsumedCapacity":[{"TableName":"tab","CapacityUnits":10.0,"WriteCapacityUnits":10.0}]}`,
			`{"ConsumedCapacity":[{"TableName":"tab","CapacityUnits":4.0,"ReadCapacityUnits":4.0}]}`,
		} {
			if answer, _ := w.answer("TransactWriteItems", body); string(answer) != want {
				t.Errorf("%s: %s, want %s", c.name, answer, want)
			}
		}
	}
}

// TestTransactionCollections lets two actions together fill a collection that
// each of them alone would not.
func TestTransactionCollections(t *testing.T) {
	w := newWorld(t) // a collection has at most 1 MB there
	w.mustDo(t, request{"CreateTable", createIndexed})
	put := func(partition string, sort, bytes int) string {
		return fmt.Sprintf(`{"Put":{"TableName":"indexed","Item":{"pk":{"S":"%s"},"sk":{"N":"%d"},"v":{"S":"%s"}}}}`, partition, sort, strings.Repeat("x", bytes))
	}
	const most = 350_000
	w.mustDo(t, request{"TransactWriteItems", `{"TransactItems":[` + put("p", 1, most) + `,` + put("p", 2, most) + `]}`})
	answer, _ := w.answer("TransactWriteItems", `{"TransactItems":[`+put("p", 3, most/2)+`,`+put("q", 1, most)+`,`+put("p", 4, most)+`,`+put("p", 2, 10)+`]}`)
	if string(answer) != `{}` { // what one action takes away is room for the others
		t.Errorf("actions that make no collection too large: %s", answer)
	}
	answer, _ = w.answer("TransactWriteItems", `{"TransactItems":[`+put("p", 5, most/2)+`,`+put("q", 2, 10)+`,`+put("p", 6, most/2)+`]}`)
	const want = `[ItemCollectionSizeLimitExceeded, None, ItemCollectionSizeLimitExceeded]`
	if !strings.Contains(string(answer), want) || !strings.Contains(string(answer), `"Message":"Collection size exceeded."`) {
		t.Errorf("got %s, want %s", answer, want)
	}
	w.checkStore(t, "indexed")
}

// TestTokensAreSweptInSteps shows what removing old tokens costs: nothing while
// none is old, and then one bounded update after the other.
func TestTokensAreSweptInSteps(t *testing.T) {
	w := newWorld(t)
	w.mustDo(t, request{"CreateTable", createPlain})
	const count = 2*tokensSweptMax + 10
	for i := range count {
		w.mustDo(t, request{"TransactWriteItems", fmt.Sprintf(`{"ClientRequestToken":"%d","TransactItems":[{"Put":{"TableName":"tab","Item":{"id":{"S":"a"}}}}]}`, i)})
	}
	w.now = w.now.Add(tokenTTL - 1)
	var swept []byte
	for _, c := range []struct {
		entries, commits int64
		left             int
	}{{0, 0, count}, {tokensSweptMax, 1, tokensSweptMax + 10}, {tokensSweptMax, 1, 10}, {10, 1, 0}, {0, 0, 0}} {
		before := w.store.Counts()
		var err error
		if swept, _, err = w.service.tokens.sweep(context.Background(), swept); err != nil {
			t.Fatal(err)
		}
		cost := w.store.Counts().Sub(before)
		if cost.ScannedEntries != c.entries || cost.Commits != c.commits || cost.Gets != c.entries {
			t.Errorf("a sweep saw %d entries, read %d and made %d commits, want %d, %d and %d", cost.ScannedEntries, cost.Gets, cost.Commits, c.entries, c.entries, c.commits)
		}
		if lines := w.lines(t, 'i'); len(lines) != 2*c.left {
			t.Errorf("%d keys are left, want %d", len(lines), 2*c.left)
		}
		if c.left == count {
			w.now = w.now.Add(1)
		}
	}
}

// TestSweepGoesOn shows that a step of the sweep begins where the last one ended:
// what was removed is still passed by for a while, and that of all steps before
// would be work without end. What comes behind its back is left to the next run.
func TestSweepGoesOn(t *testing.T) {
	w := newWorld(t)
	w.mustDo(t, request{"CreateTable", createPlain})
	do := func(token string) {
		w.mustDo(t, request{"TransactWriteItems", `{"ClientRequestToken":"` + token + `","TransactItems":[{"Put":{"TableName":"tab","Item":{"id":{"S":"a"}}}}]}`})
	}
	w.now = w.now.Add(time.Second)
	for i := range tokensSweptMax + 1 {
		do(fmt.Sprintf("%03d", i))
	}
	w.now = w.now.Add(tokenTTL)
	swept, more, err := w.service.tokens.sweep(context.Background(), nil)
	if err != nil || !more || len(w.lines(t, 'i')) != 2 {
		t.Fatalf("more %v, %v, left are %v", more, err, w.lines(t, 'i'))
	}
	w.now = w.now.Add(-tokenTTL - time.Second) // the clock was set back
	do("early")
	w.now = w.now.Add(tokenTTL + time.Second)
	if _, more, err = w.service.tokens.sweep(context.Background(), swept); err != nil || more {
		t.Errorf("more %v, %v", more, err)
	}
	if left := w.lines(t, 'i'); len(left) != 2 || !strings.Contains(left[0], `"early"`) {
		t.Errorf("left are %v", left)
	}
	if left := w.tokens(t); left != "none\n" {
		t.Errorf("after the next run: %s", left)
	}
}

// TestTokenIsUsedAnewWhileSwept uses a token again whose time is over, between
// the moment at which the sweep finds it and the one at which it removes it.
func TestTokenIsUsedAnewWhileSwept(t *testing.T) {
	engine := &heldEngine{Driver: memoryEngine(t)}
	w := newWorldOn(t, engine)
	w.mustDo(t, request{"CreateTable", createPlain})
	add := request{"TransactWriteItems", `{"ClientRequestToken":"t","TransactItems":[{"Update":{"TableName":"tab","Key":{"id":{"S":"a"}},"UpdateExpression":"ADD n :n","ExpressionAttributeValues":{":n":{"N":"1"}}}}]}`}
	w.mustDo(t, add)
	w.now = w.now.Add(tokenTTL)
	h := engine.holdNext()
	var sweep sync.WaitGroup
	sweep.Go(func() {
		if _, _, err := w.service.tokens.sweep(context.Background(), nil); err != nil {
			t.Error(err)
		}
	})
	<-h.reached
	w.mustDo(t, add) // a new one
	close(h.over)
	sweep.Wait()
	w.mustDo(t, add) // the same again
	if answer, _ := w.answer("GetItem", `{"TableName":"tab","Key":{"id":{"S":"a"}}}`); string(answer) != `{"Item":{"id":{"S":"a"},"n":{"N":"2"}}}` {
		t.Errorf("after two requests of which one was repeated: %s", answer)
	}
	if lines := w.lines(t, 'i'); len(lines) != 2 {
		t.Errorf("stored are %v, want a record and its expiry", lines)
	}
}

// TestTokenServesOnce sends one request from many clients at once: it happens
// once, and whoever is told so was told the truth.
func TestTokenServesOnce(t *testing.T) {
	w := newWorld(t)
	w.mustDo(t, request{"CreateTable", createPlain})
	const body = `{"ClientRequestToken":"t","TransactItems":[{"Update":{"TableName":"tab","Key":{"id":{"S":"a"}},"UpdateExpression":"ADD n :n","ExpressionAttributeValues":{":n":{"N":"1"}}}}]}`
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for done := false; !done; {
				answer, status := w.answer("TransactWriteItems", body)
				if done = status == 200; !done && !strings.Contains(string(answer), "TransactionInProgress") {
					t.Error(string(answer))
					return
				}
			}
		})
	}
	clients.Wait()
	if answer, _ := w.answer("GetItem", `{"TableName":"tab","Key":{"id":{"S":"a"}}}`); string(answer) != `{"Item":{"id":{"S":"a"},"n":{"N":"1"}}}` {
		t.Errorf("after one request sent by many: %s", answer)
	}
}
