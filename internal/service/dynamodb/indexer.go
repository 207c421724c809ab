package dynamodb

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// indexer builds and removes indexes of live tables in the background: a
// bounded step of each job in turn. A job stands in the store from the update
// that makes or deletes the index on, with how far it has come, so that a stop
// loses nothing and nothing of it is in memory alone.
//
//	CREATING       the table is UPDATING; writes keep the index already
//	BACKFILLING    backfill.go puts the entries of older items into it
//	(active)       complete; the job is gone
//	DELETING       writes keep it no longer; its entries go, then the index
//
// The expiry index of a table is built likewise, whatever else the table is
// going through. It is not removed here: what disables time to live does that.
//
// What changes a job owns the table's descriptor key, and so does what changes
// the table: a step that has found its index as it needs it keeps it so.
type indexer struct {
	catalog *catalog
	logger  *slog.Logger
	background

	itemsMax int                  // backfillItemsMax; tests take less
	resting  map[string]time.Time // until when jobs that have failed rest, by key; the worker's
}

// job is a job as it was read.
type job struct {
	layout.Job
	key, stored []byte
}

// errJobMoved reports that the store is no longer as a step has found it: the
// index was deleted, or another process was faster.
var errJobMoved = errors.New("dynamodb: the job of an index has changed meanwhile")

func newIndexer(c *catalog, logger *slog.Logger) *indexer {
	return &indexer{
		catalog: c, logger: logger, background: newBackground(), itemsMax: backfillItemsMax,
		resting: map[string]time.Time{},
	}
}

// queueJobs writes the jobs of the indexes that are new in a table or that are
// to go, and reports whether there are any.
func queueJobs(tx *kv.Tx, before, after *schema.Table) (queued bool, err error) {
	for i := range after.Indexes {
		x := &after.Indexes[i]
		old := before.IndexNumbered(x.Number)
		created, deleted := old == nil, old != nil && old.Maintained() && !x.Maintained()
		if !created && !deleted {
			continue
		}
		if err := queueJob(tx, after, x.Number); err != nil {
			return false, err
		}
		queued = true
	}
	return queued, nil
}

// queueJob writes the job of an index, which begins at the beginning.
func queueJob(tx *kv.Tx, t *schema.Table, index uint16) error {
	j := layout.Job{Table: t.ID, Index: index, Descriptor: descriptorKey(t)}
	return tx.Set(layout.AppendJobKey(nil, j.Table, j.Index), layout.AppendJob(nil, j))
}

func descriptorKey(t *schema.Table) layout.DescriptorKey {
	return layout.DescriptorKey{Account: t.Account, Region: t.Region, Name: t.Name}
}

func (x *indexer) work(ctx context.Context) (again time.Duration) {
	again, err := x.round(ctx)
	if err != nil && ctx.Err() == nil {
		x.logger.Error("building or removing an index failed; it is tried again", "in", indexerRetryPause, "error", err)
	}
	return again
}

// round does a step of each job. It returns after how long there may be more to
// do: 0 while a job goes on.
func (x *indexer) round(ctx context.Context) (again time.Duration, err error) {
	jobs, err := x.pending(ctx)
	if err != nil {
		return indexerRetryPause, err
	}
	again = untilPoked
	var errs []error
	for _, j := range jobs {
		wait := x.rest(j)
		if wait == 0 {
			if wait, err = x.step(ctx, j); err != nil {
				errs = append(errs, err)
				wait = indexerRetryPause
				x.resting[string(j.key)] = x.catalog.env.Now().Add(wait)
			}
		}
		if again == untilPoked || wait < again {
			again = wait
		}
	}
	return again, errors.Join(errs...)
}

// rest returns how long a job that has failed still rests; the others go on.
func (x *indexer) rest(j job) time.Duration {
	until, failed := x.resting[string(j.key)]
	if !failed {
		return 0
	}
	if wait := until.Sub(x.catalog.env.Now()); wait > 0 {
		return wait
	}
	delete(x.resting, string(j.key))
	return 0
}

// pending returns all jobs. There are as many as indexes being built or
// removed: two a table at most, one of them that of the expiry index.
func (x *indexer) pending(ctx context.Context) ([]job, error) {
	snap, err := x.catalog.store.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	start, end := layout.JobRange()
	it := snap.Scan(start, end, false)
	defer it.Close()
	var jobs []job
	for it.Next() {
		parsed, err := layout.ParseJob(it.Key(), it.Value())
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, job{
			Job:    parsed,
			key:    append([]byte(nil), it.Key()...),
			stored: append([]byte(nil), it.Value()...),
		})
	}
	return jobs, it.Err()
}

