package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// BatchWriteItem puts and deletes up to 25 items of any tables. AWS promises
// that each is done or not, and returns as unprocessed what is not; here they
// are done together unless they are too large for one update.
func (s *Service) BatchWriteItem(ctx context.Context, in *api.BatchWriteItemInput) (*api.BatchWriteItemOutput, error) {
	if err := checkBatchWrite(in.RequestItems); err != nil {
		return nil, err
	}
	names := tableNames(in.RequestItems)
	tables, gates, err := s.batchTables(ctx, names)
	if err != nil {
		return nil, err
	}
	defer leaveAll(gates)
	writes, err := batchWrites(in.RequestItems, tables)
	if err != nil {
		return nil, err
	}
	b := writeBatch{
		service:  s,
		writes:   writes,
		capacity: newBatchCapacity(in.ReturnConsumedCapacity, in.RequestItems),
		metrics:  batchMetrics{asked: in.ReturnItemCollectionMetrics, tables: names},
	}
	if err := b.run(ctx); err != nil {
		return nil, err
	}
	return &api.BatchWriteItemOutput{
		UnprocessedItems:      b.unprocessed(names),
		ItemCollectionMetrics: b.metrics.all(),
		ConsumedCapacity:      b.capacity,
	}, nil
}

// checkBatchWrite makes the checks that need no table, request by request. That
// and the size of an item bound the batch: to 10 MB of items.
func checkBatchWrite(requests wire.Map[[]*api.WriteRequest]) error {
	if len(requests) == 0 {
		return batchEmpty("BatchWriteItem")
	}
	total := 0
	for i := range requests {
		for _, r := range requests[i].Value {
			if err := checkWriteRequest(r); err != nil {
				return err
			}
		}
		if total += len(requests[i].Value); total > batchWritesMax {
			return batchTooLong("BatchWriteItem")
		}
	}
	return nil
}

func checkWriteRequest(r *api.WriteRequest) error {
	if (r.PutRequest == nil) == (r.DeleteRequest == nil) {
		// AWS says so of a request that is neither; of one that is both, its wording is not known.
		return invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	}
	if r.DeleteRequest != nil {
		return plain.value(r.DeleteRequest.Key.Err)
	}
	it := &r.PutRequest.Item
	if err := plain.value(it.Err); err != nil {
		return err
	}
	if it.Item.Size() > itemBytesMax {
		return invalid(textItemTooLarge)
	}
	return nil
}

// batchWrite is one request of a BatchWriteItem.
type batchWrite struct {
	request *api.WriteRequest
	put     item.Item // nil: a deletion
	table   *schema.Table
	place   int // of the table in the request
	key     schema.Key
	itemKey []byte // the key's bytes in the store
	hash    keyHash
	done    bool
	outcome outcome // while it is being done
}

// batchWrites finds the items in their tables: all keys are checked, then that
// no item is there twice, then what the indexes say of the items.
func batchWrites(requests wire.Map[[]*api.WriteRequest], tables []*schema.Table) ([]batchWrite, error) {
	n := 0
	for place := range requests {
		n += len(requests[place].Value)
	}
	writes, keys := make([]batchWrite, 0, n), make([][]byte, 0, n)
	var room []byte // of the keys; when it grows, those that are there stay where they are
	for place := range requests {
		for _, r := range requests[place].Value {
			w := batchWrite{request: r, table: tables[place], place: place}
			if err := w.resolve(); err != nil {
				return nil, err
			}
			start := len(room)
			room = layout.AppendItemKey(room, w.table.ID, w.key.Partition, w.key.Sort)
			w.itemKey = room[start:len(room):len(room)]
			writes, keys = append(writes, w), append(keys, w.itemKey)
		}
	}
	if !distinct(keys) {
		return nil, twiceInBatch()
	}
	for i := range writes {
		w := &writes[i]
		if w.put == nil {
			continue
		}
		if refusal := w.table.CheckIndexKeys(w.put); refusal != nil {
			return nil, refused(refusal)
		}
	}
	return writes, nil
}

// resolve finds what is put or deleted, and its key.
func (w *batchWrite) resolve() error {
	var refusal *schema.Refusal
	if p := w.request.PutRequest; p != nil {
		w.put = p.Item.Item
		w.key, refusal = w.table.KeyWithin(w.put)
	} else {
		w.key, refusal = w.table.KeyOf(w.request.DeleteRequest.Key.Item)
	}
	return refused(refusal)
}

// unprocessed returns the requests that are not done, as they came.
func (b *writeBatch) unprocessed(tables []string) wire.Map[[]*api.WriteRequest] {
	rest := wire.Map[[]*api.WriteRequest]{} // present, even if nothing is left
	last := -1
	for i := range b.writes {
		w := &b.writes[i]
		if w.done {
			continue
		}
		if w.place != last {
			rest = append(rest, wire.Entry[[]*api.WriteRequest]{Key: tables[w.place]})
			last = w.place
		}
		of := &rest[len(rest)-1]
		of.Value = append(of.Value, w.request)
	}
	return rest
}

// batchMetrics is what ReturnItemCollectionMetrics asks for of a batch: for each
// table with local indexes, the collections that were written to.
type batchMetrics struct {
	asked  wire.Opt[string]
	tables []string
	of     []collectionMetric
}

// collectionMetric is a collection, and the place of its table.
type collectionMetric struct {
	place  int
	metric *api.ItemCollectionMetrics
}

// add takes up the collection of a write, once.
func (m *batchMetrics) add(w *batchWrite) {
	metric := collectionMetrics(m.asked, w.key, w.outcome)
	if metric == nil {
		return
	}
	for i := range m.of {
		if known := &m.of[i]; known.place == w.place && known.metric.ItemCollectionKey.Equal(metric.ItemCollectionKey) {
			known.metric = metric // it may have grown
			return
		}
	}
	m.of = append(m.of, collectionMetric{w.place, metric})
}

// all returns the collections table by table, or nil when there are none.
func (m *batchMetrics) all() wire.Map[[]*api.ItemCollectionMetrics] {
	var all wire.Map[[]*api.ItemCollectionMetrics]
	last := -1
	for _, c := range m.of {
		if c.place != last {
			all = append(all, wire.Entry[[]*api.ItemCollectionMetrics]{Key: m.tables[c.place]})
			last = c.place
		}
		of := &all[len(all)-1]
		of.Value = append(of.Value, c.metric)
	}
	return all
}
