package dynamodb

import (
	"fmt"
	"strings"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// newTable checks what CreateTable asks for, in AWS's order, and returns the
// table's descriptor as far as the request determines it.
func newTable(in *api.CreateTableInput) (*schema.Table, error) {
	if err := checkSupported(in); err != nil {
		return nil, err
	}
	t := &schema.Table{Name: strings.Clone(in.TableName.Value), NextIndex: 1}
	capacity, err := newCapacity(in)
	if err != nil {
		return nil, err
	}
	t.Capacity = capacity
	defs, err := newDefinitions(in)
	if err != nil {
		return nil, err
	}
	if err := setTableKey(t, in, defs); err != nil {
		return nil, err
	}
	if err := addIndexes(t, in, defs); err != nil {
		return nil, err
	}
	if t.Stream, err = newStream(in.StreamSpecification); err != nil {
		return nil, err
	}
	if t.Tags, err = mergeTags(nil, in.Tags); err != nil {
		return nil, err
	}
	t.Class.Name = strings.Clone(in.TableClass.Value)
	t.DeletionProtected = in.DeletionProtectionEnabled.Value
	return t, nil
}

// checkSupported refuses the members of the model that are not done here, which
// a client must not believe to have had an effect.
func checkSupported(in *api.CreateTableInput) error {
	return unsupported([]parameter{
		{"VectorIndexes", in.VectorIndexes != nil},
		{"SSESpecification", in.SSESpecification != nil && in.SSESpecification.Enabled.Value},
		{"ResourcePolicy", in.ResourcePolicy.Set},
		{"GlobalTableSourceArn", in.GlobalTableSourceArn.Set},
		{"GlobalTableSettingsReplicationMode", in.GlobalTableSettingsReplicationMode.Set},
	})
}

func unsupported(members []parameter) error {
	if names := present(members); names != "" {
		return invalid(wereInvalid + "Not supported by this server: " + names)
	}
	return nil
}

const (
	textThroughputOnDemand = wereInvalid + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
	textThroughputMissing  = wereInvalid + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
)

func newCapacity(in *api.CreateTableInput) (schema.Capacity, error) {
	c := schema.Capacity{OnDemandMode: in.BillingMode.Value == payPerRequest, Warm: warmOf(in.WarmThroughput)}
	switch {
	case c.OnDemandMode && in.ProvisionedThroughput != nil:
		return c, invalid(textThroughputOnDemand)
	case !c.OnDemandMode && in.ProvisionedThroughput == nil:
		return c, invalid(textThroughputMissing)
	}
	if err := checkThroughput(in.ProvisionedThroughput); err != nil {
		return c, err
	}
	c.Throughput = throughputOf(in.ProvisionedThroughput)
	var err error
	c.OnDemand, err = newOnDemand(in.OnDemandThroughput, c.OnDemandMode, textOnDemandProvisionedCreate, 1)
	return c, err
}

// payPerRequest is the billing mode of on-demand tables; the other is PROVISIONED.
const (
	payPerRequest = "PAY_PER_REQUEST"
	provisioned   = "PROVISIONED"
)

func throughputOf(in *api.ProvisionedThroughput) schema.Throughput {
	if in == nil {
		return schema.Throughput{}
	}
	return schema.Throughput{Read: in.ReadCapacityUnits.Value, Write: in.WriteCapacityUnits.Value}
}

func warmOf(in *api.WarmThroughput) schema.Warm {
	if in == nil {
		return schema.Warm{}
	}
	return schema.Warm{Read: in.ReadUnitsPerSecond.Value, Write: in.WriteUnitsPerSecond.Value}
}

func checkThroughput(in *api.ProvisionedThroughput) error {
	if in == nil {
		return nil
	}
	if n := in.ReadCapacityUnits.Value; n > schema.ThroughputMax {
		return invalid(fmt.Sprintf("Given value %d for ReadCapacityUnits is out of bounds", n))
	}
	if n := in.WriteCapacityUnits.Value; n > schema.ThroughputMax {
		return invalid(fmt.Sprintf("Given value %d for WriteCapacityUnits is out of bounds", n))
	}
	return nil
}

// The refusals of OnDemandThroughput on a provisioned table are worded unlike
// by CreateTable and UpdateTable.
const (
	textOnDemandProvisionedCreate = wereInvalid + "%s for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED."
	textOnDemandProvisionedUpdate = wereInvalid + "%s for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED"
)

// newOnDemand returns the ceilings asked for. provisionedText refuses them on a
// provisioned table. lowest is 1, or noCeiling where one can be taken away.
func newOnDemand(in *api.OnDemandThroughput, onDemand bool, provisionedText string, lowest int64) (schema.OnDemand, error) {
	if in == nil {
		return schema.OnDemand{}, nil
	}
	for _, m := range []struct {
		name  string
		units wire.Opt[int64]
	}{
		{"MaxReadRequestUnits", in.MaxReadRequestUnits},
		{"MaxWriteRequestUnits", in.MaxWriteRequestUnits},
	} {
		if m.units.Set && !onDemand {
			return schema.OnDemand{}, invalid(fmt.Sprintf(provisionedText, m.name))
		}
		if n := m.units.Or(1); n == 0 || n < lowest || n > schema.ThroughputMax {
			return schema.OnDemand{}, invalid("Requested " + m.name + " for OnDemandThroughput for table is outside of valid range")
		}
	}
	return schema.OnDemand{
		MaxRead:  max(0, in.MaxReadRequestUnits.Value),
		MaxWrite: max(0, in.MaxWriteRequestUnits.Value),
	}, nil
}

// noCeiling takes an on-demand ceiling away.
const noCeiling = -1

// newDefinitions returns the kinds of the attributes that AttributeDefinitions
// defines.
func newDefinitions(in *api.CreateTableInput) ([]schema.KeyAttribute, error) {
	if in.KeySchema == nil || in.AttributeDefinitions == nil {
		return nil, missingKeys(in)
	}
	return definitionsOf(in.AttributeDefinitions)
}

func missingKeys(in *api.CreateTableInput) error {
	const mustNotBeNull = "Value null at '%s' failed to satisfy constraint: Member must not be null"
	var failures []string
	if in.KeySchema == nil {
		failures = append(failures, fmt.Sprintf(mustNotBeNull, "keySchema"))
	}
	if in.AttributeDefinitions == nil {
		failures = append(failures, fmt.Sprintf(mustNotBeNull, "attributeDefinitions"))
	}
	if len(failures) == 1 {
		return awsjson.Validation("1 validation error detected: " + failures[0])
	}
	return awsjson.Validation(fmt.Sprintf("%d validation errors detected: %s", len(failures), strings.Join(failures, "; ")))
}

func definitionsOf(in []*api.AttributeDefinition) ([]schema.KeyAttribute, error) {
	defs := make([]schema.KeyAttribute, 0, len(in))
	for _, d := range in {
		name := strings.Clone(d.AttributeName.Value)
		if _, ok := definition(defs, name); ok {
			return nil, invalid("Cannot have two attributes with the same name")
		}
		kind, _ := schema.KeyKind(d.AttributeType.Value) // the model's check has passed
		defs = append(defs, schema.KeyAttribute{Name: name, Kind: kind})
	}
	return defs, nil
}

func definition(defs []schema.KeyAttribute, name string) (schema.KeyAttribute, bool) {
	for _, d := range defs {
		if d.Name == name {
			return d, true
		}
	}
	return schema.KeyAttribute{}, false
}

func setTableKey(t *schema.Table, in *api.CreateTableInput, defs []schema.KeyAttribute) error {
	partition, sort, err := newKey(in.KeySchema, defs)
	if err != nil {
		return err
	}
	if err := checkPair(in.KeySchema); err != nil {
		return err
	}
	t.Partition = partition[0]
	if len(sort) > 0 {
		t.Sort = &sort[0]
	}
	return nil
}

func newStream(in *api.StreamSpecification) (schema.Stream, error) {
	if in == nil {
		return schema.Stream{}, nil
	}
	if !in.StreamEnabled.Value {
		if in.StreamViewType.Set {
			return schema.Stream{}, invalid(wereInvalid + "Table is being created with a stream disabled, UpdateViewType should not be specified")
		}
		return schema.Stream{}, nil
	}
	if !in.StreamViewType.Set {
		return schema.Stream{}, invalid(wereInvalid + "Table is being created with a stream enabled, UpdateViewType is required")
	}
	return schema.Stream{Enabled: true, View: strings.Clone(in.StreamViewType.Value)}, nil
}
