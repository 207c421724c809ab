package dynamodb

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

var soak = flag.Duration("soak", 0, "how long each test of serializability runs; 0: some rounds")

// again returns whether to do another round: so many, or as long as soak says.
func again(rounds int) func() bool {
	begin, n := time.Now(), 0
	return func() bool {
		n++
		return n <= rounds || time.Since(begin) < *soak
	}
}

// registers are the items that the histories are about, each with a number.
const registers = 4

// state is what the registers hold.
type state [registers]int

// call is one request of a history, and result what was answered.
type call struct {
	kind       string
	i, j, a, b int
}

type result struct {
	done   bool // false: a condition did not hold
	values state
}

// step is the sequential specification: what a call answers and leaves when
// nothing else happens meanwhile.
func (c call) step(s state) (result, state) {
	next := s
	switch c.kind {
	case "transfer": // a from i to j, if i has it
		if s[c.i] < c.a {
			return result{}, s
		}
		next[c.i] -= c.a
		next[c.j] += c.a
	case "put both":
		next[c.i], next[c.j] = c.a, c.b
	case "check and put": // write skew is what it would be without
		if s[c.i] < c.a {
			return result{}, s
		}
		next[c.j] = c.b
	case "read all":
		return result{done: true, values: s}, s
	case "get":
		return result{done: true, values: state{s[c.i]}}, s
	case "add":
		next[c.i] += c.a
		return result{done: true, values: state{next[c.i]}}, next
	case "compare and put":
		if s[c.i] != c.a {
			return result{}, s
		}
		next[c.i] = c.b
	}
	return result{done: true}, next
}

// request returns the call as it is sent.
func (c call) request() request {
	key := func(i int) string { return fmt.Sprintf(`"TableName":"tab","Key":{"id":{"S":"%d"}}`, i) }
	put := func(i, v int) string {
		return fmt.Sprintf(`"TableName":"tab","Item":{"id":{"S":"%d"},"v":{"N":"%d"}}`, i, v)
	}
	values := fmt.Sprintf(`"ExpressionAttributeValues":{":a":{"N":"%d"}}`, c.a)
	switch c.kind {
	case "transfer":
		return request{"TransactWriteItems", `{"TransactItems":[
			{"Update":{` + key(c.i) + `,"UpdateExpression":"SET v = v - :a","ConditionExpression":"v >= :a",` + values + `}},
			{"Update":{` + key(c.j) + `,"UpdateExpression":"SET v = v + :a",` + values + `}}]}`}
	case "put both":
		return request{"TransactWriteItems", `{"TransactItems":[{"Put":{` + put(c.i, c.a) + `}},{"Put":{` + put(c.j, c.b) + `}}]}`}
	case "check and put":
		return request{"TransactWriteItems", `{"TransactItems":[{"ConditionCheck":{` + key(c.i) + `,"ConditionExpression":"v >= :a",` + values + `}},{"Put":{` + put(c.j, c.b) + `}}]}`}
	case "read all":
		gets := make([]string, registers)
		for i := range gets {
			gets[i] = `{"Get":{` + key(i) + `}}`
		}
		return request{"TransactGetItems", `{"TransactItems":[` + strings.Join(gets, ",") + `]}`}
	case "get":
		return request{"GetItem", `{` + key(c.i) + `}`}
	case "add":
		return request{"UpdateItem", `{` + key(c.i) + `,"UpdateExpression":"ADD v :a","ReturnValues":"UPDATED_NEW",` + values + `}`}
	}
	return request{"PutItem", `{` + put(c.i, c.b) + `,"ConditionExpression":"v = :a",` + values + `}`}
}

// randomCall returns a call; fresh is a number that no other call has.
func randomCall(r *rand.Rand, fresh int) call {
	kinds := []string{"transfer", "put both", "check and put", "read all", "get", "get", "add", "compare and put"}
	c := call{kind: kinds[r.IntN(len(kinds))], i: r.IntN(registers), a: r.IntN(20), b: fresh}
	c.j = (c.i + 1 + r.IntN(registers-1)) % registers
	if c.kind == "put both" {
		c.a = fresh + 1
	}
	return c
}

