// Package schema knows what a table is: its keys, its indexes, the rules an
// item must obey to be stored in it, and the plan of a write, that is all the
// entries that change when one item does. It is pure: values in, values out;
// no store, clock or context. Called by service/dynamodb.
package schema

import (
	"time"

	"github.com/gramme-db/gramme/internal/item"
)

// Table is a table's descriptor: all that Gramme keeps of a table besides its
// data. A Table that others can see is never changed: an update makes a new one.
type Table struct {
	ID        uint64    `json:"id"`   // ours; never used again
	UUID      string    `json:"uuid"` // the TableId that clients see
	Account   string    `json:"account"`
	Region    string    `json:"region"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"createdAt"`

	Partition KeyAttribute  `json:"partition"`
	Sort      *KeyAttribute `json:"sort,omitempty"`
	Indexes   []Index       `json:"indexes,omitempty"`
	NextIndex uint16        `json:"nextIndex"` // number of the next index to be created

	Capacity          Capacity    `json:"capacity"`
	Class             Class       `json:"class"`
	DeletionProtected bool        `json:"deletionProtected,omitempty"`
	Stream            Stream      `json:"stream"`
	Journal           Journal     `json:"journal,omitzero"`
	TTL               *TimeToLive `json:"ttl,omitempty"` // nil: never enabled
	Tags              []Tag       `json:"tags,omitempty"`
	Transition        *Transition `json:"transition,omitempty"`
}

// KeyAttribute is an attribute of a table's or an index's key.
type KeyAttribute struct {
	Name string
	Kind item.Kind // S, N or B
}

// Index is a secondary index.
type Index struct {
	Number     uint16         `json:"number"` // ours, within the table; never used again
	Name       string         `json:"name"`
	Local      bool           `json:"local,omitempty"`
	Partition  []KeyAttribute `json:"partition"` // 1 to 4
	Sort       []KeyAttribute `json:"sort,omitempty"`
	Projection Projection     `json:"projection"`
	Throughput Throughput     `json:"throughput"` // global indexes of provisioned tables
	OnDemand   OnDemand       `json:"onDemand"`   // global indexes of on-demand tables
	Warm       Warm           `json:"warm"`
	State      IndexState     `json:"state,omitempty"`
}

// Projection says which attributes an index's entries hold besides the keys.
type Projection struct {
	Type   string   `json:"type"` // ALL, KEYS_ONLY or INCLUDE
	NonKey []string `json:"nonKey,omitempty"`
}

// Capacity is how a table is paid for.
type Capacity struct {
	OnDemandMode bool       `json:"onDemandMode,omitempty"` // BillingMode PAY_PER_REQUEST
	OnDemandAt   *time.Time `json:"onDemandAt,omitempty"`   // the last switch to on-demand
	Throughput   Throughput `json:"throughput"`
	OnDemand     OnDemand   `json:"onDemand"`
	Warm         Warm       `json:"warm"`
}

// Throughput is provisioned throughput, in units a second, and its history.
type Throughput struct {
	Read       int64      `json:"read"`
	Write      int64      `json:"write"`
	IncreaseAt *time.Time `json:"increaseAt,omitempty"`
	DecreaseAt *time.Time `json:"decreaseAt,omitempty"`
	Decreases  int64      `json:"decreases,omitempty"` // on the UTC day of DecreaseAt
}

// OnDemand is the ceiling a user sets on an on-demand table; 0 is none.
type OnDemand struct {
	MaxRead  int64 `json:"maxRead,omitempty"`
	MaxWrite int64 `json:"maxWrite,omitempty"`
}

// Warm is warm throughput, in units a second.
type Warm struct {
	Read  int64 `json:"read,omitempty"`
	Write int64 `json:"write,omitempty"`
}

// Class is a table class.
type Class struct {
	Name      string     `json:"name"` // STANDARD or STANDARD_INFREQUENT_ACCESS
	ChangedAt *time.Time `json:"changedAt,omitempty"`
}

// Stream is the stream specification. Label names the latest stream, also
// after it was disabled.
type Stream struct {
	Enabled bool   `json:"enabled,omitempty"`
	View    string `json:"view,omitempty"`
	Label   string `json:"label,omitempty"`
}

// Tag is a tag of the table.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Transition is a change of state under way. Until its end the table is in
// status From; an update's new capacity shows from then on, a deleted table is
// gone from then on.
type Transition struct {
	From   Status    `json:"from"`
	Until  time.Time `json:"until"`
	Before *Capacity `json:"before,omitempty"` // what an update shows until its end
}

// Status is a table status, in AWS's words.
type Status string

// The statuses a table can be in here. Gone is ours: a deleted table whose
// deletion is over.
const (
	Creating Status = "CREATING"
	Active   Status = "ACTIVE"
	Updating Status = "UPDATING"
	Deleting Status = "DELETING"
	Gone     Status = ""
)

// StatusAt returns the table's status at a time.
func (t *Table) StatusAt(now time.Time) Status {
	switch {
	case t.Transition == nil:
		return Active
	case now.Before(t.Transition.Until):
		return t.Transition.From
	case t.Transition.From == Deleting:
		return Gone
	}
	return Active
}

// Usable reports whether item operations see the table.
func (t *Table) Usable(now time.Time) bool {
	s := t.StatusAt(now)
	return s == Active || s == Updating
}

// CapacityAt returns the capacity that the table shows at a time: during an
// update still the one before it.
func (t *Table) CapacityAt(now time.Time) Capacity {
	if t.Transition != nil && t.Transition.Before != nil && now.Before(t.Transition.Until) {
		return *t.Transition.Before
	}
	return t.Capacity
}

// Index returns the index of a name.
func (t *Table) Index(name string) (*Index, bool) {
	for i := range t.Indexes {
		if t.Indexes[i].Name == name {
			return &t.Indexes[i], true
		}
	}
	return nil, false
}

// HasLocalIndexes reports whether the table has item collections in the sense
// of AWS: only tables with local indexes have their sizes kept and bounded.
func (t *Table) HasLocalIndexes() bool {
	for i := range t.Indexes {
		if t.Indexes[i].Local {
			return true
		}
	}
	return false
}

// ARN returns the table's Amazon resource name.
func (t *Table) ARN() string { return TableARN(t.Region, t.Account, t.Name) }

// TableARN returns the Amazon resource name of a table.
func TableARN(region, account, name string) string {
	return "arn:aws:dynamodb:" + region + ":" + account + ":table/" + name
}

// Definitions returns the key attributes of the table and its indexes, each
// once, in the order in which they first appear.
func (t *Table) Definitions() []KeyAttribute {
	defs := []KeyAttribute{t.Partition}
	add := func(keys []KeyAttribute) {
		for _, k := range keys {
			if !holds(defs, k.Name) {
				defs = append(defs, k)
			}
		}
	}
	if t.Sort != nil {
		add([]KeyAttribute{*t.Sort})
	}
	for i := range t.Indexes {
		add(t.Indexes[i].Partition)
		add(t.Indexes[i].Sort)
	}
	return defs
}

func holds(keys []KeyAttribute, name string) bool {
	for _, k := range keys {
		if k.Name == name {
			return true
		}
	}
	return false
}
