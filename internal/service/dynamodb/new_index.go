package dynamodb

import (
	"fmt"
	"strings"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// addIndexes checks the indexes that CreateTable asks for, in AWS's order, and
// gives them to the table.
func addIndexes(t *schema.Table, in *api.CreateTableInput, defs []schema.KeyAttribute) error {
	if err := checkUnusedDefinitions(in); err != nil {
		return err
	}
	if in.LocalSecondaryIndexes != nil && len(in.LocalSecondaryIndexes) == 0 {
		return invalid(wereInvalid + "List of LocalSecondaryIndexes is empty")
	}
	for _, x := range in.LocalSecondaryIndexes {
		index, err := newLocalIndex(t, x, defs)
		if err != nil {
			return err
		}
		if err := addIndex(t, index); err != nil {
			return err
		}
	}
	if n := len(in.LocalSecondaryIndexes); n > schema.LocalIndexesMax {
		return invalid(fmt.Sprintf(wereInvalid+"Number of LocalSecondaryIndexes exceeds per-table limit of %d", schema.LocalIndexesMax))
	}
	if in.GlobalSecondaryIndexes != nil && len(in.GlobalSecondaryIndexes) == 0 {
		return invalid(wereInvalid + "List of GlobalSecondaryIndexes is empty")
	}
	for _, x := range in.GlobalSecondaryIndexes {
		index, err := newGlobalIndex(t, x, defs)
		if err != nil {
			return err
		}
		if err := addIndex(t, index); err != nil {
			return err
		}
	}
	if n := len(in.GlobalSecondaryIndexes); n > schema.GlobalIndexesMax {
		return invalid(fmt.Sprintf(wereInvalid+"GlobalSecondaryIndex count exceeds the per-table limit of %d", schema.GlobalIndexesMax))
	}
	return checkProjectedTotal(t)
}

func addIndex(t *schema.Table, x schema.Index) error {
	if _, exists := t.Index(x.Name); exists {
		return invalid(wereInvalid + "Duplicate index name: " + x.Name)
	}
	x.Number = t.NextIndex
	t.NextIndex++
	t.Indexes = append(t.Indexes, x)
	return nil
}

// checkUnusedDefinitions refuses definitions of attributes that are no key.
func checkUnusedDefinitions(in *api.CreateTableInput) error {
	used := keyNames(nil, in.KeySchema)
	for _, x := range in.LocalSecondaryIndexes {
		used = keyNames(used, x.KeySchema)
	}
	for _, x := range in.GlobalSecondaryIndexes {
		used = keyNames(used, x.KeySchema)
	}
	defined := make([]string, 0, len(in.AttributeDefinitions))
	unused := false
	for _, d := range in.AttributeDefinitions {
		name := d.AttributeName.Value
		defined = append(defined, name)
		unused = unused || !contains(used, name)
	}
	if !unused {
		return nil
	}
	if in.LocalSecondaryIndexes == nil && in.GlobalSecondaryIndexes == nil {
		return invalid(wereInvalid + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	return invalid(wereInvalid + "Some AttributeDefinitions are not used. AttributeDefinitions: " + bracketed(defined) + ", keys used: " + bracketed(used))
}

// keyNames appends the names in a key schema that are not in names yet.
func keyNames(names []string, keys []*api.KeySchemaElement) []string {
	for _, k := range keys {
		if name := k.AttributeName.Value; !contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

func bracketed(names []string) string { return "[" + strings.Join(names, ", ") + "]" }

// newKey checks a key schema of a table or index and returns its two halves: of
// tables and local indexes one attribute and at most one, of global indexes up
// to four each.
func newKey(keys []*api.KeySchemaElement, defs []schema.KeyAttribute) (partition, sort []schema.KeyAttribute, err error) {
	attributes, err := keyAttributes(keys, defs)
	if err != nil {
		return nil, nil, err
	}
	if keys[0].KeyType.Value != "HASH" {
		return nil, nil, invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	}
	for i, k := range keys {
		switch {
		case k.KeyType.Value == "RANGE":
			sort = append(sort, attributes[i])
		case len(sort) > 0:
			return nil, nil, invalid("Invalid KeySchema: A HASH key type may not follow a RANGE key type")
		default:
			partition = append(partition, attributes[i])
		}
	}
	return partition, sort, nil
}

// keyAttributes returns the defined attributes of a key schema.
func keyAttributes(keys []*api.KeySchemaElement, defs []schema.KeyAttribute) ([]schema.KeyAttribute, error) {
	attributes := make([]schema.KeyAttribute, 0, len(keys))
	for _, k := range keys {
		d, ok := definition(defs, k.AttributeName.Value)
		if !ok {
			return nil, undefinedKey(keys, defs)
		}
		attributes = append(attributes, d)
	}
	for i, a := range attributes {
		if _, twice := definition(attributes[:i], a.Name); twice {
			return nil, invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
		}
	}
	return attributes, nil
}

// undefinedKey words the refusal of a key attribute without a definition, which
// AWS does in two ways.
func undefinedKey(keys []*api.KeySchemaElement, defs []schema.KeyAttribute) error {
	if len(keys) > 1 || len(keys) > len(defs) {
		return invalid("Invalid KeySchema: Some index key attribute have no definition")
	}
	defined := make([]string, len(defs))
	for i, d := range defs {
		defined[i] = d.Name
	}
	return invalid(wereInvalid + "Some index key attributes are not defined in AttributeDefinitions. Keys: " +
		bracketed(keyNames(nil, keys)) + ", AttributeDefinitions: " + bracketed(defined))
}

// checkPair refuses a key of two attributes whose second is no sort key. Tables
// and local indexes have at most such a pair.
func checkPair(keys []*api.KeySchemaElement) error {
	if len(keys) == 2 && keys[0].KeyType.Value == "HASH" && keys[1].KeyType.Value != "RANGE" {
		return invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
	}
	return nil
}

func newLocalIndex(t *schema.Table, in *api.LocalSecondaryIndex, defs []schema.KeyAttribute) (schema.Index, error) {
	x := schema.Index{Name: strings.Clone(in.IndexName.Value), Local: true}
	if t.Sort == nil {
		return x, invalid(wereInvalid + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
	}
	var err error
	if x.Partition, x.Sort, err = newKey(in.KeySchema, defs); err != nil {
		return x, err
	}
	if err := checkPair(in.KeySchema); err != nil {
		return x, err
	}
	if len(x.Sort) == 0 {
		return x, invalid(wereInvalid + "Index KeySchema does not have a range key for index: " + x.Name)
	}
	if hash := x.Partition[0].Name; hash != t.Partition.Name {
		return x, invalid(wereInvalid + "Index KeySchema does not have the same leading hash key as table KeySchema for index: " + x.Name +
			". index hash key: " + hash + ", table hash key: " + t.Partition.Name)
	}
	x.Projection, err = newProjection(in.Projection)
	return x, err
}

func newGlobalIndex(t *schema.Table, in *api.GlobalSecondaryIndex, defs []schema.KeyAttribute) (schema.Index, error) {
	x := schema.Index{Name: strings.Clone(in.IndexName.Value), Warm: warmOf(in.WarmThroughput)}
	var err error
	if x.Partition, x.Sort, err = newKey(in.KeySchema, defs); err != nil {
		return x, err
	}
	if len(x.Partition) > schema.IndexKeyPartsMax || len(x.Sort) > schema.IndexKeyPartsMax {
		return x, invalid(fmt.Sprintf("Invalid KeySchema: An index key may have at most %d HASH and %d RANGE attributes", schema.IndexKeyPartsMax, schema.IndexKeyPartsMax))
	}
	if x.Projection, err = newProjection(in.Projection); err != nil {
		return x, err
	}
	onDemand := t.Capacity.OnDemandMode
	switch {
	case onDemand && in.ProvisionedThroughput != nil:
		return x, invalid(wereInvalid + "ProvisionedThroughput should not be specified for index: " + x.Name + " when BillingMode is PAY_PER_REQUEST")
	case !onDemand && in.ProvisionedThroughput == nil:
		return x, invalid(wereInvalid + "ProvisionedThroughput is not specified for index: " + x.Name)
	}
	if err := checkThroughput(in.ProvisionedThroughput); err != nil {
		return x, err
	}
	x.Throughput = throughputOf(in.ProvisionedThroughput)
	x.OnDemand, err = newOnDemand(in.OnDemandThroughput, onDemand, textOnDemandProvisionedCreate, 1)
	return x, err
}

func newProjection(in *api.Projection) (schema.Projection, error) {
	p := schema.Projection{}
	if in == nil || !in.ProjectionType.Set {
		return p, invalid(wereInvalid + "Unknown ProjectionType: null")
	}
	p.Type = strings.Clone(in.ProjectionType.Value)
	switch {
	case p.Type != schema.ProjectInclude && in.NonKeyAttributes != nil:
		return p, invalid(wereInvalid + "ProjectionType is " + p.Type + ", but NonKeyAttributes is specified")
	case p.Type == schema.ProjectInclude && in.NonKeyAttributes == nil:
		return p, invalid(wereInvalid + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
	}
	for _, name := range in.NonKeyAttributes {
		p.NonKey = append(p.NonKey, strings.Clone(name))
	}
	return p, nil
}

// checkProjectedTotal bounds the projected attributes over all indexes.
func checkProjectedTotal(t *schema.Table) error {
	n := 0
	for i := range t.Indexes {
		n += len(t.Indexes[i].Projection.NonKey)
	}
	if n > schema.ProjectedPerTableMax {
		return invalid(fmt.Sprintf(wereInvalid+"Number of NonKeyAttributes over all indexes exceeds per-table limit of %d", schema.ProjectedPerTableMax))
	}
	return nil
}