// do makes the call. known is false when it met a conflict: then it has not
// happened.
func (w *world) do(t *testing.T, c call) (res result, known bool) {
	r := c.request()
	answer, status := w.answer(r.operation, r.body)
	if status != 200 {
		text := string(answer)
		failed := strings.Contains(text, "ConditionalCheckFailed")
		if !failed && !strings.Contains(text, "TransactionConflict") {
			t.Errorf("%s %s: %s", r.operation, r.body, text)
		}
		return result{}, failed
	}
	var found struct {
		Item, Attributes registerItem
		Responses        []struct{ Item registerItem }
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		t.Error(err)
	}
	res.done = true
	switch c.kind {
	case "read all":
		for i := range found.Responses {
			res.values[i] = found.Responses[i].Item.value()
		}
	case "get":
		res.values[0] = found.Item.value()
	case "add":
		res.values[0] = found.Attributes.value()
	}
	return res, true
}

type registerItem struct{ V struct{ N string } }

func (r registerItem) value() int {
	n, _ := strconv.Atoi(r.V.N)
	return n
}

// history lets clients make random calls at the same time and returns those of
// which the outcome is known.
func (w *world) history(t *testing.T, seed uint64) []porcupine.Operation {
	const clients, calls = 6, 12
	w.mustDo(t, call{kind: "put both", i: 0, j: 1, a: 10, b: 10}.request())
	w.mustDo(t, call{kind: "put both", i: 2, j: 3, a: 10, b: 10}.request())
	var mu sync.Mutex
	var done []porcupine.Operation
	var clock atomic.Int64 // each begin and each end at a moment of its own
	var running sync.WaitGroup
	for client := range clients {
		running.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(client)))
			for n := range calls {
				c := randomCall(r, 1000+2*(client*calls+n))
				begin := clock.Add(1)
				res, known := w.do(t, c)
				end := clock.Add(1)
				if !known {
					continue
				}
				mu.Lock()
				done = append(done, porcupine.Operation{ClientId: client, Input: c, Call: begin, Output: res, Return: end})
				mu.Unlock()
			}
		})
	}
	running.Wait()
	return done
}

// serial reports whether there is an order of the calls, one in which each
// stands between its begin and its end, that explains all answers.
func serial(t *testing.T, history []porcupine.Operation) bool {
	model := porcupine.Model{
		Init: func() any { return state{10, 10, 10, 10} },
		Step: func(s, input, output any) (bool, any) {
			want, next := input.(call).step(s.(state))
			return want == output.(result), next
		},
	}
	switch porcupine.CheckOperationsTimeout(model, history, time.Minute) {
	case porcupine.Illegal:
		return false
	case porcupine.Unknown:
		t.Error("no order was found within a minute, and none excluded")
	}
	return true
}

