package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// Cursor reads a whole table's journal for one reader, through rotations and
// splits: a shard only after its parent, so that the changes of an item come in
// their order. How far it has come is in the store, under the reader's name,
// once it was saved; a cursor that is opened again goes on there. It is for one
// goroutine, and a name for one cursor at a time.
//
//	c, err := j.Open(ctx, table, "trigger/send-mail", journal.Oldest)
//	for {
//		records, err := c.Next(ctx, 100)
//		... do something with them
//		err = c.Save(ctx)
//	}
//
// A reader that writes to the store itself saves the cursor in its own update,
// with SaveIn: then its effect and the cursor are one.
type Cursor struct {
	journal *Journal
	table   uint64
	key     []byte
	state   layout.Cursor
	turn    int // where among the shards the next look begins: none starves
}

// Start is where a cursor begins that has not been saved yet.
type Start bool

// The starts.
const (
	Oldest Start = false // with the oldest record that is still there
	Newest Start = true  // with what is written from now on
)

// Open returns the cursor of a reader.
func (j *Journal) Open(ctx context.Context, table uint64, reader string, start Start) (*Cursor, error) {
	c := &Cursor{journal: j, table: table, key: layout.AppendCursorKey(nil, table, reader)}
	stored, err := j.store.Get(ctx, c.key, nil)
	switch {
	case errors.Is(err, kv.ErrNotFound):
		err = c.begin(ctx, start)
	case err == nil:
		c.state, err = layout.ParseCursor(stored)
	}
	if err != nil {
		return nil, fmt.Errorf("journal: open the cursor %q of table %d: %w", reader, table, err)
	}
	return c, nil
}

// begin takes up the shards that there are.
func (c *Cursor) begin(ctx context.Context, start Start) error {
	there, err := c.journal.there(ctx, c.table)
	if err != nil {
		return err
	}
	c.state.Looked = there.upTo
	for _, s := range there.shards {
		tip, err := c.journal.Tip(ctx, c.table, s.Number)
		if errors.Is(err, ErrNoShard) {
			continue
		}
		if err != nil {
			return err
		}
		at := layout.CursorShard{Shard: s.Number, After: tip.Latest}
		if start == Oldest {
			at.After = Position{Stamp: s.Start}
			if at.After.Before(tip.Trimmed) {
				at.After = tip.Trimmed
			}
		}
		c.state.Shards = append(c.state.Shards, at)
	}
	return nil
}

// Next returns the next records, all of one shard, and waits until there are
// some. It does not move the saved cursor. ErrTrimmed tells that records went
// by unread; Skip goes on behind them. Who was away until whole shards were
// gone may hear it although it had read all of them.
func (c *Cursor) Next(ctx context.Context, recordsMax int) ([]Record, error) {
	for {
		told, stop := c.journal.Watch(c.table)
		records, err := c.look(ctx, recordsMax)
		if err != nil || len(records) > 0 {
			stop()
			return records, err
		}
		err = await(ctx, told)
		stop()
		if err != nil {
			return nil, err
		}
	}
}

// look returns records of the first shard in turn that has any.
func (c *Cursor) look(ctx context.Context, recordsMax int) ([]Record, error) {
	for {
		shards, err := c.readable(ctx)
		if err != nil {
			return nil, err
		}
		ended := false
		for i := range shards {
			at := (c.turn + i) % len(shards)
			page, err := c.journal.Read(ctx, Query{
				Table: c.table, Shard: shards[at].Shard, After: shards[at].After,
				RecordsMax: recordsMax, BytesMax: pageBytesMax,
			})
			if errors.Is(err, ErrNoShard) { // gone since; the next look tells whether unread
				ended = true
				continue
			}
			if err != nil {
				return nil, err
			}
			shards[at].After, shards[at].Done = page.Next, page.Done
			ended = ended || page.Done
			if len(page.Records) > 0 {
				c.turn = at + 1
				return page.Records, nil
			}
		}
		if !ended { // else children may be readable now
			return nil, nil
		}
	}
}

// readable brings the cursor's list of shards up to what there is, and returns
// those that are to be read: not done, and without a parent that is to be read
// before.
func (c *Cursor) readable(ctx context.Context) ([]*layout.CursorShard, error) {
	there, err := c.journal.there(ctx, c.table)
	if err != nil {
		return nil, err
	}
	if c.missed(&there) {
		return nil, ErrTrimmed
	}
	c.follow(&there)
	pending := make(map[uint32]bool, len(there.shards))
	var ready []*layout.CursorShard
	for i, s := range there.shards {
		state := &c.state.Shards[i]
		pending[s.Number] = !state.Done
		if !state.Done && !pending[s.Parent] {
			ready = append(ready, state)
		}
	}
	return ready, nil
}

// missed reports whether records went by with shards that are gone: with one
// that the cursor was not through with, or with one that it has never seen.
func (c *Cursor) missed(there *there) bool {
	if there.gone.Stamp > c.state.Looked {
		return true
	}
	exists := make(map[uint32]bool, len(there.shards))
	for _, s := range there.shards {
		exists[s.Number] = true
	}
	for _, s := range c.state.Shards {
		if !exists[s.Shard] && !s.Done && s.After.Before(there.gone) {
			return true
		}
	}
	return false
}

// follow makes the cursor's list of shards that of those which there are.
func (c *Cursor) follow(there *there) {
	known := make(map[uint32]layout.CursorShard, len(c.state.Shards))
	for _, s := range c.state.Shards {
		known[s.Shard] = s
	}
	c.state.Looked = there.upTo
	c.state.Shards = c.state.Shards[:0]
	for _, s := range there.shards {
		state, ok := known[s.Number]
		if !ok {
			state = layout.CursorShard{Shard: s.Number, After: Position{Stamp: s.Start}}
		}
		c.state.Shards = append(c.state.Shards, state)
	}
}

// Skip goes on behind what was trimmed unread.
func (c *Cursor) Skip(ctx context.Context) error {
	there, err := c.journal.there(ctx, c.table)
	if err != nil {
		return err
	}
	c.follow(&there)
	for i := range c.state.Shards {
		at := &c.state.Shards[i]
		tip, err := c.journal.Tip(ctx, c.table, at.Shard)
		switch {
		case errors.Is(err, ErrNoShard): // the next look tells of it
		case err != nil:
			return err
		case at.After.Before(tip.Trimmed):
			at.After = tip.Trimmed
		}
	}
	return nil
}

// Save makes durable how far the cursor has come.
func (c *Cursor) Save(ctx context.Context) error {
	return c.journal.store.Update(ctx, [][]byte{c.key}, c.SaveIn)
}

// SaveIn is Save as a part of an update.
func (c *Cursor) SaveIn(tx *kv.Tx) error {
	return tx.Set(c.key, layout.AppendCursor(nil, c.state))
}

// Key is the key that an update with SaveIn owns.
func (c *Cursor) Key() []byte { return bytes.Clone(c.key) }
