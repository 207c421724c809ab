package check

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// nameOf returns how a table is called to people: account/region/name.
func nameOf(account, region, name string) string {
	return account + "/" + region + "/" + name
}

func tableName(t *schema.Table) string { return nameOf(t.Account, t.Region, t.Name) }

func tableRange(t *schema.Table) (start, end []byte) { return layout.TableRange(t.ID) }

// readCatalog reads which tables there are, and what is to be done about them.
func (c *checker) readCatalog() error {
	start, end := layout.DescriptorRange()
	if err := c.scan(start, end, c.descriptor); err != nil {
		return err
	}
	if err := c.settleIDs(); err != nil {
		return err
	}
	start, end = layout.PurgeRange()
	if err := c.scan(start, end, c.purge); err != nil {
		return err
	}
	start, end = layout.JobRange()
	if err := c.scan(start, end, c.job); err != nil {
		return err
	}
	if err := c.checkJobs(); err != nil {
		return err
	}
	start, end = layout.ExpiringRange()
	if err := c.scan(start, end, c.mark); err != nil {
		return err
	}
	if err := c.checkMarks(); err != nil {
		return err
	}
	return c.checkJournal()
}

// tableOf returns the table of an id, nil when none is known.
func (c *checker) tableOf(id uint64) *schema.Table {
	at, found := slices.BinarySearchFunc(c.tables, id, func(t *schema.Table, id uint64) int { return cmp.Compare(t.ID, id) })
	if !found {
		return nil
	}
	return c.tables[at]
}

func (c *checker) descriptor(key, value []byte) error {
	k, err := layout.ParseDescriptorKey(key)
	if err != nil {
		c.unclear = true
		return c.found(fmt.Sprintf("the key of a table descriptor cannot be read: %x", key))
	}
	name := nameOf(k.Account, k.Region, k.Name)
	t, err := schema.ParseTable(value)
	if err != nil {
		c.unclear = true
		return c.found(fmt.Sprintf("the descriptor of table %s cannot be read, hence the table was not checked: %v", name, err))
	}
	c.lastID = max(c.lastID, t.ID)
	if tableName(t) != name {
		c.passed[t.ID], c.unclear = true, true
		return c.found(fmt.Sprintf("the descriptor of table %s says that it is that of %s, hence neither was checked", name, tableName(t)))
	}
	c.tables = append(c.tables, t)
	return nil
}

// settleIDs brings the tables into the order of their data, and takes out those
// that have an id in common: what lies under it would be mended by the one's
// rules to the other's harm.
func (c *checker) settleIDs() error {
	slices.SortStableFunc(c.tables, func(a, b *schema.Table) int { return cmp.Compare(a.ID, b.ID) })
	for i := 1; i < len(c.tables); i++ {
		a, b := c.tables[i-1], c.tables[i]
		if a.ID != b.ID {
			continue
		}
		c.passed[a.ID], c.unclear = true, true
		if err := c.found(fmt.Sprintf("the tables %s and %s have the same id %d, hence neither was checked", tableName(a), tableName(b), a.ID)); err != nil {
			return err
		}
	}
	c.tables = slices.DeleteFunc(c.tables, func(t *schema.Table) bool { return c.passed[t.ID] })
	return nil
}

// purge lists a purge. One of a table that was not deleted would empty it at
// the next start.
func (c *checker) purge(key, _ []byte) error {
	id, err := layout.ParsePurgeKey(key)
	if err != nil {
		return c.found(fmt.Sprintf("the key of a purge cannot be read: %x", key))
	}
	c.lastID = max(c.lastID, id)
	p := Purge{ID: id}
	if t := c.tableOf(id); t != nil {
		if !isDeleted(t) {
			return c.foundMendable(fmt.Sprintf("table %s was not deleted, and a purge would empty it at the next start", tableName(t)),
				deleteKey("purge taken away", key))
		}
		p.Table = tableName(t)
	}
	c.passed[id] = true
	c.report.Purges = append(c.report.Purges, p)
	return nil
}

// isDeleted reports whether the table was deleted; its descriptor stays for a
// while.
func isDeleted(t *schema.Table) bool {
	return t.Transition != nil && t.Transition.From == schema.Deleting
}

// checkGap reports the keys in a range that holds no table.
func (c *checker) checkGap(from, end []byte) error {
	for {
		key, err := c.first(from, end)
		if err != nil || key == nil {
			return err
		}
		if err := c.step(); err != nil {
			return err
		}
		place := layout.PlaceOf(key)
		switch place.Part {
		case layout.PartJournal, layout.PartDescriptor, layout.PartStream, layout.PartToken, layout.PartJob, layout.PartExpiring,
			layout.PartPurge, layout.PartSequence:
			from = layout.FamilyEnd(key) // looked at elsewhere, or nothing depends on them
		case layout.PartUnknown:
			from = after(key)
			err = c.found(fmt.Sprintf("a key belongs to nothing that this version of gramme knows: %x", key))
		default:
			_, from = layout.TableRange(place.Table)
			err = c.orphan(place.Table)
		}
		if err != nil || from == nil {
			return err
		}
	}
}

// orphan reports what lies under an id that no table has. While there are
// damaged descriptors it may be theirs, and is not removed.
func (c *checker) orphan(id uint64) error {
	if c.passed[id] {
		return nil
	}
	start, end := layout.TableRange(id)
	var keys, items int64
	err := c.scan(start, end, func(key, _ []byte) error {
		keys++
		if layout.PlaceOf(key).Part == layout.PartItem {
			items++
		}
		return nil
	})
	if err != nil {
		return err
	}
	what := fmt.Sprintf("there is no table with the id %d, and %s under it, among them %s", id, count(keys, "key", "keys"), count(items, "item", "items"))
	if c.unclear {
		c.lastID = max(c.lastID, id)
		return c.found(what + "; they may belong to a table whose descriptor is damaged")
	}
	return c.foundMendable(what, deleteRange("removed", start, end))
}

// checkSequences checks that the next table gets an id that no table has had.
func (c *checker) checkSequences() error {
	key := layout.AppendSequenceKey(nil, layout.TableIDSequence)
	value, err := c.snap.Get(key, nil)
	if err != nil && !errors.Is(err, kv.ErrNotFound) {
		return err
	}
	if c.lastID == math.MaxUint64 {
		return c.found("the last table id is taken: no table can be created")
	}
	remedy := setKey("sequence set", key, layout.AppendSequence(nil, c.lastID+1))
	if errors.Is(err, kv.ErrNotFound) {
		if c.lastID == 0 {
			return nil // there has never been a table
		}
		return c.foundMendable(fmt.Sprintf("the sequence of table ids is missing, and the id %d is taken", c.lastID), remedy)
	}
	next, err := layout.ParseSequence(value)
	switch {
	case err != nil:
		return c.foundMendable(fmt.Sprintf("the sequence of table ids cannot be read: %x", value), remedy)
	case next <= c.lastID:
		return c.foundMendable(fmt.Sprintf("the sequence of table ids goes on with %d, and the id %d is taken", next, c.lastID), remedy)
	}
	return nil
}

func (c *checker) sortReport() {
	slices.SortFunc(c.report.Tables, func(a, b TableReport) int { return strings.Compare(a.Table, b.Table) })
}

// count returns a number of things: "1 entry", "2 entries".
func count(n int64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
