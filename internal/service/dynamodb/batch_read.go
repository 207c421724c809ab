package dynamodb

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// batchRead is a BatchGetItem under way. Its readers take one key after the
// other, so that the keys that have been read are the first ones at any time.
type batchRead struct {
	store *kv.Store
	gets  []batchGet // of all tables, in the request's order

	taken atomic.Int64  // keys that a reader has taken
	bytes atomic.Int64  // of what is to be returned of the items so far
	all   *atomic.Int64 // the same, of all BatchGetItems under way
}

// batchGet is one key of a BatchGetItem, and what is found at it.
type batchGet struct {
	table      *schema.Table
	key        schema.Key
	projection *expr.Projection // nil: the whole item

	found item.Item // what is returned; nil: there is no item
	size  int       // of the whole item
	bytes int       // of what is returned
}

// batchRead finds all tables, and then the keys in them.
func (s *Service) batchRead(ctx context.Context, requests wire.Map[*api.KeysAndAttributes], projections []*expr.Projection) (*batchRead, error) {
	tables := make([]*schema.Table, len(requests))
	n := 0
	for i := range requests {
		n += len(requests[i].Value.Keys)
		var err error
		if tables[i], err = s.table(ctx, requests[i].Key); err != nil {
			return nil, err
		}
	}
	b := &batchRead{store: s.store, all: &s.batchBytes, gets: make([]batchGet, 0, n)}
	for i, t := range tables {
		for _, attrs := range requests[i].Value.Keys {
			key, refusal := t.KeyOf(attrs.Item)
			if refusal != nil {
				return nil, refused(refusal)
			}
			b.gets = append(b.gets, batchGet{table: t, key: key, projection: projections[i]})
		}
		if err := checkPaths(t, projections[i].Paths()); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// run reads what is asked for, until it is more than is returned.
func (b *batchRead) run(ctx context.Context) error {
	readers := min(len(b.gets)/batchReaderKeysMin, batchReadersMax)
	if readers <= 1 {
		return b.read(ctx)
	}
	errs := make([]error, readers)
	var others sync.WaitGroup
	for i := 1; i < readers; i++ {
		others.Go(func() { errs[i] = b.read(ctx) })
	}
	errs[0] = b.read(ctx)
	others.Wait()
	return cmp.Or(errs...)
}

// read is a reader.
func (b *batchRead) read(ctx context.Context) error {
	r := batchReader{store: b.store}
	for b.hasRoom() {
		next := int(b.taken.Add(1)) - 1
		if next >= len(b.gets) {
			return nil
		}
		g := &b.gets[next]
		if err := r.read(ctx, g); err != nil {
			return err
		}
		b.bytes.Add(int64(g.bytes))
		b.all.Add(int64(g.bytes))
	}
	return nil
}

// hasRoom reports whether another key is to be read; the first one always is, so
// that who asks again for the rest gets on.
func (b *batchRead) hasRoom() bool {
	return b.taken.Load() == 0 || b.bytes.Load() <= batchBytesMax && b.all.Load() <= batchesBytesMax
}

// close says that the batch is no longer under way.
func (b *batchRead) close() { b.all.Add(-b.bytes.Load()) }

// fitting returns how many keys, from the first on, have been read and fit into
// the answer.
func (b *batchRead) fitting() int {
	total := 0
	read := min(int(b.taken.Load()), len(b.gets))
	for i := range read {
		if total += b.gets[i].bytes; total > batchBytesMax {
			return i
		}
	}
	return read
}

// batchReader reads items, and copies what is returned of them into rooms, which
// grow; an item that is larger has a room of its own.
type batchReader struct {
	store  *kv.Store
	key    []byte // of the item at hand
	record []byte // of the item at hand
	part   []byte // what a projection leaves of it
	room   []byte // its length is what is filled
	build  item.Builder
}

// read takes up what is at a key, at the cost of one engine read.
func (r *batchReader) read(ctx context.Context, g *batchGet) (err error) {
	r.key = layout.AppendItemKey(r.key[:0], g.table.ID, g.key.Partition, g.key.Sort)
	r.record, err = r.store.Get(ctx, r.key, r.record[:0])
	if errors.Is(err, kv.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	it, size, err := layout.ParseRecord(r.record)
	if err != nil {
		return err
	}
	g.size, g.bytes = size, size
	if g.projection != nil {
		r.build.Reset(r.part[:0])
		g.projection.Build(&r.build, it)
		it = r.build.Item()
		r.part, g.bytes = it, it.Size()
	}
	g.found = r.keep(it)
	return nil
}

// keep copies an item into a room.
func (r *batchReader) keep(it item.Item) item.Item {
	if cap(r.room)-len(r.room) < len(it) {
		r.room = make([]byte, 0, max(min(2*cap(r.room), pageRoomBytesMax), pageRoomBytesMin, len(it)))
	}
	start := len(r.room)
	r.room = append(r.room, it...)
	return item.Item(r.room[start:len(r.room):len(r.room)])
}
