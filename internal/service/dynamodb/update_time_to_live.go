package dynamodb

import (
	"context"
	"strings"
	"time"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// UpdateTimeToLive enables or disables time to live. From here on writes keep
// the expiry index, or do so no longer; items that are older than it are put
// into it in the background. What else a table is going through is no obstacle,
// as on AWS.
func (s *Service) UpdateTimeToLive(ctx context.Context, in *api.UpdateTimeToLiveInput) (*api.UpdateTimeToLiveOutput, error) {
	ref, err := refOf(ctx, in.TableName.Value)
	if err != nil {
		return nil, err
	}
	now := s.env.Now()
	asked := in.TimeToLiveSpecification
	err = s.catalog.change(ctx, ref, func(tx *kv.Tx, t *schema.Table) (*schema.Table, error) {
		if t == nil {
			return nil, tableNotFound(ref.name)
		}
		if err := checkTTLChangeable(t, now); err != nil {
			return nil, err
		}
		if err := checkTTLChange(t.TTL, asked); err != nil {
			return nil, err
		}
		if t.TTL != nil && now.Before(t.TTL.ChangedAt.Add(s.ttlCooldown)) {
			return nil, invalid("Time to live has been modified multiple times within a fixed interval")
		}
		after := *t
		after.TTL = s.changedTTL(t.TTL, asked, now)
		if asked.Enabled.Value {
			return &after, enableTTL(tx, &after)
		}
		return &after, disableTTL(tx, &after)
	})
	if err != nil {
		return nil, err
	}
	if asked.Enabled.Value {
		s.indexer.poke()
		s.expirer.poke()
	}
	return &api.UpdateTimeToLiveOutput{TimeToLiveSpecification: asked}, nil
}

// checkTTLChangeable refuses a table that is not there yet or no longer. AWS's
// wording for the latter is not known.
func checkTTLChangeable(t *schema.Table, now time.Time) error {
	switch t.StatusAt(now) {
	case schema.Creating:
		return inUse("Table " + t.Name + " is being created")
	case schema.Deleting:
		return inUse("Table " + t.Name + " is being deleted")
	}
	return nil
}

// checkTTLChange refuses a change that is none, and one that takes the attribute
// for another.
func checkTTLChange(l *schema.TimeToLive, asked *api.TimeToLiveSpecification) error {
	on := l != nil && l.Enabled
	switch {
	case on && l.Attribute != asked.AttributeName.Value:
		return invalid("TimeToLive is active on a different AttributeName: current AttributeName is " + l.Attribute)
	case on && asked.Enabled.Value:
		return invalid("TimeToLive is already enabled")
	case !on && !asked.Enabled.Value:
		return invalid("TimeToLive is already disabled")
	}
	return nil
}

// changedTTL returns what is asked for, as it follows what was before.
func (s *Service) changedTTL(before *schema.TimeToLive, asked *api.TimeToLiveSpecification, now time.Time) *schema.TimeToLive {
	l := &schema.TimeToLive{
		Attribute: strings.Clone(asked.AttributeName.Value), // it is a part of the request
		Enabled:   asked.Enabled.Value,
		Building:  asked.Enabled.Value,
		ChangedAt: now,
	}
	if s.delay > 0 {
		until := now.Add(s.delay)
		l.Until = &until
	}
	if before != nil {
		l.Enablings = before.Enablings
	}
	if l.Enabled {
		l.Enablings++
	}
	return l
}

// enableTTL marks the table, and begins to build its expiry index.
func enableTTL(tx *kv.Tx, t *schema.Table) error {
	if err := tx.Set(layout.AppendExpiringKey(nil, t.ID), layout.AppendExpiring(nil, descriptorKey(t))); err != nil {
		return err
	}
	return queueJob(tx, t, layout.ExpiryIndex)
}

// disableTTL takes the mark, the job and the expiry index away, all in this one
// update: no write to the table is under way, and what comes later knows of it.
// So there is nothing left that an enabling right after it could meet.
func disableTTL(tx *kv.Tx, t *schema.Table) error {
	expiries := layout.AllExpiries(t.ID)
	if err := tx.DeleteRange(expiries.Start, expiries.End); err != nil {
		return err
	}
	if err := tx.Delete(layout.AppendJobKey(nil, t.ID, layout.ExpiryIndex)); err != nil {
		return err
	}
	return tx.Delete(layout.AppendExpiringKey(nil, t.ID))
}
