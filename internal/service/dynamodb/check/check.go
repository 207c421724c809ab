// Package check proves that a store holds what DynamoDB's tables should: every
// key belongs to a table and can be read, each index has exactly the entries
// that the items call for, and the counters say what is there. On request it
// mends what follows from the items; these are the truth, and never touched
// beyond the size noted in front of them. It does not look at how the engine
// keeps its files, which the engine does by itself. Nothing else may write to
// the store meanwhile. Called by gramme debug check.
//
// The way of a check, all in one snapshot and one pass over the keys:
//
//	catalog.go      descriptors, purges and sequences; keys of no table
//	jobs.go         indexes that are being built or removed
//	journal.go      changes, their shards, and streams
//	table.go        one table, section by section
//	items.go        each item, and a lookup of each entry that it calls for
//	entries.go      each index has as many entries as were found by these lookups
//	expiries.go     the same for the expiry index, and the marks of tables with one
//	collections.go  the same for the sizes of item collections
//	counters.go     the table's counters
//	mend.go         findings on their way out, and what mends them
//
// Memory does not grow with the number of items: where two sides are compared,
// one is gone through and the other looked up. An entry of an item is found by
// one lookup; different items have different entries; so an index with as many
// entries as were found has no others. Only when it has more, each of them is
// taken apart and its item looked up.
package check

import (
	"bytes"
	"context"
	"time"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// Options configures a check.
type Options struct {
	Store    *kv.Store
	Now      func() time.Time // the clock that Progress goes by
	Repair   bool             // mend what can be mended
	Found    func(Finding)    // called for each finding, in order
	Progress func(Progress)   // called every two seconds
}

// Finding is one thing that is not as it should be.
type Finding struct {
	Table  string // account/region/name; empty: it belongs to no table
	What   string // what is wrong, and where
	Remedy string // what mends it; empty: nothing does
	Mended bool   // it was mended
}

// String returns the finding in one line.
func (f Finding) String() string {
	line := f.What
	if f.Table != "" {
		line = f.Table + ": " + line
	}
	if f.Mended {
		line += "; mended: " + f.Remedy
	}
	return line
}

// Progress is how far a check has come.
type Progress struct {
	Table string // under way
	Totals
}

// Totals are what was gone through, and found.
type Totals struct {
	Items    int64
	Entries  int64
	Findings int64
	Mendable int64 // findings that have a remedy
	Mended   int64
}

func (t *Totals) add(o Totals) {
	t.Items += o.Items
	t.Entries += o.Entries
	t.Findings += o.Findings
	t.Mendable += o.Mendable
	t.Mended += o.Mended
}

// Report is the outcome of a check.
type Report struct {
	Tables []TableReport // in the order of account, region and name
	Purges []Purge       // deleted tables whose data goes at the next start
	Rest   Totals        // what belongs to no table
}

// TableReport is the outcome for one table.
type TableReport struct {
	Table string // account/region/name
	Totals
}

// Purge is a deleted table whose data is still there.
type Purge struct {
	ID    uint64
	Table string // account/region/name, while the descriptor is there
}

// Sum returns the totals of everything.
func (r *Report) Sum() Totals {
	sum := r.Rest
	for i := range r.Tables {
		sum.add(r.Tables[i].Totals)
	}
	return sum
}

// Run checks a whole store. An error is one of reading or writing; what is
// wrong with the data is told to Found.
func Run(ctx context.Context, o Options) (Report, error) {
	snap, err := o.Store.Snapshot(ctx)
	if err != nil {
		return Report{}, err
	}
	defer snap.Close()
	c := &checker{ctx: ctx, options: o, snap: snap, looked: o.Now(), passed: map[uint64]bool{}, marked: map[uint64]bool{}, cursors: map[indexRef][]byte{}}
	c.totals = &c.report.Rest
	if err := c.run(); err != nil {
		return Report{}, err
	}
	return c.report, nil
}

// checker is a check under way.
type checker struct {
	ctx     context.Context
	options Options
	snap    *kv.Snapshot

	tables  []*schema.Table     // to be checked, by id
	unclear bool                // a descriptor is damaged: it may be any table's, with any id
	passed  map[uint64]bool     // ids whose data is not looked at
	marked  map[uint64]bool     // ids of tables with time to live that have their mark
	lastID  uint64              // the greatest table id that is taken
	cursors map[indexRef][]byte // of the indexes that are being built or removed: two a table at most

	table   string  // under way; empty: none
	totals  *Totals // where findings count
	report  Report
	pending mending

	keys   int       // since the last look at the clock
	looked time.Time // when progress was reported last
}

func (c *checker) run() error {
	if err := c.readCatalog(); err != nil {
		return err
	}
	from := []byte{kv.EnginePrefix + 1}
	for _, t := range c.tables {
		start, end := tableRange(t)
		if err := c.checkGap(from, start); err != nil {
			return err
		}
		if err := c.checkTable(t); err != nil {
			return err
		}
		from = end
	}
	if err := c.checkGap(from, nil); err != nil {
		return err
	}
	if err := c.checkSequences(); err != nil {
		return err
	}
	c.sortReport()
	return c.flush()
}

// step is called for each key. It ends the check with its context, and reports
// progress now and then.
func (c *checker) step() error {
	if c.keys++; c.keys < keysBetweenLooks {
		return nil
	}
	c.keys = 0
	if now := c.options.Now(); now.Sub(c.looked) >= progressInterval {
		c.looked = now
		p := Progress{c.table, c.report.Sum()}
		if c.totals != &c.report.Rest {
			p.add(*c.totals)
		}
		c.options.Progress(p)
	}
	return c.ctx.Err()
}

// scan calls see for each key in a range. Key and value are see's until it
// returns.
func (c *checker) scan(start, end []byte, see func(key, value []byte) error) error {
	it := c.snap.Scan(start, end, false)
	defer it.Close()
	for it.Next() {
		if err := c.step(); err != nil {
			return err
		}
		if err := see(it.Key(), it.Value()); err != nil {
			return err
		}
	}
	return it.Err()
}

// first returns the first key in a range, nil when it is empty.
func (c *checker) first(start, end []byte) ([]byte, error) {
	it := c.snap.Scan(start, end, false)
	defer it.Close()
	if !it.Next() {
		return nil, it.Err()
	}
	return bytes.Clone(it.Key()), nil
}
