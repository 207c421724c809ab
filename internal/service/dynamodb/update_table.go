package dynamodb

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// UpdateTable changes a table's settings: billing mode, throughput of table and
// global indexes, stream, table class, deletion protection; and makes and
// deletes global indexes, which goes on in the background. The answer shows the
// table as it is while the change is under way.
func (s *Service) UpdateTable(ctx context.Context, in *api.UpdateTableInput) (*api.UpdateTableOutput, error) {
	if err := checkUpdateTable(in); err != nil {
		return nil, err
	}
	ref, err := refOf(ctx, in.TableName.Value)
	if err != nil {
		return nil, err
	}
	now := s.env.Now()
	var before, after *schema.Table
	var queued bool
	err = s.catalog.change(ctx, ref, func(tx *kv.Tx, t *schema.Table) (*schema.Table, error) {
		if t == nil {
			return nil, tableNotFound(ref.name)
		}
		if err := checkUpdatable(t, in, now); err != nil {
			return nil, err
		}
		before = t
		var err error
		if after, err = s.updated(t, in, now); err != nil {
			return nil, err
		}
		if err := s.turnStream(tx, before, after, now); err != nil {
			return nil, err
		}
		queued, err = queueJobs(tx, before, after)
		return s.kept(after), err
	})
	if err != nil {
		return nil, err
	}
	if queued {
		s.indexer.poke()
	}
	v, err := s.look(ctx, before)
	if err != nil {
		return nil, err
	}
	if after.Transition == nil {
		v.capacity = after.Capacity
	} else {
		v.status, v.capacity = schema.Updating, before.Capacity
	}
	return &api.UpdateTableOutput{TableDescription: describe(after, v)}, nil
}

// kept returns the descriptor to be stored. Without a delay a change is over as
// it is made, and no clock that is set back brings it up again.
func (s *Service) kept(t *schema.Table) *schema.Table {
	if s.delay > 0 {
		return t
	}
	after := *t
	after.Transition = nil
	return &after
}

// checkUpdatable refuses an update of a table that is changing already.
func checkUpdatable(t *schema.Table, in *api.UpdateTableInput, now time.Time) error {
	if err := checkAllocating(t, in.GlobalSecondaryIndexUpdates, now); err != nil {
		return err
	}
	return checkIdle(t, now)
}

// checkIdle refuses a change of a table that is changing already.
func checkIdle(t *schema.Table, now time.Time) error {
	var state string
	switch t.StatusAt(now) {
	case schema.Creating:
		state = "created"
	case schema.Updating:
		state = "updated"
	case schema.Deleting:
		state = "deleted"
	default:
		return nil
	}
	return inUse("Table is being " + state + ": " + t.Name)
}

func inUse(what string) error {
	return api.ResourceInUseException("Attempt to change a resource which is still in use: " + what)
}