// step does a step of a job, or returns how long it has to wait.
func (x *indexer) step(ctx context.Context, j job) (wait time.Duration, err error) {
	s, err := x.subject(ctx, j)
	if err != nil {
		return 0, err
	}
	if wait := x.untilDue(s); wait > 0 {
		return wait, nil
	}
	switch {
	case s.moot():
		err = x.drop(ctx, j)
	case s.index != nil && s.index.State == schema.IndexDeleting:
		err = x.remove(ctx, j, s)
	default:
		err = x.backfill(ctx, j, s)
	}
	if errors.Is(err, errJobMoved) {
		return 0, nil // the next round looks again
	}
	return 0, err
}

// drop removes a job whose index is gone, with its table or alone.
func (x *indexer) drop(ctx context.Context, j job) error {
	return x.update(ctx, j, nil, func(tx *kv.Tx, s subject) error {
		if !s.moot() {
			return errJobMoved
		}
		return tx.Delete(j.key)
	})
}

// update runs an update that owns a job and the given keys, on the subject as
// the store has it, if the job is as it was read.
func (x *indexer) update(ctx context.Context, j job, own [][]byte, fn func(tx *kv.Tx, s subject) error) error {
	d := j.Descriptor
	descriptor := layout.AppendDescriptorKey(nil, d.Account, d.Region, d.Name)
	return x.catalog.store.Update(ctx, append([][]byte{descriptor}, own...), func(tx *kv.Tx) error {
		t, err := x.catalog.stored(tx, descriptor)
		if err != nil {
			return err
		}
		if err := j.unmoved(tx); err != nil {
			return err
		}
		return fn(tx, x.subjectIn(tableRef{d.Account, d.Region, d.Name}, t, j))
	})
}

// unmoved returns errJobMoved unless the job stands as it was read.
func (j job) unmoved(tx *kv.Tx) error {
	stored, err := tx.Get(j.key, nil)
	if errors.Is(err, kv.ErrNotFound) || err == nil && string(stored) != string(j.stored) {
		return errJobMoved
	}
	return err
}

// settle ends a job: edit makes of the subject, whose table is its own, what it
// is to be without the job.
func (x *indexer) settle(ctx context.Context, j job, ref tableRef, edit func(tx *kv.Tx, s subject) error) error {
	return x.catalog.change(ctx, ref, func(tx *kv.Tx, t *schema.Table) (*schema.Table, error) {
		if err := j.unmoved(tx); err != nil {
			return nil, err
		}
		if t == nil {
			return nil, errJobMoved
		}
		after := *t
		after.Indexes = append([]schema.Index(nil), t.Indexes...)
		s := x.subjectIn(ref, &after, j)
		if s.moot() {
			return nil, errJobMoved
		}
		if err := edit(tx, s); err != nil {
			return nil, err
		}
		return &after, tx.Delete(j.key)
	})
}

// remove removes the entries of a deleted index, which no write touches any
// more, and then the index.
func (x *indexer) remove(ctx context.Context, j job, s subject) error {
	prefix := layout.AppendIndexPrefix(nil, j.Table, j.Index)
	if err := x.catalog.store.DeleteRange(ctx, prefix, layout.PrefixEnd(prefix)); err != nil {
		return err
	}
	err := x.settle(ctx, j, s.ref, func(tx *kv.Tx, s subject) error {
		if s.index.State != schema.IndexDeleting {
			return errJobMoved
		}
		kept := s.table.Indexes[:0]
		for _, other := range s.table.Indexes {
			if other.Number != j.Index {
				kept = append(kept, other)
			}
		}
		s.table.Indexes = kept
		return x.uncount(ctx, tx, j)
	})
	if err == nil {
		x.logger.Info("index removed", "table", s.table.Name, "index", s.index.Name)
	}
	return err
}

// uncount sets the counters of an index to 0. Nobody else adds to them now.
func (x *indexer) uncount(ctx context.Context, tx *kv.Tx, j job) error {
	key := layout.AppendCountersKey(nil, j.Table)
	counters, err := x.catalog.store.Counters(ctx, key)
	if err != nil && !errors.Is(err, kv.ErrNotFound) {
		return err
	}
	for slot := 2 * int(j.Index); slot <= 2*int(j.Index)+1; slot++ {
		if n := counterAt(counters, slot); n != 0 {
			tx.Add(key, slot, -n)
		}
	}
	return nil
}
