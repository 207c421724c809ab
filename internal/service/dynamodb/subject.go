package dynamodb

import (
	"context"
	"time"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// subject is what a job is about: an index, or the expiry index of a table.
type subject struct {
	ref    tableRef
	table  *schema.Table
	index  *schema.Index
	expiry *schema.TimeToLive
	status schema.Status // of the table
}

// subject looks up what a job is about.
func (x *indexer) subject(ctx context.Context, j job) (subject, error) {
	ref := tableRef{j.Descriptor.Account, j.Descriptor.Region, j.Descriptor.Name}
	t, err := x.catalog.find(ctx, ref)
	return x.subjectIn(ref, t, j), err
}

func (x *indexer) subjectIn(ref tableRef, t *schema.Table, j job) subject {
	s := subject{ref: ref}
	if t == nil || t.ID != j.Table {
		return s
	}
	s.table, s.status = t, t.StatusAt(x.catalog.env.Now())
	if s.status == schema.Deleting {
		return s
	}
	if j.Index == layout.ExpiryIndex {
		if t.BuildsExpiries() {
			s.expiry = t.TTL
		}
		return s
	}
	if index := t.IndexNumbered(j.Index); index != nil && index.State != schema.IndexActive {
		s.index = index
	}
	return s
}

// untilDue returns how long the index stays in the phase that it is in: the
// table is UPDATING for as long. Time to live does not wait for that.
func (x *indexer) untilDue(s subject) time.Duration {
	if s.index == nil || s.status != schema.Updating || s.index.StateIn(s.status) == schema.IndexBackfilling {
		return 0
	}
	return min(max(s.table.Transition.Until.Sub(x.catalog.env.Now()), 1), indexerLookPause)
}

// moot reports whether there is nothing left to do.
func (s subject) moot() bool { return s.index == nil && s.expiry == nil }

// building reports whether the subject is being built.
func (s subject) building() bool {
	return s.expiry != nil || s.index != nil && s.index.Building()
}

// same reports whether both are being built in the same run: a batch that was
// read for one is good for the other. An index has a number of its own, but an
// expiry index may have gone and come back.
func (s subject) same(other subject) bool {
	if s.expiry == nil || other.expiry == nil {
		return s.expiry == other.expiry
	}
	return s.expiry.Enablings == other.expiry.Enablings
}

// name is how the log calls it.
func (s subject) name() string {
	if s.expiry != nil {
		return "time to live"
	}
	return s.index.Name
}

// holds reports whether it has an entry of the item.
func (s subject) holds(it item.Item) bool {
	if s.expiry != nil {
		_, ok := s.table.ExpiryOf(it)
		return ok
	}
	return s.index.Holds(it)
}

// built makes it complete. The table is the subject's own.
func (s subject) built() {
	if s.expiry != nil {
		after := *s.expiry
		after.Building = false
		s.table.TTL = &after
		return
	}
	s.index.State = schema.IndexActive
}