// checkUpdateTable makes the checks that need no table.
func checkUpdateTable(in *api.UpdateTableInput) error {
	err := unsupported([]parameter{
		{"ReplicaUpdates", in.ReplicaUpdates != nil},
		{"SSESpecification", in.SSESpecification != nil && in.SSESpecification.Enabled.Value},
		{"MultiRegionConsistency", in.MultiRegionConsistency.Set},
		{"GlobalTableWitnessUpdates", in.GlobalTableWitnessUpdates != nil},
		{"GlobalTableSettingsReplicationMode", in.GlobalTableSettingsReplicationMode.Set},
		{"VectorIndexUpdates", in.VectorIndexUpdates != nil},
		{"DisassociationProtectionEnabled", in.DisassociationProtectionEnabled.Set},
	})
	if err != nil {
		return err
	}
	if present(changes(in)) == "" {
		return invalid("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required")
	}
	if in.BillingMode.Value == provisioned && in.ProvisionedThroughput == nil {
		return invalid(wereInvalid + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
	}
	if in.BillingMode.Value == payPerRequest && in.ProvisionedThroughput != nil {
		return invalid(textThroughputOnDemand)
	}
	if err := checkThroughput(in.ProvisionedThroughput); err != nil {
		return err
	}
	return checkIndexUpdates(in.GlobalSecondaryIndexUpdates)
}

// changes lists what UpdateTable can change.
func changes(in *api.UpdateTableInput) []parameter {
	return []parameter{
		{"ProvisionedThroughput", in.ProvisionedThroughput != nil},
		{"BillingMode", in.BillingMode.Set},
		{"StreamSpecification", in.StreamSpecification != nil},
		{"GlobalSecondaryIndexUpdates", len(in.GlobalSecondaryIndexUpdates) > 0},
		{"SSESpecification", in.SSESpecification != nil},
		{"TableClass", in.TableClass.Set},
		{"DeletionProtectionEnabled", in.DeletionProtectionEnabled.Set},
		{"OnDemandThroughput", in.OnDemandThroughput != nil},
		{"WarmThroughput", in.WarmThroughput != nil},
	}
}

// updated returns the descriptor with the changes asked for. Ceilings, warm
// throughput and deletion protection change at once, everything else takes the
// table through UPDATING, as on AWS.
func (s *Service) updated(t *schema.Table, in *api.UpdateTableInput, now time.Time) (*schema.Table, error) {
	after := *t
	after.Transition = nil
	after.Indexes = settled(t, now)
	if err := updateCapacity(&after, in, now); err != nil {
		return nil, err
	}
	if err := updateIndexes(&after, in, now); err != nil {
		return nil, err
	}
	if err := updateStream(&after, in); err != nil {
		return nil, err
	}
	if in.TableClass.Set {
		after.Class = schema.Class{Name: strings.Clone(in.TableClass.Value), ChangedAt: &now}
	}
	after.DeletionProtected = in.DeletionProtectionEnabled.Or(t.DeletionProtected)
	if in.ProvisionedThroughput != nil || in.BillingMode.Set || in.StreamSpecification != nil || in.TableClass.Set || len(in.GlobalSecondaryIndexUpdates) > 0 {
		before := t.Capacity
		after.Transition = &schema.Transition{From: schema.Updating, Until: now.Add(s.delay), Before: &before}
	}
	return &after, nil
}

func updateCapacity(t *schema.Table, in *api.UpdateTableInput, now time.Time) error {
	before := t.Capacity
	c := &t.Capacity
	switch {
	case in.BillingMode.Value == payPerRequest && !before.OnDemandMode:
		c.OnDemandMode, c.OnDemandAt = true, &now
		c.Throughput = schema.Throughput{IncreaseAt: before.Throughput.IncreaseAt, DecreaseAt: before.Throughput.DecreaseAt, Decreases: before.Throughput.Decreases}
	case in.BillingMode.Value == provisioned && before.OnDemandMode:
		c.OnDemandMode = false
		c.OnDemand = schema.OnDemand{}
		c.Throughput = c.Throughput.Change(in.ProvisionedThroughput.ReadCapacityUnits.Value, in.ProvisionedThroughput.WriteCapacityUnits.Value, now)
	case in.ProvisionedThroughput != nil:
		if before.OnDemandMode {
			return invalid(textThroughputOnDemand)
		}
		changed, err := changeThroughput("table", before.Throughput, in.ProvisionedThroughput, now)
		if err != nil {
			return err
		}
		c.Throughput = changed
	}
	var err error
	if c.OnDemand, err = updateOnDemand(c.OnDemand, in.OnDemandThroughput, c.OnDemandMode); err != nil {
		return err
	}
	c.Warm, err = updateWarm(c.Warm, in.WarmThroughput)
	return err
}

// changeThroughput returns the throughput asked for. what names the table or
// index in the refusal of a change that is none.
func changeThroughput(what string, before schema.Throughput, in *api.ProvisionedThroughput, now time.Time) (schema.Throughput, error) {
	read, write := in.ReadCapacityUnits.Value, in.WriteCapacityUnits.Value
	if read == before.Read && write == before.Write {
		return before, invalid(fmt.Sprintf("The provisioned throughput for the %[1]s will not change. The requested value equals the current value. "+
			"Current ReadCapacityUnits provisioned for the %[1]s: %[2]d. Requested ReadCapacityUnits: %[2]d. "+
			"Current WriteCapacityUnits provisioned for the %[1]s: %[3]d. Requested WriteCapacityUnits: %[3]d. "+
			"Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.", what, read, write))
	}
	if (read < before.Read || write < before.Write) && !before.MayDecrease(now) {
		return before, api.LimitExceededException(fmt.Sprintf("Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. "+
			"After the first 4 decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. "+
			"Number of decreases today: %d. Last decrease at %s. Next decrease can be made at %s",
			before.DecreasesOn(now), before.DecreaseAt.UTC().Format(time.RFC1123), before.DecreaseAt.Add(time.Hour).UTC().Format(time.RFC1123)))
	}
	return before.Change(read, write, now), nil
}

// updateOnDemand merges member by member; a member of -1 is taken away.
func updateOnDemand(before schema.OnDemand, in *api.OnDemandThroughput, onDemandMode bool) (schema.OnDemand, error) {
	if in == nil {
		return before, nil
	}
	asked, err := newOnDemand(in, onDemandMode, textOnDemandProvisionedUpdate, noCeiling)
	if err != nil {
		return before, err
	}
	if !in.MaxReadRequestUnits.Set {
		asked.MaxRead = before.MaxRead
	}
	if !in.MaxWriteRequestUnits.Set {
		asked.MaxWrite = before.MaxWrite
	}
	return asked, nil
}

// updateWarm merges member by member; warm throughput can only rise.
func updateWarm(before schema.Warm, in *api.WarmThroughput) (schema.Warm, error) {
	if in == nil {
		return before, nil
	}
	after := schema.Warm{
		Read:  in.ReadUnitsPerSecond.Or(before.Read),
		Write: in.WriteUnitsPerSecond.Or(before.Write),
	}
	if after.Read < before.Read || after.Write < before.Write {
		return before, invalid(wereInvalid + "Requested warm throughput for the table is lower than its current warm throughput")
	}
	return after, nil
}

// updateStream notes in the descriptor whether there is a stream; turnStream
// begins or ends it.
func updateStream(t *schema.Table, update *api.UpdateTableInput) error {
	in := update.StreamSpecification
	switch {
	case in == nil:
	case in.StreamEnabled.Value && !in.StreamViewType.Set:
		return invalid(wereInvalid + "If stream is being enabled then UpdateViewType is required")
	case !in.StreamEnabled.Value && in.StreamViewType.Set:
		return invalid(wereInvalid + "If stream is being disabled, then UpdateViewType must not be specified")
	case update.ProvisionedThroughput != nil:
		return invalid(wereInvalid + "You cannot modify stream status while updating table IOPS")
	case createsOrDeletes(update.GlobalSecondaryIndexUpdates):
		return invalid(wereInvalid + "You cannot create or delete index while changing stream status")
	case in.StreamEnabled.Value && t.Stream.Enabled:
		return invalid("Table already has an enabled stream: TableName: " + t.Name)
	case in.StreamEnabled.Value:
		t.Stream = schema.Stream{Enabled: true, View: strings.Clone(in.StreamViewType.Value)}
	case !t.Stream.Enabled:
		return invalid("Table has no stream to disable: TableName: " + t.Name)
	default:
		t.Stream = schema.Stream{Label: t.Stream.Label}
	}
	return nil
}

func createsOrDeletes(updates []*api.GlobalSecondaryIndexUpdate) bool {
	return slices.ContainsFunc(updates, func(u *api.GlobalSecondaryIndexUpdate) bool { return u.Update == nil })
}

// turnStream begins or ends the stream as the descriptor says. after is the
// caller's.
func (s *Service) turnStream(tx *kv.Tx, before, after *schema.Table, now time.Time) error {
	switch over := now.Add(s.delay); {
	case after.Stream.Enabled && !before.Stream.Enabled:
		return enableStream(tx, after, now, over)
	case before.Stream.Enabled && !after.Stream.Enabled:
		return disableStream(tx, after, now, over)
	}
	return nil
}
