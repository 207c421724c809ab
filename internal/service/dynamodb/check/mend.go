package check

import (
	"bytes"

	"github.com/gramme-db/gramme/internal/kv"
)

// mending is the findings that wait for the update that mends them. They are
// told when it is done, so that what is said to be mended is.
type mending struct {
	findings []Finding
	remedies []remedy
	bytes    int
}

// remedy is what mends a finding, and how it is said to a person.
type remedy struct {
	done  string
	bytes int // about what it writes
	write func(tx *kv.Tx) error
}

func setKey(done string, key, value []byte) remedy {
	key = bytes.Clone(key)
	return remedy{done, len(key) + len(value), func(tx *kv.Tx) error { return tx.Set(key, value) }}
}

func deleteKey(done string, key []byte) remedy {
	key = bytes.Clone(key)
	return remedy{done, len(key), func(tx *kv.Tx) error { return tx.Delete(key) }}
}

func deleteRange(done string, start, end []byte) remedy {
	return remedy{done, len(start) + len(end), func(tx *kv.Tx) error { return tx.DeleteRange(start, end) }}
}

// setCounters makes slots the counters at key, whatever is there.
func setCounters(done string, key []byte, slots []int64) remedy {
	key = bytes.Clone(key)
	return remedy{done, len(key), func(tx *kv.Tx) error {
		if err := tx.DeleteRange(key, after(key)); err != nil {
			return err
		}
		for slot, n := range slots {
			if n != 0 {
				tx.Add(key, slot, n)
			}
		}
		return nil
	}}
}

// after returns the key that comes next after key.
func after(key []byte) []byte { return append(bytes.Clone(key), 0) }

// found takes a finding that nothing mends.
func (c *checker) found(what string) error {
	return c.take(Finding{Table: c.table, What: what}, remedy{})
}

// foundMendable takes a finding, and mends it in a repair.
func (c *checker) foundMendable(what string, r remedy) error {
	c.totals.Mendable++
	return c.take(Finding{Table: c.table, What: what, Remedy: r.done}, r)
}

func (c *checker) take(f Finding, r remedy) error {
	c.totals.Findings++
	if !c.options.Repair {
		c.options.Found(f)
		return nil
	}
	p := &c.pending
	p.findings = append(p.findings, f)
	if r.write != nil {
		c.totals.Mended++ // an update that fails ends the check
		p.remedies = append(p.remedies, r)
		p.bytes += r.bytes
	}
	if len(p.findings) < mendsMax && p.bytes < mendBytesMax {
		return nil
	}
	return c.flush()
}

// flush mends what waits for it. It owns no key: nothing else writes.
func (c *checker) flush() error {
	p := &c.pending
	if len(p.remedies) > 0 {
		err := c.options.Store.Update(c.ctx, nil, func(tx *kv.Tx) error {
			for _, r := range p.remedies {
				if err := r.write(tx); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, f := range p.findings {
		f.Mended = f.Remedy != ""
		c.options.Found(f)
	}
	*p = mending{}
	return nil
}
