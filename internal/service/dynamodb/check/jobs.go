package check

import (
	"fmt"

	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// indexRef names an index.
type indexRef struct {
	table  uint64
	number uint16
}

// job takes the job of an index that is being built or removed. Its cursor says
// which entries have to be there already. A job that has nothing to do, as that
// of a deleted table, goes at the next start.
func (c *checker) job(key, value []byte) error {
	j, err := layout.ParseJob(key, value)
	if err != nil {
		return c.foundMendable(fmt.Sprintf("the job of an index cannot be read, which holds up all others: %x: %v", key, err), deleteKey("removed", key))
	}
	d := j.Descriptor
	t := c.tableOf(j.Table)
	if t == nil || tableName(t) != nameOf(d.Account, d.Region, d.Name) {
		return nil
	}
	c.cursors[indexRef{j.Table, j.Index}] = j.Cursor
	return nil
}

// checkJobs reports the indexes that nobody goes on to build or to remove.
func (c *checker) checkJobs() error {
	for _, t := range c.tables {
		if isDeleted(t) {
			continue
		}
		if x := t.Unsettled(); x != nil {
			if err := c.checkJob(t, x.Number, fmt.Sprintf("index %s of table %s is %s", x.Name, tableName(t), x.State)); err != nil {
				return err
			}
		}
		if t.BuildsExpiries() {
			if err := c.checkJob(t, layout.ExpiryIndex, fmt.Sprintf("the expiry index of table %s is being built", tableName(t))); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkJob reports that an index has no job. what says why it should have one.
func (c *checker) checkJob(t *schema.Table, index uint16, what string) error {
	if _, found := c.cursors[indexRef{t.ID, index}]; found {
		return nil
	}
	j := layout.Job{
		Table: t.ID, Index: index,
		Descriptor: layout.DescriptorKey{Account: t.Account, Region: t.Region, Name: t.Name},
	}
	return c.foundMendable(what+", and there is no job to go on with it",
		setKey("job written", layout.AppendJobKey(nil, t.ID, index), layout.AppendJob(nil, j)))
}
