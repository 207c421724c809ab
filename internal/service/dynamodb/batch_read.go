package dynamodb

import (
	"cmp"
	"context"
	"errors"
	"sync/atomic"
	"time"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// batchRead is a BatchGetItem under way. It reads one key after the other, which
// with what is in memory is done at once. If that takes long, as from a disk that
// is far away, several readers take the rest of the keys, each the next one, so
// that the keys that have been read are the first ones at any time.
type batchRead struct {
	store *kv.Store
	now   func() time.Time
	gets  []batchGet // of all tables, in the request's order
	own   batchReader

	at       int       // of the key that is next in the answer
	answered int       // bytes of what is returned of those before
	full     bool      // the answer holds no more, whatever room there is since
	patience time.Time // when one reader has taken long

	taken atomic.Int64  // keys that a reader has taken
	bytes atomic.Int64  // of what is to be returned of the items so far
	all   *atomic.Int64 // the same, of all BatchGetItems under way
}

// batchGet is one key of a BatchGetItem, and what is found at it.
type batchGet struct {
	table      *schema.Table
	key        schema.Key
	projection *expr.Projection // nil: the whole item

	found item.Item // what is returned, until the next one is; nil: there is no item
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
	b := &batchRead{store: s.store, now: s.env.Now, all: &s.batchBytes, gets: make([]batchGet, 0, n)}
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
	b.patience = b.now().Add(batchPatience)
	return b, nil
}

// next returns what is at the next key, or nil when the answer holds no more: then
// that is so for the keys of all tables that follow.
func (b *batchRead) next(ctx context.Context) (*batchGet, error) {
	if b.full {
		return nil, nil
	}
	if b.at == int(b.taken.Load()) {
		if err := b.readOn(ctx); err != nil {
			return nil, err
		}
	}
	if b.full = b.at == min(len(b.gets), int(b.taken.Load())); b.full {
		return nil, nil
	}
	g := &b.gets[b.at]
	if b.full = b.answered+g.bytes > batchBytesMax; b.full {
		return nil, nil
	}
	b.answered += g.bytes
	b.at++
	return g, nil
}

// readOn reads the next key, or all that are left.
func (b *batchRead) readOn(ctx context.Context) error {
	readers := min((len(b.gets)-b.at)/batchReaderKeysMin, batchReadersMax)
	if readers > 1 && b.now().After(b.patience) {
		return b.readRest(ctx, readers)
	}
	_, err := b.readOne(ctx, &b.own)
	return err
}

// readRest reads the keys that are left with several readers, until it is more
// than is returned.
func (b *batchRead) readRest(ctx context.Context, readers int) error {
	errs := make([]error, readers)
	together(readers, func(i int) {
		r, more := batchReader{keeps: true}, true
		for more && errs[i] == nil {
			more, errs[i] = b.readOne(ctx, &r)
		}
	})
	return cmp.Or(errs...)
}

// readOne has a reader take the next key. It reports whether there was one for
// which there is room.
func (b *batchRead) readOne(ctx context.Context, r *batchReader) (bool, error) {
	if !b.hasRoom() {
		return false, nil
	}
	next := int(b.taken.Add(1)) - 1
	if next >= len(b.gets) {
		return false, nil
	}
	g := &b.gets[next]
	if err := r.read(ctx, b.store, g); err != nil {
		return false, err
	}
	b.bytes.Add(int64(g.bytes))
	b.all.Add(int64(g.bytes))
	return true, nil
}

// hasRoom reports whether another key is to be read; the first one always is, so
// that who asks again for the rest gets on.
func (b *batchRead) hasRoom() bool {
	return b.taken.Load() == 0 || b.bytes.Load() <= batchBytesMax && b.all.Load() <= batchesBytesMax
}

// close says that the batch is no longer under way.
func (b *batchRead) close() { b.all.Add(-b.bytes.Load()) }

// batchReader reads items. What it finds is valid until it reads the next one,
// unless it keeps them.
type batchReader struct {
	keeps  bool
	key    []byte // of the item at hand
	record []byte // of the item at hand
	part   []byte // what a projection leaves of it
	build  item.Builder
}

// read takes up what is at a key, at the cost of one engine read.
func (r *batchReader) read(ctx context.Context, store *kv.Store, g *batchGet) (err error) {
	if r.keeps {
		r.record, r.part = nil, nil
	}
	r.key = layout.AppendItemKey(r.key[:0], g.table.ID, g.key.Partition, g.key.Sort)
	r.record, err = store.Get(ctx, r.key, r.record[:0])
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
	g.found = it
	return nil
}
