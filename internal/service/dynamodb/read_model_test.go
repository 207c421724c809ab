package dynamodb

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

const createModel = `{"TableName":"model","BillingMode":"PAY_PER_REQUEST",
 "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"B"},{"AttributeName":"n","AttributeType":"N"},{"AttributeName":"s","AttributeType":"S"},{"AttributeName":"b","AttributeType":"B"}],
 "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
 "LocalSecondaryIndexes":[
  {"IndexName":"localN","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}},
  {"IndexName":"localS","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],
 "GlobalSecondaryIndexes":[
  {"IndexName":"globalS","KeySchema":[{"AttributeName":"s","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}},
  {"IndexName":"globalNB","KeySchema":[{"AttributeName":"n","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["f"]}},
  {"IndexName":"globalMany","KeySchema":[{"AttributeName":"s","KeyType":"HASH"},{"AttributeName":"n","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"},{"AttributeName":"sk","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}]}`

// modelView is what a read reads, in terms of attributes.
type modelView struct {
	index     string // "": the table
	partition []string
	sort      []string
	ties      []string // what entries of one index key are ordered by
}

var modelViews = []modelView{
	{"", []string{"pk"}, []string{"sk"}, nil},
	{"localN", []string{"pk"}, []string{"n"}, []string{"sk"}},
	{"localS", []string{"pk"}, []string{"s"}, []string{"sk"}},
	{"globalS", []string{"s"}, nil, []string{"pk", "sk"}},
	{"globalNB", []string{"n"}, []string{"b"}, []string{"pk", "sk"}},
	{"globalMany", []string{"s", "n"}, []string{"b", "sk"}, []string{"pk"}},
}

// model is the table as a list of items.
type model struct {
	world *world
	rng   *rand.Rand
	items []item.Item
}

// TestReadsFollowModel writes at random, then asks at random, and compares what
// comes with the answer of a loop over all items: every view, operator and
// direction, with limits and filters, each time through to the last page.
func TestReadsFollowModel(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			m := &model{world: newWorld(t), rng: rand.New(rand.NewPCG(seed, 7))}
			m.world.must(t, "CreateTable", createModel)
			for range 250 {
				m.write(t)
			}
			for range 400 {
				m.checkQuery(t)
			}
			for range 40 {
				m.checkScan(t)
			}
		})
	}
}

// write puts an item, or deletes one.
func (m *model) write(t *testing.T) {
	b := item.NewBuilder(nil)
	b.BeginMap()
	b.Field("pk", m.value("pk"))
	b.Field("sk", m.value("sk"))
	for _, name := range []string{"n", "s", "b", "f"} {
		if m.rng.IntN(4) > 0 {
			b.Field(name, m.value(name))
		}
	}
	b.EndMap()
	it := b.Item()
	m.items = slices.DeleteFunc(m.items, func(old item.Item) bool { return identity(old) == identity(it) })
	if m.rng.IntN(5) == 0 {
		pk, _ := it.Get("pk")
		sk, _ := it.Get("sk")
		m.world.must(t, "DeleteItem", fmt.Sprintf(`{"TableName":"model","Key":{"pk":%s,"sk":%s}}`, pk.AppendJSON(nil), sk.AppendJSON(nil)))
		return
	}
	m.items = append(m.items, it)
	m.world.must(t, "PutItem", fmt.Sprintf(`{"TableName":"model","Item":%s}`, it.AppendJSON(nil)))
}

// value returns one of a few values that an attribute can have.
func (m *model) value(attribute string) item.Value {
	switch attribute {
	case "pk", "s":
		return item.String([]string{"a", "ab", "a\x00", "é"}[m.rng.IntN(4)])
	case "n", "f":
		return item.Number(item.Int(int64(m.rng.IntN(5) - 2)))
	}
	value := make([]byte, 1+m.rng.IntN(3))
	for i := range value {
		value[i] = []byte{0, 1, 0xff}[m.rng.IntN(3)]
	}
	return item.Binary(value)
}

// identity names an item.
func identity(it item.Item) string {
	pk, _ := it.Get("pk")
	sk, _ := it.Get("sk")
	return fmt.Sprintf("%q %x", pk.Bytes(), sk.Bytes())
}

