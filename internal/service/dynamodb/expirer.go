package dynamodb

import (
	"bytes"
	"context"
	"log/slog"
	"time"

	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// expirer deletes the items whose time has come, in the background: a batch of
// one table, a rest, a batch of the next. At an interval it reads which tables
// have time to live, and then looks at what is due in each of them. That is one
// short scan of the table's expiry index; what is not due is not touched, nor
// is what expired so long ago that it never goes.
//
// Where it stands is in memory alone. A process that begins anew finds what is
// due where it was.
type expirer struct {
	service *Service
	logger  *slog.Logger
	background

	// All of these are the worker's.
	interval time.Duration
	queue    []expiring           // the tables that are to be looked at
	rested   time.Duration        // since the queue was filled
	resting  map[uint64]time.Time // until when tables that have failed rest
}

// expiring is a table with time to live, and how far it was gone through.
type expiring struct {
	table  uint64
	ref    tableRef
	cursor []byte // the last expiry that was done with; empty: none yet
}

func newExpirer(s *Service, logger *slog.Logger, interval time.Duration) *expirer {
	return &expirer{
		service: s, logger: logger, background: newBackground(),
		interval: interval, resting: map[uint64]time.Time{},
	}
}

func (x *expirer) work(ctx context.Context) (again time.Duration) {
	again, err := x.round(ctx)
	if err != nil && ctx.Err() == nil {
		x.logger.Error("looking for expired items failed; it is tried again", "in", expirerRetryPause, "error", err)
	}
	return again
}

// round does one batch. It returns how long to rest after it: as long as the
// items may take at the rate that is allowed.
func (x *expirer) round(ctx context.Context) (again time.Duration, err error) {
	if len(x.queue) == 0 || x.rested >= x.interval {
		some, err := x.look(ctx)
		if err != nil {
			return expirerRetryPause, err
		}
		if !some {
			return untilPoked, nil
		}
	}
	for len(x.queue) > 0 && ctx.Err() == nil {
		if n := x.visit(ctx); n > 0 {
			rest := time.Duration(n) * time.Second / expireRateMax
			x.rested += rest
			return rest, nil
		}
	}
	return x.interval, nil
}

// look fills the queue with all tables that have time to live, and reports
// whether there are any. Those that are in it already stay where they are.
func (x *expirer) look(ctx context.Context) (some bool, err error) {
	x.rested = 0
	queued := make(map[uint64]bool, len(x.queue))
	for i := range x.queue {
		queued[x.queue[i].table] = true
	}
	snap, err := x.service.store.Snapshot(ctx)
	if err != nil {
		return false, err
	}
	defer snap.Close()
	start, end := layout.ExpiringRange()
	it := snap.Scan(start, end, false)
	defer it.Close()
	for it.Next() {
		some = true
		table, d, err := layout.ParseExpiring(it.Key(), it.Value())
		switch {
		case queued[table] || x.rests(table):
		case err != nil:
			x.failed(table, err)
		default:
			x.queue = append(x.queue, expiring{table: table, ref: tableRef{d.Account, d.Region, d.Name}})
		}
	}
	return some, it.Err()
}

// visit does a batch of the first table in the queue, which goes to the end of
// it if there may be more to do. It returns how many items it has looked at.
func (x *expirer) visit(ctx context.Context) (n int) {
	e := x.queue[0]
	x.queue = x.queue[1:]
	due, err := x.due(ctx, e)
	if err == nil && len(due) > 0 {
		n, err = x.expire(ctx, e, due)
	}
	if err != nil {
		if ctx.Err() == nil {
			x.failed(e.table, err)
		}
		return 0
	}
	if n > 0 && (n < len(due) || n == expireItemsMax) {
		e.cursor = due[n-1].expiry
		x.queue = append(x.queue, e)
	}
	return n
}

// due returns the next items of a table that are due.
func (x *expirer) due(ctx context.Context, e expiring) ([]dueItem, error) {
	snap, err := x.service.store.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	from, to := schema.DueAt(x.service.env.Now())
	expiries := layout.Expiries(e.table, from, to)
	if len(e.cursor) > 0 {
		expiries = expiries.After(e.cursor)
	}
	it := snap.Scan(expiries.Start, expiries.End, false)
	defer it.Close()
	var due []dueItem
	for len(due) < expireItemsMax && it.Next() {
		_, itemKey, err := layout.ParseExpiryKey(it.Key())
		if err != nil {
			continue // damage; gramme debug check tells of it
		}
		due = append(due, dueItem{expiry: bytes.Clone(it.Key()), itemKey: itemKey})
	}
	return due, it.Err()
}

// expire deletes due items of the table, if it is the one that they were found
// in, and returns how many are done with. Disabling takes the whole expiry
// index away, so there is no need to ask whether it was enabled since.
func (x *expirer) expire(ctx context.Context, e expiring, due []dueItem) (n int, err error) {
	t, gate, err := x.service.catalog.enter(ctx, e.ref)
	if err != nil || t == nil {
		return 0, err
	}
	defer gate.RUnlock()
	if t.ID != e.table || !t.Usable(x.service.env.Now()) {
		return 0, nil
	}
	return x.service.expire(ctx, t, due)
}

// failed lets a table rest, so that the others go on.
func (x *expirer) failed(table uint64, err error) {
	x.resting[table] = x.service.env.Now().Add(expirerRetryPause)
	x.logger.Error("deleting the expired items of a table failed; it is tried again", "table id", table, "in", expirerRetryPause, "error", err)
}

// rests reports whether a table that has failed still rests.
func (x *expirer) rests(table uint64) bool {
	until, failed := x.resting[table]
	if failed && !x.service.env.Now().Before(until) {
		delete(x.resting, table)
		return false
	}
	return failed
}
