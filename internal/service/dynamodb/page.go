package dynamodb

import (
	"context"
	"fmt"
	"slices"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// pagePlan says what one page of a query or scan reads and what it keeps.
type pagePlan struct {
	view       *schema.View
	keys       layout.Range
	then       []layout.Range // read one after the other behind keys
	reverse    bool
	limit      int              // entries to evaluate, 0: no bound but the page's
	fetch      bool             // read each entry's item from the table
	filter     *expr.Condition  // nil: keep all
	projection *expr.Projection // nil: keep whole items
	items      *item.List       // where items are kept; nil: they are counted alone
	consistent bool             // only what it costs
}

// page is what one call of Query or Scan reads. What it keeps goes into the
// answer at once.
type page struct {
	pagePlan

	count   int       // entries that passed the filter
	scanned int       // entries that were evaluated
	bytes   int       // their sizes
	next    item.Item // LastEvaluatedKey; nil when nothing is left to read

	// Of the items that are fetched from the table.
	snap         *kv.Snapshot
	fetchKey     []byte // of the one at hand
	fetched      []byte // the one at hand
	fetchedBytes int
	fetchedUnits float64

	projected []byte // room for what the projection leaves of the item at hand
	build     item.Builder
}

// read reads the page: one scan of the engine for each range, which touches the
// entries that it evaluates and at most one more, and a read for each item that
// it fetches. All see the same moment.
func (p *page) read(ctx context.Context, store *kv.Store) (err error) {
	if p.items != nil {
		p.items.Open()
	}
	if !p.fetch && len(p.then) == 0 {
		_, err = p.readRange(store.Scan(ctx, p.keys.Start, p.keys.End, p.reverse))
		return err
	}
	if p.snap, err = store.Snapshot(ctx); err != nil {
		return err
	}
	defer p.snap.Close()
	ended, err := p.readRange(p.snap.Scan(p.keys.Start, p.keys.End, p.reverse))
	for _, keys := range p.then {
		if ended || err != nil {
			break
		}
		ended, err = p.readRange(p.snap.Scan(keys.Start, keys.End, p.reverse))
	}
	return err
}

// readRange goes through the entries of a range, and reports whether the page
// ends in it.
func (p *page) readRange(entries *kv.Iterator) (ended bool, err error) {
	defer entries.Close()
	for entries.Next() {
		entry, size, err := layout.ParseRecord(entries.Value())
		if err != nil {
			return false, err
		}
		if err := p.take(schema.Image{Item: entry, Size: size}); err != nil {
			return false, err
		}
		if p.full() {
			return true, p.stopAt(entry)
		}
	}
	return false, entries.Err()
}

// full reports whether the page ends here. Like AWS's it ends behind the entry
// that reaches the bound, whether or not another one follows. The items that a
// local index fetches have the same bound as its entries: AWS returns no more
// than that.
func (p *page) full() bool {
	return p.scanned == p.limit || max(p.bytes, p.fetchedBytes) >= pageBytesMax
}

// stopAt makes the entry the last one of the page.
func (p *page) stopAt(entry item.Item) error {
	var ok bool
	if p.next, ok = p.view.PositionOf(entry); !ok {
		return p.damaged()
	}
	return nil
}

// take evaluates an entry, which is valid during the call alone, and keeps what
// is asked for.
func (p *page) take(entry schema.Image) error {
	p.scanned++
	p.bytes += entry.Size
	it := entry.Item
	if p.fetch {
		var err error
		if it, err = p.fetchItem(entry.Item); err != nil {
			return err
		}
	}
	if !p.filter.Holds(it) {
		return nil
	}
	p.count++
	if p.items != nil {
		p.keep(it)
	}
	return nil
}

// fetchItem returns the item that an entry is made from. It is valid until the next
// call.
func (p *page) fetchItem(entry item.Item) (item.Item, error) {
	var ok bool
	if p.fetchKey, ok = p.view.AppendItemKey(p.fetchKey[:0], entry); !ok {
		return nil, p.damaged()
	}
	var err error
	if p.fetched, err = p.snap.Get(p.fetchKey, p.fetched[:0]); err != nil {
		return nil, fmt.Errorf("the item of an entry: %w: %w", p.damaged(), err)
	}
	it, size, err := layout.ParseRecord(p.fetched)
	p.fetchedBytes += size
	p.fetchedUnits += readUnits(size, p.consistent)
	return it, err
}

// damaged is for the log, and so tells where, but nothing of what is stored there.
func (p *page) damaged() error {
	v := p.view
	if v.Index == nil {
		return fmt.Errorf("%w: table %d; gramme debug check tells which", layout.ErrRecord, v.Table.ID)
	}
	return fmt.Errorf("%w: table %d, index %d; gramme debug check tells which", layout.ErrRecord, v.Table.ID, v.Index.Number)
}

// keep adds an item, or what the projection leaves of it, to the answer.
func (p *page) keep(it item.Item) {
	if p.projection != nil {
		p.projected = slices.Grow(p.projected, p.projection.BytesMax(it))
		p.build.Reset(p.projected)
		p.projection.Build(&p.build, it)
		it = p.build.Item()
	}
	p.items.Add(it)
}
