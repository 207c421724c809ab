package dynamodb

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

const createPlain = `{"TableName":"tab","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}`

// request is an operation and its body.
type request struct{ operation, body string }

// TestConflicts holds one request in the middle and lets another arrive.
func TestConflicts(t *testing.T) {
	const (
		put         = `{"TableName":"tab","Item":{"id":{"S":"x"}}}`
		key         = `{"TableName":"tab","Key":{"id":{"S":"x"}}}`
		update      = `{"TableName":"tab","Key":{"id":{"S":"x"}},"UpdateExpression":"ADD n :n","ExpressionAttributeValues":{":n":{"N":"1"}}}`
		putOther    = `{"TableName":"tab","Item":{"id":{"S":"other"}}}`
		writeBoth   = `{"TransactItems":[{"Put":` + putOther + `},{"Update":` + update + `}]}`
		writeX      = `{"TransactItems":[{"Update":` + update + `}]}`
		check       = `{"TransactItems":[{"ConditionCheck":{"TableName":"tab","Key":{"id":{"S":"x"}},"ConditionExpression":"attribute_not_exists(y)"}}]}`
		readBoth    = `{"TransactItems":[{"Get":{"TableName":"tab","Key":{"id":{"S":"other"}}}},{"Get":` + key + `}]}`
		queryX      = `{"TableName":"tab","KeyConditionExpression":"id = :x","ExpressionAttributeValues":{":x":{"S":"x"}}}`
		withToken   = `{"ClientRequestToken":"t","TransactItems":[{"Delete":` + key + `}]}`
		otherToken  = `{"ClientRequestToken":"t","TransactItems":[{"Put":` + putOther + `}]}`
		single      = `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException","message":"Transaction is ongoing for the item"}`
		second      = `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"}],"Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [None, TransactionConflict]"}`
		inProgress  = `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionInProgressException","Message":"Transaction from previous request is still in progress"}`
		none        = ""
		transaction = "TransactWriteItems"
	)
	for _, c := range []struct {
		name              string
		running, arriving request
		want              string // none: it succeeds
	}{
		{"a put meets a transaction", request{transaction, check}, request{"PutItem", put}, single},
		{"an update meets a transaction", request{transaction, check}, request{"UpdateItem", update}, single},
		{"a deletion meets a transaction", request{transaction, check}, request{"DeleteItem", key}, single},
		{"a transaction meets a transaction", request{transaction, check}, request{transaction, writeBoth}, second},
		{"a transactional read meets a transaction", request{transaction, writeX}, request{"TransactGetItems", readBoth}, second},
		{"a read meets a transaction", request{transaction, check}, request{"GetItem", key}, none},
		{"a query meets a transaction", request{transaction, check}, request{"Query", queryX}, none},
		{"a scan meets a transaction", request{transaction, check}, request{"Scan", `{"TableName":"tab"}`}, none},
		{"a put of another item meets a transaction", request{transaction, check}, request{"PutItem", putOther}, none},
		{"a transactional read meets a put", request{"PutItem", put}, request{"TransactGetItems", readBoth}, second},
		{"a transactional read meets an update", request{"UpdateItem", update}, request{"TransactGetItems", readBoth}, second},
		{"a transactional read meets a deletion", request{"DeleteItem", key}, request{"TransactGetItems", readBoth}, second},
		{"a transaction meets a put", request{"PutItem", put}, request{transaction, writeBoth}, none},
		{"a transactional read meets a put of another item", request{"PutItem", putOther}, request{"TransactGetItems", `{"TransactItems":[{"Get":` + key + `}]}`}, none},
		{"a request meets itself", request{transaction, withToken}, request{transaction, withToken}, inProgress},
		{"a token meets itself", request{transaction, withToken}, request{transaction, otherToken}, inProgress},
	} {
		t.Run(c.name, func(t *testing.T) {
			engine := &heldEngine{Driver: memoryEngine(t)}
			w := newWorldOn(t, engine)
			w.mustDo(t, request{"CreateTable", createPlain})
			end := w.holding(t, engine, c.running)
			answer, status := w.answer(c.arriving.operation, c.arriving.body)
			if got := string(answer); (status == 200) != (c.want == none) || c.want != none && got != c.want {
				t.Errorf("got %d %s, want %s", status, got, c.want)
			}
			end()
			w.mustDo(t, request{transaction, writeBoth}) // nothing is left of either
			w.checkNothingBusy(t)
		})
	}
}

// TestRepetitionMeetsTransaction shows that what was done under a token is
// answered so even when somebody else is at work on its items.
func TestRepetitionMeetsTransaction(t *testing.T) {
	engine := &heldEngine{Driver: memoryEngine(t)}
	w := newWorldOn(t, engine)
	w.mustDo(t, request{"CreateTable", createPlain})
	once := request{"TransactWriteItems", `{"ClientRequestToken":"t","TransactItems":[{"Put":{"TableName":"tab","Item":{"id":{"S":"x"}}}}]}`}
	w.mustDo(t, once)
	end := w.holding(t, engine, request{"TransactWriteItems", `{"TransactItems":[{"Delete":{"TableName":"tab","Key":{"id":{"S":"x"}}}}]}`})
	w.mustDo(t, once)
	end()
	if answer, _ := w.answer("GetItem", `{"TableName":"tab","Key":{"id":{"S":"x"}}}`); string(answer) != `{}` {
		t.Errorf("the repetition has put the item again: %s", answer)
	}
}

