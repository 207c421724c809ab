package journal

import (
	"context"
	"errors"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// Trim removes the records of a shard that are older than a time, in
// microseconds since 1970; of a closed shard that has none left it removes the
// shard. It costs one look where nothing is that old, else a search and one
// range deletion, however many records go. gone says that the shard is gone.
func (j *Journal) Trim(ctx context.Context, shard layout.Shard, before int64) (gone bool, err error) {
	last, more, err := j.trimmable(ctx, shard, before)
	if err != nil {
		return false, err
	}
	if !more && shard.Closed() && shard.ClosedAt*microsPerMilli < before {
		return true, j.remove(ctx, shard, last)
	}
	if last == (Position{}) {
		return false, nil
	}
	key := layout.AppendTrimKey(nil, shard.Table, shard.Number)
	return false, j.store.Update(ctx, [][]byte{key}, func(tx *kv.Tx) error {
		stored, err := tx.Get(key, nil)
		if err != nil && !errors.Is(err, kv.ErrNotFound) {
			return err
		}
		if err == nil {
			if trimmed, err := layout.ParseTrim(stored); err != nil || !trimmed.Before(last) {
				return err // another process was faster
			}
		}
		records := layout.Changes(shard.Table, shard.Number)
		records.End = layout.ChangesBehind(shard.Table, shard.Number, Position{}, last.Stamp).End
		if err := tx.DeleteRange(records.Start, records.End); err != nil {
			return err
		}
		return tx.Set(key, layout.AppendTrim(nil, last))
	})
}

const microsPerMilli = 1000

// remove removes a closed shard with all its records, up to last if any are
// left, and notes how far records are gone with it. Nothing writes to it any
// more.
func (j *Journal) remove(ctx context.Context, shard layout.Shard, last Position) error {
	key, trim := layout.AppendShardKey(nil, shard.Table, shard.Number), layout.AppendTrimKey(nil, shard.Table, shard.Number)
	gone := layout.AppendTrimKey(nil, shard.Table, layout.GoneShards)
	records := layout.Changes(shard.Table, shard.Number)
	err := j.store.Update(ctx, [][]byte{key, trim, gone}, func(tx *kv.Tx) error {
		mark := last
		for _, key := range [][]byte{trim, gone} {
			before, err := parseMark(tx.Get(key, nil))
			if err != nil {
				return err
			}
			if mark.Before(before) {
				mark = before
			}
		}
		if mark != (Position{}) {
			if err := tx.Set(gone, layout.AppendTrim(nil, mark)); err != nil {
				return err
			}
		}
		return errors.Join(tx.DeleteRange(records.Start, records.End), tx.Delete(trim), tx.Delete(key))
	})
	if err == nil {
		j.forgetShard(shard.Table, shard.Number)
	}
	return err
}

// trimmable returns the position of the last record that is older than a time,
// the zero Position when none is; more says that there are younger ones.
func (j *Journal) trimmable(ctx context.Context, shard layout.Shard, before int64) (last Position, more bool, err error) {
	upTo := uint64(j.store.Watermark())
	snap, err := j.store.Snapshot(ctx)
	if err != nil {
		return Position{}, false, err
	}
	defer snap.Close()
	trimmed, err := trimmedIn(snap, shard.Table, shard.Number)
	if err != nil {
		return Position{}, false, err
	}
	stamp, more, err := searchOld(snap, shard, trimmed.Stamp, upTo, before)
	if err != nil || stamp == 0 {
		return Position{}, more, err
	}
	last, err = lastOf(snap, shard, stamp)
	return last, more, err
}

// searchOld returns the greatest stamp of the records behind another that are
// older than a time, 0 when none is; more says that there are younger ones.
// Times rise with the stamps, so a search by halves finds the place with few
// looks.
func searchOld(snap *kv.Snapshot, shard layout.Shard, low, upTo uint64, before int64) (last uint64, more bool, err error) {
	// All records up to low are old, the one behind high is not, if there is one.
	high := max(low, upTo)
	for looks := 0; looks < trimSearchMax && (looks == 0 || low < high); looks++ {
		middle := low + (high-low)/2
		if looks == 0 {
			middle = low // most often nothing is old, or there is nothing
		}
		found, old, err := lookBehind(snap, shard, middle, upTo, before)
		switch {
		case err != nil || found == 0 && looks == 0:
			return 0, false, err
		case old:
			low, last = found, found
		case looks == 0:
			return 0, true, nil
		default:
			high, more = middle, more || found != 0
		}
	}
	return last, more, nil
}

// lastOf returns the position of the last record with a stamp.
func lastOf(snap *kv.Snapshot, shard layout.Shard, stamp uint64) (Position, error) {
	keys := layout.ChangesBehind(shard.Table, shard.Number, behind(stamp-1), stamp)
	it := snap.Scan(keys.Start, keys.End, true)
	defer it.Close()
	if !it.Next() {
		return Position{}, it.Err()
	}
	key, err := layout.ParseChangeKey(it.Key())
	return key.Position, err
}

// lookBehind returns the stamp of the first record behind a stamp, 0 when there
// is none, and whether it is older than a time.
func lookBehind(snap *kv.Snapshot, shard layout.Shard, stamp, upTo uint64, before int64) (found uint64, old bool, err error) {
	keys := layout.ChangesBehind(shard.Table, shard.Number, behind(stamp), upTo)
	if string(keys.Start) >= string(keys.End) {
		return 0, false, nil
	}
	it := snap.Scan(keys.Start, keys.End, false)
	defer it.Close()
	if !it.Next() {
		return 0, false, it.Err()
	}
	key, err := layout.ParseChangeKey(it.Key())
	if err != nil {
		return 0, false, err
	}
	change, err := layout.ParseChange(it.Value())
	return key.Stamp, change.Time < before, err
}

// Older returns the position behind the last record of a shard that is older
// than a time, in microseconds since 1970; the zero Position when all that are
// still there are as old or younger. It costs a search as Trim does.
func (j *Journal) Older(ctx context.Context, shard layout.Shard, than int64) (Position, error) {
	if _, err := j.store.AwaitWatermark(ctx); err != nil {
		return Position{}, err
	}
	last, _, err := j.trimmable(ctx, shard, than)
	return last, err
}
