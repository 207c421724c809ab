package dynamodb

import (
	"fmt"
	"time"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// What UpdateTable does to global indexes: it creates one, deletes one, and
// changes the throughput of any. Creating and deleting begins here, as a state
// of the index and a job, and is done in the background; see indexer.

// checkIndexUpdates makes the checks that need no table.
func checkIndexUpdates(updates []*api.GlobalSecondaryIndexUpdate) error {
	if updates != nil && len(updates) == 0 {
		return invalid(wereInvalid + "List of GlobalSecondaryIndexUpdates is empty")
	}
	var seen []string
	for _, u := range updates {
		name, actions := actionOf(u)
		switch {
		case actions == 0:
			return invalid(wereInvalid + "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null")
		case actions > 1:
			return invalid(wereInvalid + "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object")
		case contains(seen, name):
			return invalid(wereInvalid + "Only one global secondary index update per index is allowed simultaneously. Index: " + name)
		}
		seen = append(seen, name)
	}
	return nil
}

// actionOf returns the index that an update is about, and how many things it
// wants to do to it.
func actionOf(u *api.GlobalSecondaryIndexUpdate) (index string, actions int) {
	if u.Update != nil {
		index, actions = u.Update.IndexName.Value, actions+1
	}
	if u.Create != nil {
		index, actions = u.Create.IndexName.Value, actions+1
	}
	if u.Delete != nil {
		index, actions = u.Delete.IndexName.Value, actions+1
	}
	return index, actions
}

// checkAllocating refuses the deletion of an index whose creation has not come
// to its backfill. AWS says so, instead of the table's state, which is UPDATING.
func checkAllocating(t *schema.Table, updates []*api.GlobalSecondaryIndexUpdate, now time.Time) error {
	x := t.Unsettled()
	if x == nil || x.StateIn(t.StatusAt(now)) != schema.IndexCreating {
		return nil
	}
	for _, u := range updates {
		if u.Delete != nil && u.Delete.IndexName.Value == x.Name {
			return inUse("Index creation is in resource allocation phase. Retry deletion during backfilling phase or when the index is active. " +
				indexOf(t, x))
		}
	}
	return nil
}

// indexOf names an index in refusals.
func indexOf(t *schema.Table, x *schema.Index) string {
	return "Table: " + t.Name + " Index: " + x.Name
}

// settled returns the table's indexes as they stand at a time: an update under
// way does not set the backfill of an index back.
func settled(t *schema.Table, now time.Time) []schema.Index {
	indexes := append([]schema.Index(nil), t.Indexes...)
	for i := range indexes {
		indexes[i].State = indexes[i].StateIn(t.StatusAt(now))
	}
	return indexes
}

// updateIndexes changes the indexes of the table as asked for. The table's
// billing mode is the new one already.
func updateIndexes(t *schema.Table, in *api.UpdateTableInput, now time.Time) error {
	updates := in.GlobalSecondaryIndexUpdates
	if in.BillingMode.Value == provisioned {
		if err := checkIndexesProvisioned(t, updates); err != nil {
			return err
		}
	}
	if err := checkOneOnline(t, updates); err != nil {
		return err
	}
	if err := checkIndexesKnown(t, updates); err != nil {
		return err
	}
	if err := updateIndexThroughput(t, updates, now); err != nil {
		return err
	}
	for _, u := range updates {
		switch {
		case u.Delete != nil:
			x, _ := t.Index(u.Delete.IndexName.Value)
			x.State = schema.IndexDeleting
		case u.Create != nil:
			if err := createIndex(t, u.Create, in.AttributeDefinitions); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkIndexesProvisioned refuses a switch to provisioned throughput that leaves
// an index without any.
func checkIndexesProvisioned(t *schema.Table, updates []*api.GlobalSecondaryIndexUpdate) error {
	for i := range t.Indexes {
		x := &t.Indexes[i]
		if x.Local || !x.Maintained() || x.Throughput != (schema.Throughput{}) {
			continue
		}
		if u := updateOf(updates, x.Name); u == nil || u.Delete == nil && u.Update.ProvisionedThroughput == nil {
			return invalid(wereInvalid + "ProvisionedThroughput must be specified for index: " + x.Name)
		}
	}
	return nil
}

// updateOf returns the update or deletion of an index that is there, nil when
// there is none.
func updateOf(updates []*api.GlobalSecondaryIndexUpdate, index string) *api.GlobalSecondaryIndexUpdate {
	for _, u := range updates {
		if name, _ := actionOf(u); name == index && u.Create == nil {
			return u
		}
	}
	return nil
}

// checkOneOnline refuses to create or delete more than one index at a time. An
// index that is being built can be deleted.
func checkOneOnline(t *schema.Table, updates []*api.GlobalSecondaryIndexUpdate) error {
	var online []*api.GlobalSecondaryIndexUpdate
	for _, u := range updates {
		if u.Update == nil {
			online = append(online, u)
		}
	}
	busy := t.Unsettled()
	switch {
	case len(online) == 0 || len(online) == 1 && busy == nil:
		return nil
	case len(online) == 1:
		name, _ := actionOf(online[0])
		if name == busy.Name && busy.State == schema.IndexDeleting {
			return inUse("Index is being deleted. " + indexOf(t, busy))
		}
		if name == busy.Name && online[0].Delete != nil {
			return nil
		}
	}
	return api.LimitExceededException("Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
}

// checkIndexesKnown refuses updates and deletions of what is no global index of
// the table.
func checkIndexesKnown(t *schema.Table, updates []*api.GlobalSecondaryIndexUpdate) error {
	for _, u := range updates {
		name, _ := actionOf(u)
		x, ok := t.Index(name)
		known := ok && !x.Local
		switch {
		case u.Update != nil && !known:
			return invalid("This operation cannot be performed with given input values. Please contact DynamoDB service team for more info: Action Blocked: IndexUpdate")
		case u.Delete != nil && !known:
			return api.ResourceNotFoundException("Requested resource not found")
		case u.Update != nil && x.State == schema.IndexDeleting:
			return inUse("Index is being deleted. " + indexOf(t, x))
		}
	}
	return nil
}

func updateIndexThroughput(t *schema.Table, updates []*api.GlobalSecondaryIndexUpdate, now time.Time) error {
	for i := range t.Indexes {
		x := &t.Indexes[i]
		u := updateOf(updates, x.Name)
		switch {
		case x.Local:
		case u != nil && u.Update != nil:
			if err := updateIndex(t, x, u.Update, now); err != nil {
				return err
			}
		case t.Capacity.OnDemandMode:
			x.Throughput = schema.Throughput{}
		}
	}
	return nil
}

func updateIndex(t *schema.Table, x *schema.Index, u *api.UpdateGlobalSecondaryIndexAction, now time.Time) (err error) {
	onDemandMode := t.Capacity.OnDemandMode
	if u.ProvisionedThroughput != nil {
		if onDemandMode {
			return invalid(wereInvalid + "ProvisionedThroughput should not be specified for index: " + x.Name + " when BillingMode is PAY_PER_REQUEST")
		}
		if err := checkThroughput(u.ProvisionedThroughput); err != nil {
			return err
		}
		if x.Throughput, err = changeThroughput("index "+x.Name, x.Throughput, u.ProvisionedThroughput, now); err != nil {
			return err
		}
	}
	if onDemandMode {
		x.Throughput = schema.Throughput{}
	}
	if x.OnDemand, err = updateOnDemand(x.OnDemand, u.OnDemandThroughput, onDemandMode); err != nil {
		return err
	}
	x.Warm, err = updateWarm(x.Warm, u.WarmThroughput)
	return err
}

// createIndex adds an index to a live table. From the change of the descriptor
// on, writes keep it.
func createIndex(t *schema.Table, in *api.CreateGlobalSecondaryIndexAction, definitions []*api.AttributeDefinition) error {
	if _, exists := t.Index(in.IndexName.Value); exists {
		return invalid("Attempting to create an index which already exists")
	}
	if definitions == nil {
		return invalid(wereInvalid + "AttributeDefinitions is not specified for index: " + in.IndexName.Value)
	}
	defs, err := mergedDefinitions(t, definitions)
	if err != nil {
		return err
	}
	for _, k := range in.KeySchema {
		if _, ok := definition(defs, k.AttributeName.Value); !ok {
			return invalid("Invalid KeySchema: Some index key attribute have no definition")
		}
	}
	x, err := newGlobalIndex(t, (*api.GlobalSecondaryIndex)(in), defs)
	if err != nil {
		return err
	}
	x.State = schema.IndexCreating
	if err := checkRoomForIndex(t); err != nil {
		return err
	}
	if err := addIndex(t, x); err != nil {
		return err
	}
	return checkProjectedTotal(t)
}

// mergedDefinitions returns what the request defines. An attribute that is a key
// already keeps its kind, whatever the request says.
func mergedDefinitions(t *schema.Table, in []*api.AttributeDefinition) ([]schema.KeyAttribute, error) {
	defs, err := definitionsOf(in)
	if err != nil {
		return nil, err
	}
	existing := t.Definitions()
	for i := range defs {
		if d, ok := definition(existing, defs[i].Name); ok {
			defs[i] = d
		}
	}
	return defs, nil
}

func checkRoomForIndex(t *schema.Table) error {
	n := 0
	for i := range t.Indexes {
		if !t.Indexes[i].Local {
			n++
		}
	}
	if n >= schema.GlobalIndexesMax {
		return api.LimitExceededException(fmt.Sprintf("Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of %d", schema.GlobalIndexesMax))
	}
	if t.NextIndex > indexNumbersMax {
		return api.LimitExceededException(fmt.Sprintf("Subscriber limit exceeded: Number of indexes created over the life of the table exceeds per-table limit of %d", indexNumbersMax))
	}
	return nil
}