// TestSerializable records what clients see of random reads and writes, in
// transactions and alone, and looks for one order that explains it.
func TestSerializable(t *testing.T) {
	for _, c := range []struct {
		name   string
		rounds int
		open   func(t *testing.T) driver.Driver
	}{
		{"in memory", 150, func(t *testing.T) driver.Driver { return memoryEngine(t) }},
		{"on disk", 20, func(t *testing.T) driver.Driver {
			db, err := pebble.Open(pebble.Options{Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			return db
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorldOn(t, c.open(t))
			w.mustDo(t, request{"CreateTable", createPlain})
			seed, calls := uint64(0), 0
			for more := again(c.rounds); more(); seed++ {
				history := w.history(t, seed)
				calls += len(history)
				if !serial(t, history) {
					t.Fatalf("round %d: no order explains\n%v", seed, history)
				}
			}
			t.Logf("%d calls in %d rounds", calls, seed)
			w.checkNothingBusy(t)
		})
	}
}

// TestSerializableNotices shows that the same test fails on engines that break a
// promise.
func TestSerializableNotices(t *testing.T) {
	for _, c := range []struct {
		name string
		bad  func(driver.Driver) driver.Driver
	}{
		{"lost updates", func(d driver.Driver) driver.Driver { return unownedEngine{d} }},
		{"torn updates", func(d driver.Driver) driver.Driver { return tornEngine{d} }},
		{"moving snapshots", func(d driver.Driver) driver.Driver { return movingEngine{d} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorldOn(t, c.bad(memoryEngine(t)))
			w.mustDo(t, request{"CreateTable", createPlain})
			const rounds = 3000
			for seed := range uint64(rounds) {
				if !serial(t, w.history(t, seed)) {
					t.Logf("noticed in round %d", seed)
					return
				}
			}
			t.Errorf("not noticed in %d rounds", rounds)
		})
	}
}

// TestTransfersKeepTheSum lets clients transfer money between accounts while
// others read all of them: the sum is the same for everybody at any time.
func TestTransfersKeepTheSum(t *testing.T) {
	const accounts, each = 10, 100
	w := newWorld(t)
	w.mustDo(t, request{"CreateTable", createPlain})
	gets := make([]string, accounts)
	for i := range accounts {
		w.mustDo(t, request{"PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"id":{"S":"%d"},"v":{"N":"%d"}}}`, i, each)})
		gets[i] = fmt.Sprintf(`{"Get":{"TableName":"tab","Key":{"id":{"S":"%d"}}}}`, i)
	}
	readAll := `{"TransactItems":[` + strings.Join(gets, ",") + `]}`
	var transfers, sums atomic.Int64
	for more := again(1); more(); {
		var clients sync.WaitGroup
		var transferring atomic.Int32
		transferring.Store(4)
		for seed := range uint64(4) {
			clients.Go(func() {
				defer transferring.Add(-1)
				r := rand.New(rand.NewPCG(seed, uint64(transfers.Load())))
				for range 300 {
					c := call{kind: "transfer", i: r.IntN(accounts), a: r.IntN(50)}
					c.j = (c.i + 1 + r.IntN(accounts-1)) % accounts
					if res, _ := w.do(t, c); res.done {
						transfers.Add(1)
					}
				}
			})
		}
		for range 2 {
			clients.Go(func() {
				for last := false; !last; {
					last = transferring.Load() == 0 // then nobody is in the way any more
					answer, status := w.answer("TransactGetItems", readAll)
					if status != 200 {
						if !strings.Contains(string(answer), "TransactionConflict") {
							t.Error(string(answer))
						}
						continue
					}
					sums.Add(1)
					if sum := sumOf(t, answer); sum != accounts*each {
						t.Errorf("the sum is %d in %s", sum, answer)
					}
				}
			})
		}
		clients.Wait()
	}
	t.Logf("%d transfers, %d sums", transfers.Load(), sums.Load())
	if transfers.Load() == 0 || sums.Load() < 2 {
		t.Error("nothing has happened")
	}
}

func sumOf(t *testing.T, answer []byte) (sum int) {
	var read struct{ Responses []struct{ Item registerItem } }
	if err := json.Unmarshal(answer, &read); err != nil {
		t.Error(err)
	}
	for _, r := range read.Responses {
		sum += r.Item.value()
	}
	return sum
}

// TestIndexesFollowTransactions writes at random, in transactions and alone,
// and holds the whole store against the items.
func TestIndexesFollowTransactions(t *testing.T) {
	w := newWorld(t)
	w.mustDo(t, request{"CreateTable", createIndexed})
	var writers sync.WaitGroup
	for seed := range uint64(4) {
		writers.Go(func() {
			r := rand.New(rand.NewPCG(seed, 2))
			for range 300 {
				operation, body := randomGroup(r, 4)
				answer, status := w.answer(operation, body)
				if status != 200 && !expectedRefusal(string(answer)) {
					t.Errorf("%s %s: %s", operation, body, answer)
					return
				}
			}
		})
	}
	writers.Wait()
	w.checkStore(t, "indexed")
	w.checkNothingBusy(t)
}
