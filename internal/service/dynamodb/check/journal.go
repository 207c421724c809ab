package check

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// shardRef names a shard of a journal.
type shardRef struct {
	table  uint64
	number uint32
}

// checkJournal checks the journals of all tables: that writes go to shards that
// are open, that each record can be read, lies in a shard that it belongs to and
// is not one that was trimmed, and that streams have their tables. Nothing of it follows from the items, so
// nothing is mended.
func (c *checker) checkJournal() error {
	shards := map[shardRef]layout.Shard{} // a few hundred for a busy table
	all := layout.AllShards()
	err := c.scan(all.Start, all.End, func(key, value []byte) error {
		s, err := layout.ParseShard(key, value)
		if err != nil {
			return c.found(fmt.Sprintf("a shard cannot be read: %x: %v", key, err))
		}
		shards[shardRef{s.Table, s.Number}] = s
		c.lastID = max(c.lastID, s.Table)
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range c.tables {
		if err := c.checkOpenShards(t, shards); err != nil {
			return err
		}
	}
	if err := c.checkStreams(); err != nil {
		return err
	}
	trims, err := c.checkTrims(shards)
	if err != nil {
		return err
	}
	return c.checkChanges(shards, trims)
}

// checkTrims checks that each trim mark is of a shard, or of all that are gone,
// and returns the marks.
func (c *checker) checkTrims(shards map[shardRef]layout.Shard) (map[shardRef]layout.Position, error) {
	trims := map[shardRef]layout.Position{}
	all := layout.AllTrims()
	err := c.scan(all.Start, all.End, func(key, value []byte) error {
		table, number, err := layout.ParseTrimKey(key)
		mark, valueErr := layout.ParseTrim(value)
		if err := errors.Join(err, valueErr); err != nil {
			return c.found(fmt.Sprintf("a trim mark cannot be read: %x: %v", key, err))
		}
		ref := shardRef{table, number}
		if _, known := shards[ref]; !known && number != layout.GoneShards {
			return c.found(fmt.Sprintf("shard %d of table id %d has a trim mark, and is not there", number, table))
		}
		trims[ref] = mark
		return nil
	})
	return trims, err
}

// checkOpenShards holds a table's list of open shards against the shards.
func (c *checker) checkOpenShards(t *schema.Table, shards map[shardRef]layout.Shard) error {
	for at, open := range t.Journal.Shards {
		s, ok := shards[shardRef{t.ID, open.Number}]
		if !ok || s.Closed() || s.FirstHash != open.FirstHash || s.LastHash != t.Journal.LastHash(at) {
			err := c.found(fmt.Sprintf("changes of table %s go to shard %d, which is not open for them; disable its stream and enable it again", tableName(t), open.Number))
			if err != nil {
				return err
			}
		}
	}
	if t.Stream.Enabled != (len(t.Journal.Shards) > 0) && !isDeleted(t) {
		return c.found(fmt.Sprintf("table %s has a stream: %t, and open shards: %d", tableName(t), t.Stream.Enabled, len(t.Journal.Shards)))
	}
	return nil
}

// checkStreams checks the streams, and that those that are enabled are their
// tables' latest.
func (c *checker) checkStreams() error {
	enabled := map[string]bool{} // by table name and label
	all := layout.AllStreams()
	err := c.scan(all.Start, all.End, func(key, value []byte) error {
		s, err := layout.ParseStream(key, value)
		if err != nil {
			return c.found(fmt.Sprintf("a stream cannot be read: %x: %v", key, err))
		}
		name := nameOf(s.Account, s.Region, s.Table)
		t := c.tableOf(s.TableID)
		if s.Disabled == 0 && (t == nil || tableName(t) != name || t.Stream.Label != s.Label) && !c.unclear && !c.passed[s.TableID] {
			return c.found(fmt.Sprintf("stream %s of table %s is enabled, and no table has it", s.Label, name))
		}
		if s.Disabled == 0 {
			enabled[name+" "+s.Label] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range c.tables {
		if t.Stream.Enabled && !isDeleted(t) && !enabled[tableName(t)+" "+t.Stream.Label] {
			if err := c.found(fmt.Sprintf("table %s has the stream %s, and there is none", tableName(t), t.Stream.Label)); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkChanges checks each change record.
func (c *checker) checkChanges(shards map[shardRef]layout.Shard, trims map[shardRef]layout.Position) error {
	all := layout.AllChanges()
	return c.scan(all.Start, all.End, func(key, value []byte) error {
		k, err := layout.ParseChangeKey(key)
		if err != nil {
			return c.found(fmt.Sprintf("the key of a change cannot be read: %x", key))
		}
		s, known := shards[shardRef{k.Table, k.Shard}]
		if !known || k.Stamp <= s.Start || s.Closed() && k.Stamp >= s.End {
			return c.found(fmt.Sprintf("a change with the stamp %d of table id %d lies in shard %d, which has no place for it", k.Stamp, k.Table, k.Shard))
		}
		if mark := trims[shardRef{k.Table, k.Shard}]; !mark.Before(k.Position) {
			return c.found(fmt.Sprintf("the change with the stamp %d in shard %d of table id %d is there, and its shard is trimmed up to %d", k.Stamp, k.Shard, k.Table, mark.Stamp))
		}
		change, err := layout.ParseChange(value)
		if err != nil {
			return c.found(fmt.Sprintf("the change with the stamp %d in shard %d of table id %d cannot be read: %v", k.Stamp, k.Shard, k.Table, err))
		}
		for _, image := range []item.Item{change.Old, change.New} {
			if what := c.wrongImage(s, image); what != "" {
				return c.found(fmt.Sprintf("the change with the stamp %d in shard %d of table id %d has an image that %s", k.Stamp, k.Shard, k.Table, what))
			}
		}
		if change.Old != nil && change.New != nil && !bytes.Equal(c.changedKey(k.Table, change.Old), c.changedKey(k.Table, change.New)) {
			return c.found(fmt.Sprintf("the change with the stamp %d in shard %d of table id %d has images of two items", k.Stamp, k.Shard, k.Table))
		}
		return nil
	})
}

// wrongImage tells what is wrong with an image in a shard; empty: nothing.
func (c *checker) wrongImage(s layout.Shard, image item.Item) string {
	if image == nil {
		return ""
	}
	if err := image.Check(); err != nil {
		return fmt.Sprintf("cannot be read: %v", err)
	}
	if c.tableOf(s.Table) == nil { // deleted since
		return ""
	}
	key := c.changedKey(s.Table, image)
	if key == nil {
		return "has not the key of the table's items"
	}
	if hash := layout.ItemHash(key); hash < s.FirstHash || hash > s.LastHash {
		return "belongs to another shard"
	}
	return ""
}

// changedKey returns the key of the item that an image is of, nil when it has
// none or the table is gone.
func (c *checker) changedKey(table uint64, image item.Item) []byte {
	t := c.tableOf(table)
	if t == nil {
		return nil
	}
	k, refusal := t.KeyIn(image)
	if refusal != nil {
		return nil
	}
	return layout.AppendItemKey(nil, t.ID, k.Partition, k.Sort)
}
