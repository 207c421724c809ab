package proof

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/kv/memory"
	"github.com/gramme-db/gramme/internal/kv/pebble"
	"github.com/gramme-db/gramme/internal/server"
)

// TestSameAnswersEverywhere makes random sequences of calls, valid and not, and
// plays each in every configuration. The answers are the same to the byte, and
// are those of a model: a map of items that knows nothing of indexes, pages,
// files and restarts. A sequence that fails is made as short as it can be, and
// printed.
//
// It would fail if anything depended on what is cached, flushed or compacted,
// if a restart changed anything, or if an operation did not do what it says.
func TestSameAnswersEverywhere(t *testing.T) {
	calls := 0
	rounds(t, 6, func(seed uint64) {
		script := randomScript(rand.New(rand.NewPCG(seed, 103)), 250)
		calls += len(script) * len(configurations)
		if wrong := playAll(script); wrong != "" {
			t.Errorf("%s", shrink(script))
		}
	}, func() string { return fmt.Sprintf("%d calls", calls) })
}

// configuration is a way to run a server, always with the same answers.
type configuration struct {
	name    string
	options pebble.Options
	memory  bool
	restart int // after so many calls; 0: never
	bad     func(driver.Driver) driver.Driver
}

var configurations = []configuration{
	{name: "in memory", memory: true},
	{name: "on disk"},
	{name: "tiny memtables and cache", options: pebble.Options{MemtableBytes: 16 << 10, CacheBytes: 1}},
	{name: "restarted now and then", restart: 17},
	{name: "restarted all the time, with tiny memtables", options: pebble.Options{MemtableBytes: 16 << 10}, restart: 3},
	{name: "synced in the background", options: pebble.Options{Durability: pebble.Interval}, restart: 40},
}

// open opens a server on a file system.
func (c configuration) open(fs vfs.FS) (*server.Server, error) {
	var engine driver.Driver
	var err error
	if c.memory {
		engine, err = memory.Open(memory.Options{})
	} else {
		o := c.options
		o.Dir, o.FS = dataDir, fs
		engine, err = pebble.Open(o)
	}
	if err != nil {
		return nil, err
	}
	if c.bad != nil {
		engine = c.bad(engine)
	}
	return server.Open(server.Options{Engine: engine})
}

// TestSameAnswersNotice shows that servers that lose some of their writes, or
// forget what they had when they start anew, do not give the answers of the
// model.
func TestSameAnswersNotice(t *testing.T) {
	for _, c := range []configuration{
		{name: "items", bad: dropping(layout.PartItem)},
		{name: "entries", bad: dropping(layout.PartEntry)},
		{name: "counters", bad: dropping(layout.PartCounters)},
		{name: "everything at a restart", options: pebble.Options{Durability: pebble.Volatile}, restart: 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, wrong := c.play(randomScript(rand.New(rand.NewPCG(1, 103)), 250)); wrong == "" {
				t.Error("not noticed")
			}
		})
	}
}

// playAll plays a script in each configuration, and returns what is wrong first.
func playAll(script []step) string {
	var first []string
	for _, c := range configurations {
		answers, wrong := c.play(script)
		if wrong != "" {
			return c.name + ": " + wrong
		}
		if first == nil {
			first = answers
		}
		for i := range answers {
			if answers[i] != first[i] {
				return fmt.Sprintf("call %d, %s: %s answers\n\t%s, and %s\n\t%s", i+1, script[i].operation, configurations[0].name, first[i], c.name, answers[i])
			}
		}
	}
	return ""
}

// play plays a script and compares it with the model.
func (c configuration) play(script []step) (answers []string, wrong string) {
	fs := vfs.NewMem()
	s, err := c.open(fs)
	if err != nil {
		return nil, err.Error()
	}
	defer func() { _ = shut(s) }()
	m := newModel()
	for _, body := range modelTables {
		call(s.Handler(), "CreateTable", body)
	}
	for i, next := range script {
		if c.restart > 0 && i%c.restart == c.restart-1 {
			if err := shut(s); err != nil {
				return nil, err.Error()
			}
			if s, err = c.open(fs); err != nil {
				return nil, err.Error()
			}
		}
		raw, seen := next.make(s)
		if want := next.play(m); seen != want {
			return nil, fmt.Sprintf("call %d, %s: %s, want %s\n\t%s", i+1, next.operation, seen, want, raw)
		}
		answers = append(answers, raw)
	}
	return answers, ""
}