// entries returns the items that a view has, in its order within each partition.
func (m *model) entries(v modelView) []item.Item {
	entries := slices.DeleteFunc(slices.Clone(m.items), func(it item.Item) bool {
		for _, name := range slices.Concat(v.partition, v.sort) {
			if _, ok := it.Get(name); !ok {
				return true
			}
		}
		return false
	})
	slices.SortFunc(entries, func(a, b item.Item) int {
		for _, name := range slices.Concat(v.partition, v.sort, v.ties) {
			x, _ := a.Get(name)
			y, _ := b.Get(name)
			if c, _ := item.Compare(x, y); c != 0 {
				return c
			}
		}
		return 0
	})
	return entries
}

// modelTerm is a condition on one attribute.
type modelTerm struct {
	name, operator string
	value, upper   item.Value
}

func (c modelTerm) holds(it item.Item) bool {
	v, _ := it.Get(c.name)
	order, _ := item.Compare(v, c.value)
	switch c.operator {
	case "=":
		return order == 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "BETWEEN":
		above, _ := item.Compare(v, c.upper)
		return order >= 0 && above <= 0
	}
	return bytes.HasPrefix(v.Bytes(), c.value.Bytes())
}

func (c modelTerm) text() string {
	switch c.operator {
	case "BETWEEN":
		return fmt.Sprintf("#%s BETWEEN :%s AND :%s2", c.name, c.name, c.name)
	case "begins_with":
		return fmt.Sprintf("begins_with(#%s, :%s)", c.name, c.name)
	}
	return fmt.Sprintf("#%s %s :%s", c.name, c.operator, c.name)
}

// terms returns a random key condition that fits a view.
func (m *model) terms(v modelView) (terms []modelTerm) {
	for _, name := range v.partition {
		terms = append(terms, modelTerm{name: name, operator: "=", value: m.value(name)})
	}
	for _, name := range v.sort[:m.rng.IntN(len(v.sort)+1)] {
		terms = append(terms, modelTerm{name: name, operator: "=", value: m.value(name)})
	}
	if last := len(terms) - 1; last >= len(v.partition) {
		c := &terms[last]
		c.operator = []string{"=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"}[m.rng.IntN(7)]
		if c.operator == "begins_with" && c.value.Kind() == item.N {
			c.operator = ">"
		}
		if c.operator == "BETWEEN" {
			c.upper = m.value(c.name)
			if order, _ := item.Compare(c.value, c.upper); order > 0 {
				c.value, c.upper = c.upper, c.value
			}
		}
	}
	m.rng.Shuffle(len(terms), func(i, j int) { terms[i], terms[j] = terms[j], terms[i] })
	return terms
}

// checkQuery asks one random query of both.
func (m *model) checkQuery(t *testing.T) {
	t.Helper()
	v := modelViews[m.rng.IntN(len(modelViews))]
	terms := m.terms(v)
	want := slices.DeleteFunc(m.entries(v), func(it item.Item) bool {
		return slices.ContainsFunc(terms, func(c modelTerm) bool { return !c.holds(it) })
	})
	reverse := m.rng.IntN(2) == 0
	if reverse {
		slices.Reverse(want)
	}
	var conditions, names, values []string
	for _, c := range terms {
		conditions = append(conditions, c.text())
		names = append(names, fmt.Sprintf(`"#%s":"%s"`, c.name, c.name))
		values = append(values, fmt.Sprintf(`":%s":%s`, c.name, c.value.AppendJSON(nil)))
		if c.upper != nil {
			values = append(values, fmt.Sprintf(`":%s2":%s`, c.name, c.upper.AppendJSON(nil)))
		}
	}
	body := fmt.Sprintf(`"KeyConditionExpression":"%s","ScanIndexForward":%v`, strings.Join(conditions, " AND "), !reverse)
	var filter func(item.Item) bool
	if m.rng.IntN(3) == 0 && v.index != "localS" { // which does not hold f
		names = append(names, `"#f":"f"`)
		values = append(values, `":f":{"N":"0"}`)
		body += `,"FilterExpression":"#f > :f"`
		filter = modelTerm{name: "f", operator: ">", value: item.Number(item.Int(0))}.holds
	}
	body += fmt.Sprintf(`,"ExpressionAttributeNames":{%s},"ExpressionAttributeValues":{%s}`, strings.Join(names, ","), strings.Join(values, ","))
	m.checkPages(t, "Query", v, body, want, filter)
}

