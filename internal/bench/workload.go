package bench

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// workload is a kind of load: what a connection sends next.
type workload struct {
	name  string
	about string
	own   Distribution
	next  func(w *worker) request
}

// request is the operation whose body is in worker.body, and the check of its
// answer.
type request struct {
	operation string
	check     func(w *worker, answer []byte) error
}

// workloads returns all of them.
func workloads() []workload {
	return []workload{
		{"get", "GetItem", Uniform, get},
		{"put", "PutItem of an item that is there", Uniform, put},
		{"update", "UpdateItem of one attribute", Uniform, update},
		{"delete", "DeleteItem, then the PutItem that brings the item back; both count", Uniform, deletePut},
		{"query", "Query of a collection of 10 items", Uniform, query},
		{"scan", "Scan of one page, from anywhere in the table", Uniform, scanPage},
		{"batch-get", "BatchGetItem of 25 items", Uniform, batchGet},
		{"batch-write", "BatchWriteItem of 25 items", Uniform, batchWrite},
		{"transact-get", "TransactGetItems of 4 items", Uniform, transactGet},
		{"transact-write", "TransactWriteItems of 4 items", Uniform, transactWrite},
		{"ycsb-a", "YCSB A: half reads, half updates", Zipfian, func(w *worker) request { return w.either(0.5, get, update) }},
		{"ycsb-b", "YCSB B: 95 % reads, 5 % updates", Zipfian, func(w *worker) request { return w.either(0.95, get, update) }},
		{"ycsb-c", "YCSB C: reads", Zipfian, get},
		{"ycsb-d", "YCSB D: 95 % reads of what was inserted last, 5 % inserts", Zipfian, func(w *worker) request { return w.either(0.95, getLatest, insert) }},
		{"ycsb-e", "YCSB E: 95 % Query of a short range, 5 % inserts", Zipfian, func(w *worker) request { return w.either(0.95, queryRange, insert) }},
		{"ycsb-f", "YCSB F: half reads, half reads each with the update that follows", Zipfian, func(w *worker) request { return w.either(0.5, get, getUpdate) }},
	}
}

// Workloads returns the names of the workloads, and what each is.
func Workloads() (names, about []string) {
	for _, w := range workloads() {
		names, about = append(names, w.name), append(about, w.about)
	}
	return names, about
}

func findWorkload(name string) (workload, error) {
	for _, w := range workloads() {
		if w.name == name {
			return w, nil
		}
	}
	names, _ := Workloads()
	return workload{}, fmt.Errorf("there is no workload %q; there are %s", name, strings.Join(names, ", "))
}

// either makes one request with the chance p, and else the other.
func (w *worker) either(p float64, one, other func(*worker) request) request {
	if w.chance.float() < p {
		return one(w)
	}
	return other(w)
}

func get(w *worker) request {
	return w.get(w.items.next(w))
}

func (w *worker) get(item int64) request {
	w.want = append(w.want[:0], item)
	w.body = w.shape.appendOne(w.body[:0], item)
	return request{"GetItem", wantInOrder}
}

func put(w *worker) request {
	w.body = w.shape.appendPut(w.body[:0], w.items.next(w), w.version())
	return request{"PutItem", wantNothing}
}

func update(w *worker) request {
	return w.update(w.items.next(w))
}

func (w *worker) update(item int64) request {
	w.body = w.shape.appendUpdate(w.body[:0], item, w.version())
	return request{"UpdateItem", wantNothing}
}

// deletePut deletes an item that no other connection deletes.
func deletePut(w *worker) request {
	item := w.ownItem()
	w.body = w.shape.appendOne(w.body[:0], item)
	w.then = func(w *worker) request {
		w.body = w.shape.appendPut(w.body[:0], item, w.version())
		return request{"PutItem", wantNothing}
	}
	return request{"DeleteItem", wantNothing}
}

// query asks for a whole collection.
func query(w *worker) request {
	return w.query(w.items.next(w) / collectionItems * collectionItems)
}

// queryRange asks for a collection from some item on.
func queryRange(w *worker) request {
	return w.query(w.items.next(w))
}

// query asks for what follows in the collection of an item that was there from
// the beginning; so the collection is full.
func (w *worker) query(item int64) request {
	w.want = w.want[:0]
	for other := item; other == item || other%collectionItems > 0; other++ {
		w.want = append(w.want, other)
	}
	w.body = w.shape.appendQuery(w.body[:0], item)
	return request{"Query", wantInOrder}
}

func scanPage(w *worker) request {
	w.body = w.shape.appendScan(w.body[:0], w.items.next(w), w.load.PageItems)
	return request{"Scan", wantPage}
}

func batchGet(w *worker) request {
	w.choose(batchItems)
	w.body = w.shape.appendBatchGet(w.body[:0], w.want)
	return request{"BatchGetItem", wantInAnyOrder}
}

func batchWrite(w *worker) request {
	w.choose(batchItems)
	w.body = w.shape.appendBatchWrite(w.body[:0], w.want, w.version())
	return request{"BatchWriteItem", wantAllProcessed}
}

func transactGet(w *worker) request {
	w.choose(transactionItems)
	w.body = w.shape.appendTransactGet(w.body[:0], w.want)
	return request{"TransactGetItems", wantInOrder}
}

// transactWrite writes items that no other connection writes: what a conflict
// costs is not to be measured here.
func transactWrite(w *worker) request {
	w.want = w.want[:0]
	for len(w.want) < transactionItems {
		if item := w.ownItem(); !contains(w.want, item) {
			w.want = append(w.want, item)
		}
	}
	w.body = w.shape.appendTransactWrite(w.body[:0], w.want, w.version())
	return request{"TransactWriteItems", wantNothing}
}

func getLatest(w *worker) request {
	count := w.population.count.Load()
	w.zipf.grow(count)
	return w.get(count - 1 - w.zipf.rank(w.chance.float()))
}

func insert(w *worker) request {
	w.inserting = w.population.begin()
	w.body = w.shape.appendPut(w.body[:0], w.inserting, w.version())
	return request{"PutItem", insertDone}
}

func getUpdate(w *worker) request {
	item := w.items.next(w)
	w.then = func(w *worker) request { return w.update(item) }
	return w.get(item)
}

func insertDone(w *worker, _ []byte) error {
	w.population.done(w.inserting)
	return nil
}

func wantNothing(*worker, []byte) error { return nil }

func wantInOrder(w *worker, answer []byte) error { return checkItems(answer, w.want, true) }

func wantInAnyOrder(w *worker, answer []byte) error { return checkItems(answer, w.want, false) }

var errUnprocessed = errors.New("the server has not written all items of a batch")

func wantAllProcessed(_ *worker, answer []byte) error {
	if bytes.Contains(answer, []byte(`"PutRequest"`)) {
		return errUnprocessed
	}
	return nil
}

// wantPage wants a full page, unless the table ends there.
func wantPage(w *worker, answer []byte) error {
	found := int64(0)
	err := eachText(answer, longName, func(stamp []byte) error {
		found++
		_, err := stampedItem(stamp)
		return err
	})
	if err != nil {
		return err
	}
	count, ok := number(answer, "Count")
	_, more := afterName(answer, "LastEvaluatedKey")
	if !ok || count != found || found > int64(w.load.PageItems) || more && found < int64(w.load.PageItems) {
		return fmt.Errorf("a page of %d items has %d, and says that it has %d", w.load.PageItems, found, count)
	}
	return nil
}
