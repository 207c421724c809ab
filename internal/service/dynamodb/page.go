package dynamodb

import (
	"context"
	"fmt"

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
	countAlone bool             // keep no items
	consistent bool             // only what it costs
}

// page is what one call of Query or Scan has read.
type page struct {
	plan *pagePlan

	items   []item.Item // what is returned; each lies in room
	count   int         // entries that passed the filter
	scanned int         // entries that were evaluated
	bytes   int         // their sizes
	next    item.Item   // LastEvaluatedKey; nil when nothing is left to read

	// Of the items that were fetched from the table.
	fetchKey     []byte // of the one at hand
	fetched      []byte // the one at hand
	fetchedBytes int
	fetchedUnits float64

	room  []byte // its length is what is filled
	build item.Builder
}

// readPage reads a page: one scan of the engine for each range, which touches
// the entries that it evaluates and at most one more, and a read for each item
// that it fetches.
func (s *Service) readPage(ctx context.Context, plan *pagePlan) (*page, error) {
	snap, err := s.store.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	p := &page{plan: plan}
	if !plan.countAlone {
		p.items = make([]item.Item, 0, pageItemsMin) // present, even if nothing is found
	}
	ended, err := p.readRange(snap, plan.keys)
	for _, keys := range plan.then {
		if ended || err != nil {
			break
		}
		ended, err = p.readRange(snap, keys)
	}
	return p, err
}

// readRange goes through a range, and reports whether the page ends in it.
func (p *page) readRange(snap *kv.Snapshot, keys layout.Range) (ended bool, err error) {
	entries := snap.Scan(keys.Start, keys.End, p.plan.reverse)
	defer entries.Close()
	for entries.Next() {
		entry, size, err := layout.ParseRecord(entries.Value())
		if err != nil {
			return false, err
		}
		if err := p.take(snap, schema.Image{Item: entry, Size: size}); err != nil {
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
	return p.scanned == p.plan.limit || max(p.bytes, p.fetchedBytes) >= pageBytesMax
}

// stopAt makes the entry the last one of the page.
func (p *page) stopAt(entry item.Item) error {
	var ok bool
	if p.next, ok = p.plan.view.PositionOf(entry); !ok {
		return p.damaged()
	}
	return nil
}

// take evaluates an entry, which is valid during the call alone, and keeps what
// is asked for.
func (p *page) take(snap *kv.Snapshot, entry schema.Image) error {
	p.scanned++
	p.bytes += entry.Size
	it := entry.Item
	if p.plan.fetch {
		var err error
		if it, err = p.fetch(snap, entry.Item); err != nil {
			return err
		}
	}
	if !p.plan.filter.Holds(it) {
		return nil
	}
	p.count++
	if !p.plan.countAlone {
		p.keep(it)
	}
	return nil
}

// fetch returns the item that an entry is made from. It is valid until the next
// call.
func (p *page) fetch(snap *kv.Snapshot, entry item.Item) (item.Item, error) {
	var ok bool
	if p.fetchKey, ok = p.plan.view.AppendItemKey(p.fetchKey[:0], entry); !ok {
		return nil, p.damaged()
	}
	var err error
	if p.fetched, err = snap.Get(p.fetchKey, p.fetched[:0]); err != nil {
		return nil, fmt.Errorf("the item of an entry: %w: %w", p.damaged(), err)
	}
	it, size, err := layout.ParseRecord(p.fetched)
	p.fetchedBytes += size
	p.fetchedUnits += readUnits(size, p.plan.consistent)
	return it, err
}

// damaged is for the log, and so tells where, but nothing of what is stored there.
func (p *page) damaged() error {
	v := p.plan.view
	if v.Index == nil {
		return fmt.Errorf("%w: table %d; gramme debug check tells which", layout.ErrRecord, v.Table.ID)
	}
	return fmt.Errorf("%w: table %d, index %d; gramme debug check tells which", layout.ErrRecord, v.Table.ID, v.Index.Number)
}

// keep copies an item, or what the projection leaves of it, to the page.
func (p *page) keep(it item.Item) {
	p.reserve(p.plan.projection.BytesMax(it))
	start := len(p.room)
	if p.plan.projection == nil {
		p.room = append(p.room, it...)
	} else {
		p.build.Reset(p.room)
		p.plan.projection.Build(&p.build, it)
		p.room = p.room[:start+len(p.build.Item())]
	}
	p.items = append(p.items, item.Item(p.room[start:len(p.room):len(p.room)]))
}

// reserve makes sure that so many bytes fit behind what is in room. Items stay
// where they are: a room that is full is left to them, and the next one is
// larger, so that a page takes few of them.
func (p *page) reserve(n int) {
	if cap(p.room)-len(p.room) >= n {
		return
	}
	size := min(max(2*cap(p.room), pageRoomBytesMin), pageRoomBytesMax)
	p.room = make([]byte, 0, max(size, n))
}