// checkPages asks for all pages and compares what they hold with the items that
// are wanted.
func (m *model) checkPages(t *testing.T, operation string, v modelView, body string, want []item.Item, filter func(item.Item) bool) {
	t.Helper()
	got, evaluated := m.pages(t, operation, v, body)
	if evaluated != len(want) {
		t.Fatalf("%s %s on %q: %d evaluated, want %d", operation, body, v.index, evaluated, len(want))
	}
	if filter != nil {
		want = slices.DeleteFunc(want, func(it item.Item) bool { return !filter(it) })
	}
	if !slices.EqualFunc(got, want, func(a, b item.Item) bool { return identity(a) == identity(b) }) {
		t.Fatalf("%s %s on %q:\n%v, want\n%v", operation, body, v.index, got, want)
	}
	for i := range got {
		if whole := v.index == "" || v.index == "localN" || v.index == "globalS"; whole && !got[i].Equal(want[i]) {
			t.Fatalf("%s %s on %q: item %v, want %v", operation, body, v.index, got[i], want[i])
		}
	}
}

// pages reads to the last page, with a random limit.
func (m *model) pages(t *testing.T, operation string, v modelView, body string) (items []item.Item, evaluated int) {
	t.Helper()
	if v.index != "" {
		body += `,"IndexName":"` + v.index + `"`
	}
	limit := m.rng.IntN(4) // 0 is none
	if limit > 0 {
		body += fmt.Sprintf(`,"Limit":%d`, limit)
	}
	start := ""
	for {
		a := m.world.read(t, operation, `{"TableName":"model",`+body+start+`}`)
		evaluated += a.ScannedCount
		for _, raw := range a.Items {
			d := awsjson.NewDecoder(raw)
			items = append(items, item.DecodeAttributes(&d).Item)
		}
		if a.Count != len(a.Items) {
			t.Fatalf("%s %s: Count %d of %d items", operation, body, a.Count, len(a.Items))
		}
		if a.LastEvaluatedKey == nil {
			return items, evaluated
		}
		if a.ScannedCount != limit {
			t.Fatalf("%s %s: a page that is not the last evaluates %d", operation, body, a.ScannedCount)
		}
		start = `,"ExclusiveStartKey":` + string(a.LastEvaluatedKey)
	}
}

// checkScan scans a view in segments: each of its entries comes once, those of
// one partition together and in order.
func (m *model) checkScan(t *testing.T) {
	t.Helper()
	v := modelViews[m.rng.IntN(len(modelViews))]
	total := 1 + m.rng.IntN(5)
	var all []item.Item
	for segment := range total {
		items, _ := m.pages(t, "Scan", v, fmt.Sprintf(`"Segment":%d,"TotalSegments":%d`, segment, total))
		all = append(all, items...)
	}
	byPartition := func(a, b item.Item) int {
		for _, name := range v.partition {
			x, _ := a.Get(name)
			y, _ := b.Get(name)
			if c, _ := item.Compare(x, y); c != 0 {
				return c
			}
		}
		return 0
	}
	samePartition := func(a, b item.Item) bool { return byPartition(a, b) == 0 }
	runs := len(slices.CompactFunc(slices.Clone(all), samePartition))
	slices.SortStableFunc(all, byPartition) // leaves the order within each as it came
	if partitions := len(slices.CompactFunc(slices.Clone(all), samePartition)); runs != partitions {
		t.Fatalf("scan of %q in %d segments: %d partitions come in %d pieces", v.index, total, partitions, runs)
	}
	if want := m.entries(v); !slices.EqualFunc(all, want, func(a, b item.Item) bool { return identity(a) == identity(b) }) {
		t.Fatalf("scan of %q in %d segments:\n%v, want\n%v", v.index, total, all, want)
	}
}
