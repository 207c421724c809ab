package proof

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// modelTables has a table with indexes, like the model.
var modelTables = []string{`{"TableName":"model","BillingMode":"PAY_PER_REQUEST",
	"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"}],
	"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
	"LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}],
	"GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}]}`}

// row is an item of the model: a key, an attribute that indexes are by, a number
// that may be there, and a time at which it expires.
type row struct {
	pk  string
	sk  int
	g   string
	has bool
	n   int
	ttl int64 // seconds after the beginning; 0: none
	pad bool  // it has ballast, whose size follows from the key
}

func (r row) String() string {
	text := fmt.Sprintf("%s/%d %s", r.pk, r.sk, r.g)
	if r.has {
		text += fmt.Sprintf(" n=%d", r.n)
	}
	if r.ttl != 0 {
		text += fmt.Sprintf(" ttl=%d", r.ttl)
	}
	if r.pad {
		text += " padded"
	}
	return text
}

// rowOf returns an item as the model prints it.
func rowOf(it attributes) string {
	if it == nil {
		return "none"
	}
	r := row{pk: it.text("pk"), sk: it.number("sk"), g: it.text("g"), has: it["n"] != nil, n: it.number("n"), pad: it["pad"] != nil}
	if it["ttl"] != nil {
		r.ttl = int64(it.number("ttl")) - modelBegin
	}
	return r.String()
}

type rowKey struct {
	pk string
	sk int
}

func (k rowKey) String() string { return fmt.Sprintf("%s/%d", k.pk, k.sk) }

func (k rowKey) json() string { return fmt.Sprintf(`{"pk":{"S":"%s"},"sk":{"N":"%d"}}`, k.pk, k.sk) }

func (r row) key() rowKey { return rowKey{r.pk, r.sk} }

// json returns the item as it is sent.
func (r row) json() string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"pk":{"S":"%s"},"sk":{"N":"%d"}`, r.pk, r.sk)
	if r.pad {
		fmt.Fprintf(&b, `,"pad":{"S":"%s"}`, strings.Repeat("y", 40*(r.sk+10)))
	}
	if r.g != "" {
		fmt.Fprintf(&b, `,"g":{"S":"%s"}`, r.g)
	}
	if r.has {
		fmt.Fprintf(&b, `,"n":{"N":"%d"}`, r.n)
	}
	if r.ttl != 0 {
		fmt.Fprintf(&b, `,"ttl":{"N":"%d"}`, modelBegin+r.ttl)
	}
	return b.String() + "}"
}

// modelBegin is the second at which each script begins.
const modelBegin = 1_800_000_000

// model is the table as a map of items.
type model struct {
	rows   map[rowKey]row
	now    atomic.Int64 // seconds after the beginning; the server reads it too
	ttl    bool
	made   bool // the index that comes and goes is there
	stream bool
	told   map[rowKey][]string // the changes since the stream began, of each item
	tokens map[string]tokenUse
}

// tokenUse is a transaction that was done under a token.
type tokenUse struct {
	body string
	at   int64
}

func newModel() *model {
	return &model{rows: map[rowKey]row{}, told: map[rowKey][]string{}, tokens: map[string]tokenUse{}}
}

// clock is the clock of the server.
func (m *model) clock() time.Time { return time.Unix(modelBegin+m.now.Load(), 0) }

// old returns an item as ReturnValues ALL_OLD does.
func (m *model) old(k rowKey) string {
	if r, ok := m.rows[k]; ok {
		return r.String()
	}
	return "none"
}

func (m *model) put(r row) {
	if before, there := m.rows[r.key()]; !there || before != r {
		m.tell(r.key(), r.String())
	}
	m.rows[r.key()] = r
}

func (m *model) putAll(rows map[rowKey]row) {
	for _, r := range rows {
		m.put(r)
	}
}

func (m *model) remove(k rowKey) {
	if _, there := m.rows[k]; there {
		m.tell(k, "none")
	}
	delete(m.rows, k)
}

// tell notes a change for the stream.
func (m *model) tell(k rowKey, after string) {
	if m.stream {
		m.told[k] = append(m.told[k], m.old(k)+" -> "+after)
	}
}

// expire removes what is due, and reports whether there is any. What has expired
// more than five years ago never is.
func (m *model) expire() (some bool) {
	const yearsMax = 5
	oldest := m.clock().AddDate(-yearsMax, 0, 0).Unix() - modelBegin
	for k, r := range m.rows {
		if m.ttl && r.ttl != 0 && r.ttl < m.now.Load() && r.ttl > oldest {
			m.tell(k, "expired")
			delete(m.rows, k)
			some = true
		}
	}
	return some
}

// where returns the rows that are meant, in the order of their keys.
func (m *model) where(meant func(row) bool) (rows []row) {
	for _, r := range m.rows {
		if meant(r) {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		if a.pk != b.pk {
			return strings.Compare(a.pk, b.pk)
		}
		return a.sk - b.sk
	})
	return rows
}

// texts returns rows as text: sorted by it, unless their order is told.
func texts(rows []row, ordered bool) string {
	var all []string
	for _, r := range rows {
		all = append(all, r.String())
	}
	if !ordered {
		slices.Sort(all)
	}
	return strings.Join(all, "; ")
}

// toldAll returns the changes of all items as text.
func toldAll(told map[rowKey][]string) string {
	var b strings.Builder
	for _, k := range sortedKeys(told) {
		fmt.Fprintf(&b, "%s: %s\n", k, strings.Join(told[k], ", "))
	}
	return b.String()
}

func sortedKeys[V any](of map[rowKey]V) []rowKey {
	return slices.SortedFunc(maps.Keys(of), func(a, b rowKey) int { return strings.Compare(a.json(), b.json()) })
}

// copy returns a model with the same items, to try something on.
func (m *model) copy() *model {
	told := map[rowKey][]string{}
	for k, all := range m.told {
		told[k] = slices.Clone(all)
	}
	return &model{rows: maps.Clone(m.rows), ttl: m.ttl, stream: m.stream, told: told}
}