// TestTransactionsMeetInACircle lets transactions overlap in every way: each is
// done or cancelled by a conflict, and as nobody waits for another, of any that
// run at once one is done.
func TestTransactionsMeetInACircle(t *testing.T) {
	w := newWorld(t)
	w.mustDo(t, request{"CreateTable", createPlain})
	for range 200 {
		bodies := []string{transactPuts("a", "b"), transactPuts("b", "c"), transactPuts("c", "a")}
		done := make([]bool, len(bodies))
		var clients sync.WaitGroup
		for i, body := range bodies {
			clients.Go(func() {
				answer, status := w.answer("TransactWriteItems", body)
				done[i] = status == 200
				if !done[i] && !strings.Contains(string(answer), "TransactionConflict") {
					t.Errorf("%d %s", status, answer)
				}
			})
		}
		clients.Wait()
		if !done[0] && !done[1] && !done[2] {
			t.Fatal("all were cancelled")
		}
	}
	w.checkNothingBusy(t)
}

func transactPuts(ids ...string) string {
	puts := make([]string, len(ids))
	for i, id := range ids {
		puts[i] = `{"Put":{"TableName":"tab","Item":{"id":{"S":"` + id + `"}}}}`
	}
	return `{"TransactItems":[` + strings.Join(puts, ",") + `]}`
}

// mustDo makes a request that succeeds.
func (w *world) mustDo(t testing.TB, r request) {
	t.Helper()
	if answer, status := w.answer(r.operation, r.body); status != 200 {
		t.Fatalf("%s %s: %s", r.operation, r.body, answer)
	}
}

// holding makes a request and returns while it is held. end lets it go on, and
// waits for it to succeed.
func (w *world) holding(t *testing.T, engine *heldEngine, r request) (end func()) {
	t.Helper()
	h := engine.holdNext()
	var running sync.WaitGroup
	running.Go(func() {
		if answer, status := w.answer(r.operation, r.body); status != 200 {
			t.Errorf("the request that was held: %s", answer)
		}
	})
	<-h.reached
	return func() {
		close(h.over)
		running.Wait()
	}
}

// checkNothingBusy checks that no key is noted as being written.
func (w *world) checkNothingBusy(t *testing.T) {
	t.Helper()
	for _, c := range []*conflicts{&w.service.conflicts, &w.service.tokens.running} {
		for i := range c.stripes {
			if n := len(c.stripes[i].busy); n > 0 {
				t.Errorf("%d keys are noted and nobody writes them", n)
			}
		}
	}
}

// BenchmarkConflicts is what a single write pays for being seen.
func BenchmarkConflicts(b *testing.B) {
	var c conflicts
	c.init()
	key := []byte("t12345678ihashsome key of an item")
	b.ReportAllocs()
	for b.Loop() {
		h := c.hash(key)
		if !c.beginWrite(h) {
			b.Fatal("it was free")
		}
		c.endWrite(h)
	}
}

// TestTablesWithOneGate writes to two tables that share a gate while one of them
// is being changed: nobody waits for ever.
func TestTablesWithOneGate(t *testing.T) {
	w := newWorld(t)
	create := func(name string) {
		w.mustDo(t, request{"CreateTable", strings.Replace(createPlain, `"tab"`, `"`+name+`"`, 1)})
	}
	create("one")
	for range gatesMax - 1 { // until the ids come round
		create("between")
		w.mustDo(t, request{"DeleteTable", `{"TableName":"between"}`})
	}
	create("two")
	ref := func(name string) tableRef { return tableRef{w.caller.Account, w.caller.Region, name} }
	tables, gates, err := w.service.catalog.enterAll(context.Background(), []tableRef{ref("two"), ref("one")})
	if err != nil || len(tables) != 2 || len(gates) != 1 {
		t.Fatalf("%d tables with %d gates, %v; want 2 with 1", len(tables), len(gates), err)
	}
	leaveAll(gates)
	of := w.service.catalog.gatesOf([]*schema.Table{{ID: 7}, {ID: 3}, {ID: 7 + gatesMax}})
	if c := w.service.catalog; !slices.Equal(of, []*sync.RWMutex{&c.gates[3], &c.gates[7]}) {
		t.Error("gates are not taken each once and in order, as all must who take several")
	}
	var clients sync.WaitGroup
	clients.Go(func() {
		for range 300 {
			if answer, status := w.answer("TagResource", `{"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/one","Tags":[{"Key":"k","Value":"v"}]}`); status != 200 {
				t.Errorf("TagResource: %s", answer)
			}
		}
	})
	clients.Go(func() {
		for range 300 {
			if answer, status := w.answer("TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"one","Item":{"id":{"S":"a"}}}},{"Put":{"TableName":"two","Item":{"id":{"S":"a"}}}}]}`); status != 200 {
				t.Errorf("TransactWriteItems: %s", answer)
			}
		}
	})
	clients.Wait()
}