// shrink takes away calls, as long as something is wrong without them, and
// returns what is left as a script.
func shrink(script []step) string {
	for size := len(script) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(script); {
			less := slices.Delete(slices.Clone(script), at, at+size)
			if playAll(less) != "" {
				script = less
			} else {
				at += size
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nafter the tables were made, in %d calls:\n", playAll(script), len(script))
	for i, next := range script {
		fmt.Fprintf(&b, "%4d %s %s\n", i+1, next.operation, next.body)
	}
	return b.String()
}

// step is one call of a script.
type step struct {
	operation, body string
	play            func(m *model) string // the answer that the model gives, in short
	pages           bool                  // it is made again until the last page; the order is not told
}

// make makes the call. It returns the answer as it is and in the model's words.
func (x step) make(s *server.Server) (raw, seen string) {
	var rows []string
	start := ""
	for {
		a := call(s.Handler(), x.operation, strings.TrimSuffix(x.body, "}")+start+"}")
		raw += string(a.body)
		if !a.ok() {
			return raw, a.refusal()
		}
		var out struct {
			Item, Attributes attributes
			Items            []attributes
			Responses        json.RawMessage
			LastEvaluatedKey json.RawMessage
			Table            struct{ ItemCount int }
		}
		if err := json.Unmarshal(a.body, &out); err != nil {
			return raw, err.Error()
		}
		switch x.operation {
		case "GetItem":
			return raw, rowOf(out.Item)
		case "PutItem", "DeleteItem", "UpdateItem":
			return raw, rowOf(out.Attributes)
		case "DescribeTable":
			return "", fmt.Sprint(out.Table.ItemCount) // the rest has times in it
		}
		for _, it := range out.Items {
			rows = append(rows, rowOf(it))
		}
		if !x.pages || out.LastEvaluatedKey == nil {
			break
		}
		start = `,"ExclusiveStartKey":` + string(out.LastEvaluatedKey)
	}
	if x.pages {
		slices.Sort(rows)
	}
	return raw, strings.Join(rows, "; ")
}

// refusal returns the error of an answer, with the reasons of a transaction.
func (a answer) refusal() string {
	var e struct{ CancellationReasons []struct{ Code string } }
	_ = json.Unmarshal(a.body, &e)
	said := a.kind()
	for _, r := range e.CancellationReasons {
		said += " " + r.Code
	}
	return said
}

// rowOf returns an item as the model prints it.
func rowOf(it attributes) string {
	if it == nil {
		return "none"
	}
	r := row{pk: it.text("pk"), sk: it.number("sk"), g: it.text("g"), has: it["n"] != nil, n: it.number("n")}
	return r.String()
}

// modelTables has a table with an index, like the model.
var modelTables = []string{`{"TableName":"model","BillingMode":"PAY_PER_REQUEST",
	"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"}],
	"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
	"LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}],
	"GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}]}`}

// row is an item of the model: a key, an attribute that an index is by, and a
// number that may be there.
type row struct {
	pk  string
	sk  int
	g   string
	has bool
	n   int
}

func (r row) String() string {
	if !r.has {
		return fmt.Sprintf("%s/%d %s", r.pk, r.sk, r.g)
	}
	return fmt.Sprintf("%s/%d %s n=%d", r.pk, r.sk, r.g, r.n)
}

type rowKey struct {
	pk string
	sk int
}

func (k rowKey) json() string { return fmt.Sprintf(`{"pk":{"S":"%s"},"sk":{"N":"%d"}}`, k.pk, k.sk) }

func (r row) key() rowKey { return rowKey{r.pk, r.sk} }

// json returns the item as it is sent, with ballast that the model leaves out.
func (r row) json() string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"pk":{"S":"%s"},"sk":{"N":"%d"},"pad":{"S":"%s"}`, r.pk, r.sk, strings.Repeat("y", 40*(r.sk+10)))
	if r.g != "" {
		fmt.Fprintf(&b, `,"g":{"S":"%s"}`, r.g)
	}
	if r.has {
		fmt.Fprintf(&b, `,"n":{"N":"%d"}`, r.n)
	}
	return b.String() + "}"
}

// model is the table as a map of items.
type model struct{ rows map[rowKey]row }

func newModel() *model { return &model{map[rowKey]row{}} }

// old returns an item as ReturnValues ALL_OLD does.
func (m *model) old(k rowKey) string {
	if r, ok := m.rows[k]; ok {
		return r.String()
	}
	return "none"
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

// condition is a condition of a write, with what makes it hold.
type condition struct {
	text  string // empty: none
	holds func(r row, there bool) bool
}

// json returns the members of a request that say the condition.
func (c condition) json(values string) string {
	said := ""
	if c.text != "" {
		said = `,"ConditionExpression":"` + c.text + `"`
		if strings.Contains(c.text, ":c") {
			values = strings.TrimPrefix(values+`,":c":{"N":"3"}`, ",")
		}
	}
	if values != "" {
		said += `,"ExpressionAttributeValues":{` + values + `}`
	}
	return said
}

var conditions = []condition{
	{"", func(row, bool) bool { return true }},
	{"", func(row, bool) bool { return true }},
	{"attribute_exists(pk)", func(_ row, there bool) bool { return there }},
	{"attribute_not_exists(pk)", func(_ row, there bool) bool { return !there }},
	{"n < :c", func(r row, there bool) bool { return there && r.has && r.n < 3 }},
	{"NOT n BETWEEN :c AND :c OR attribute_not_exists(g)", func(r row, there bool) bool { return !(r.has && r.n == 3) || r.g == "" }},
}

const conditionFailed = "ConditionalCheckFailedException"

// randomScript returns so many random calls.
func randomScript(r *rand.Rand, n int) (script []step) {
	kinds := []func(*rand.Rand) step{
		putStep, putStep, putStep, updateStep, updateStep, deleteStep, getStep, batchStep, transactStep, transactStep,
		queryStep, queryStep, scanStep, globalStep, localStep, countStep, invalidStep,
	}
	for range n {
		script = append(script, kinds[r.IntN(len(kinds))](r))
	}
	return script
}

func randomKey(r *rand.Rand) rowKey {
	return rowKey{[]string{"a", "b", "c"}[r.IntN(3)], r.IntN(13) - 4}
}

func randomRow(r *rand.Rand) row {
	k := randomKey(r)
	it := row{pk: k.pk, sk: k.sk, g: []string{"", "g", "h"}[r.IntN(3)]}
	if it.has = r.IntN(4) > 0; it.has {
		it.n = r.IntN(7) - 2
	}
	return it
}

func putStep(r *rand.Rand) step {
	it, c := randomRow(r), conditions[r.IntN(len(conditions))]
	body := fmt.Sprintf(`{"TableName":"model","ReturnValues":"ALL_OLD","ReturnConsumedCapacity":"INDEXES","Item":%s%s}`, it.json(), c.json(""))
	return step{operation: "PutItem", body: body, play: func(m *model) string {
		before, there := m.rows[it.key()]
		if !c.holds(before, there) {
			return conditionFailed
		}
		was := m.old(it.key())
		m.rows[it.key()] = it
		return was
	}}
}

func deleteStep(r *rand.Rand) step {
	k, c := randomKey(r), conditions[r.IntN(len(conditions))]
	body := fmt.Sprintf(`{"TableName":"model","ReturnValues":"ALL_OLD","ReturnConsumedCapacity":"INDEXES","Key":%s%s}`, k.json(), c.json(""))
	return step{operation: "DeleteItem", body: body, play: func(m *model) string {
		before, there := m.rows[k]
		if !c.holds(before, there) {
			return conditionFailed
		}
		was := m.old(k)
		delete(m.rows, k)
		return was
	}}
}

// updateStep counts up: it makes what is not there.
func updateStep(r *rand.Rand) step {
	k, c, by := randomKey(r), conditions[r.IntN(len(conditions))], r.IntN(5)-2
	g := []string{"", "g", "h"}[r.IntN(3)]
	change, values := `ADD n :by REMOVE g`, fmt.Sprintf(`":by":{"N":"%d"}`, by)
	if g != "" {
		change, values = `ADD n :by SET g = :g`, values+`,":g":{"S":"`+g+`"}`
	}
	body := fmt.Sprintf(`{"TableName":"model","ReturnValues":"ALL_NEW","ReturnConsumedCapacity":"INDEXES","Key":%s,"UpdateExpression":"%s"%s}`, k.json(), change, c.json(values))
	return step{operation: "UpdateItem", body: body, play: func(m *model) string {
		it, there := m.rows[k]
		if !c.holds(it, there) {
			return conditionFailed
		}
		m.rows[k] = row{k.pk, k.sk, g, true, it.n + by}
		return m.old(k)
	}}
}

func getStep(r *rand.Rand) step {
	k := randomKey(r)
	body := fmt.Sprintf(`{"TableName":"model","ConsistentRead":%v,"ReturnConsumedCapacity":"TOTAL","Key":%s}`, r.IntN(2) == 0, k.json())
	return step{operation: "GetItem", body: body, play: func(m *model) string { return m.old(k) }}
}

// batchStep puts and deletes some items, different ones.
func batchStep(r *rand.Rand) step {
	puts, deletes := map[rowKey]row{}, map[rowKey]bool{}
	for range 1 + r.IntN(6) {
		if it := randomRow(r); r.IntN(3) > 0 {
			puts[it.key()] = it
		} else {
			deletes[it.key()] = true
		}
	}
	var requests []string
	for _, k := range sortedKeys(puts) {
		requests = append(requests, `{"PutRequest":{"Item":`+puts[k].json()+`}}`)
		delete(deletes, k)
	}
	for _, k := range sortedKeys(deletes) {
		requests = append(requests, `{"DeleteRequest":{"Key":`+k.json()+`}}`)
	}
	return step{operation: "BatchWriteItem", body: `{"RequestItems":{"model":[` + strings.Join(requests, ",") + `]}}`, play: func(m *model) string {
		maps.Copy(m.rows, puts)
		for k := range deletes {
			delete(m.rows, k)
		}
		return ""
	}}
}

func sortedKeys[V any](of map[rowKey]V) []rowKey {
	return slices.SortedFunc(maps.Keys(of), func(a, b rowKey) int { return strings.Compare(a.json(), b.json()) })
}

// transactStep puts some items under conditions, all or nothing.
func transactStep(r *rand.Rand) step {
	rows := map[rowKey]row{}
	for range 1 + r.IntN(4) {
		it := randomRow(r)
		rows[it.key()] = it
	}
	keys, conds := sortedKeys(rows), []condition{}
	var actions []string
	for _, k := range keys {
		c := conditions[r.IntN(len(conditions))]
		conds = append(conds, c)
		actions = append(actions, `{"Put":{"TableName":"model","Item":`+rows[k].json()+c.json("")+`}}`)
	}
	return step{operation: "TransactWriteItems", body: `{"TransactItems":[` + strings.Join(actions, ",") + `]}`, play: func(m *model) string {
		canceled, reasons := false, ""
		for i, k := range keys {
			before, there := m.rows[k]
			if conds[i].holds(before, there) {
				reasons += " None"
			} else {
				reasons, canceled = reasons+" ConditionalCheckFailed", true
			}
		}
		if canceled {
			return "TransactionCanceledException" + reasons
		}
		maps.Copy(m.rows, rows)
		return ""
	}}
}

// queryStep reads a page of a partition, up or down, from somewhere.
func queryStep(r *rand.Rand) step {
	k, from, limit, down := randomKey(r), r.IntN(13)-4, r.IntN(5), r.IntN(2) == 0
	body := fmt.Sprintf(`{"TableName":"model","ConsistentRead":true,"ReturnConsumedCapacity":"TOTAL","ScanIndexForward":%v,"KeyConditionExpression":"pk = :p AND sk >= :f","ExpressionAttributeValues":{":p":{"S":"%s"},":f":{"N":"%d"}}`, !down, k.pk, from)
	if limit > 0 {
		body += fmt.Sprintf(`,"Limit":%d`, limit)
	}
	return step{operation: "Query", body: body + "}", play: func(m *model) string {
		rows := m.where(func(x row) bool { return x.pk == k.pk && x.sk >= from })
		if down {
			slices.Reverse(rows)
		}
		if limit > 0 {
			rows = rows[:min(limit, len(rows))]
		}
		return texts(rows, true)
	}}
}

// scanStep reads the table or an index, page by page, with a filter.
func scanStep(r *rand.Rand) step {
	index := []string{"", "global", "local"}[r.IntN(3)]
	body := fmt.Sprintf(`{"TableName":"model","ReturnConsumedCapacity":"TOTAL","Limit":%d,"FilterExpression":"sk > :s","ExpressionAttributeValues":{":s":{"N":"1"}}`, 1+r.IntN(9))
	if index != "" {
		body += `,"IndexName":"` + index + `"`
	}
	return step{operation: "Scan", body: body + "}", pages: true, play: func(m *model) string {
		return texts(m.where(func(x row) bool {
			return x.sk > 1 && (index != "global" || x.g != "") && (index != "local" || x.has)
		}), false)
	}}
}

func globalStep(r *rand.Rand) step {
	g := []string{"g", "h"}[r.IntN(2)]
	body := fmt.Sprintf(`{"TableName":"model","IndexName":"global","Limit":%d,"KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"%s"}}}`, 1+r.IntN(9), g)
	return step{operation: "Query", body: body, pages: true, play: func(m *model) string {
		return texts(m.where(func(x row) bool { return x.g == g }), false)
	}}
}

func localStep(r *rand.Rand) step {
	k := randomKey(r)
	body := fmt.Sprintf(`{"TableName":"model","IndexName":"local","ConsistentRead":true,"KeyConditionExpression":"pk = :p AND n < :n","ExpressionAttributeValues":{":p":{"S":"%s"},":n":{"N":"2"}}}`, k.pk)
	return step{operation: "Query", body: body, pages: true, play: func(m *model) string {
		return texts(m.where(func(x row) bool { return x.pk == k.pk && x.has && x.n < 2 }), false)
	}}
}

// countStep asks for the count of all items, which is always true.
func countStep(*rand.Rand) step {
	return step{operation: "DescribeTable", body: `{"TableName":"model"}`, play: func(m *model) string { return fmt.Sprint(len(m.rows)) }}
}

// invalidStep makes a call that is refused and changes nothing.
func invalidStep(r *rand.Rand) step {
	bad := []struct{ operation, body, kind string }{
		{"PutItem", `{"TableName":"model","Item":{"pk":{"S":"a"}}}`, "ValidationException"},
		{"PutItem", `{"TableName":"model","Item":{"pk":{"S":"a"},"sk":{"N":"1"},"g":{"N":"1"}}}`, "ValidationException"},
		{"PutItem", `{"TableName":"none","Item":{"pk":{"S":"a"},"sk":{"N":"1"}}}`, "ResourceNotFoundException"},
		{"UpdateItem", `{"TableName":"model","Key":{"pk":{"S":"a"},"sk":{"N":"1"}},"UpdateExpression":"SET n = n + g"}`, "ValidationException"},
		{"UpdateItem", `{"TableName":"model","Key":{"pk":{"S":"a"},"sk":{"N":"1"}},"UpdateExpression":"SET sk = :v","ExpressionAttributeValues":{":v":{"N":"1"}}}`, "ValidationException"},
		{"Query", `{"TableName":"model","KeyConditionExpression":"sk = :v","ExpressionAttributeValues":{":v":{"N":"1"}}}`, "ValidationException"},
		{"TransactWriteItems", `{"TransactItems":[{"Delete":{"TableName":"model","Key":{"pk":{"S":"a"},"sk":{"N":"1"}}}},{"Delete":{"TableName":"model","Key":{"pk":{"S":"a"},"sk":{"N":"1.0"}}}}]}`, "ValidationException"},
	}[r.IntN(7)]
	return step{operation: bad.operation, body: bad.body, play: func(*model) string { return bad.kind }}
}
