package proof

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

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

func randomKey(r *rand.Rand) rowKey {
	return rowKey{[]string{"a", "b", "c"}[r.IntN(3)], r.IntN(13) - 4}
}

// expiries are when an item expires, in seconds after the beginning: never, at
// once, some time later, or so long ago that it never goes.
var expiries = []int64{0, 0, 0, -3630, 630, 6030, 10_030, 20_030, 40_030, -200_000_030}

func randomRow(r *rand.Rand) row {
	k := randomKey(r)
	it := row{pk: k.pk, sk: k.sk, g: []string{"", "g", "h"}[r.IntN(3)], pad: true}
	if it.has = r.IntN(4) > 0; it.has {
		it.n = r.IntN(7) - 2
	}
	it.ttl = expiries[r.IntN(len(expiries))]
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
		m.put(it)
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
		m.remove(k)
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
		m.put(row{k.pk, k.sk, g, true, it.n + by, it.ttl, it.pad})
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
		m.putAll(puts)
		for k := range deletes {
			m.remove(k)
		}
		return ""
	}}
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
		m.putAll(rows)
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

// segmentsStep reads the table in segments, each to its end.
func segmentsStep(r *rand.Rand) step {
	n, limit := 2+r.IntN(3), 1+r.IntN(5)
	return step{operation: "Scan", body: fmt.Sprint(n, " segments, pages of ", limit), play: func(m *model) string {
		return texts(m.where(func(row) bool { return true }), false)
	}, other: func(p *player) string {
		var rows []string
		for segment := range n {
			one := step{operation: "Scan", pages: true, body: fmt.Sprintf(`{"TableName":"model","TotalSegments":%d,"Segment":%d,"Limit":%d}`, n, segment, limit)}
			if _, seen := one.make(p); seen != "" {
				rows = append(rows, strings.Split(seen, "; ")...)
			}
		}
		slices.Sort(rows)
		return strings.Join(rows, "; ")
	}}
}

// getsStep reads some items at once, in a batch or in a transaction.
func getsStep(r *rand.Rand) step {
	var keys []rowKey
	var batch, transaction []string
	for range 1 + r.IntN(6) {
		if k := randomKey(r); !slices.Contains(keys, k) {
			keys = append(keys, k)
			batch = append(batch, k.json())
			transaction = append(transaction, `{"Get":{"TableName":"model","Key":`+k.json()+`}}`)
		}
	}
	if r.IntN(2) == 0 {
		return step{operation: "TransactGetItems", body: `{"ReturnConsumedCapacity":"TOTAL","TransactItems":[` + strings.Join(transaction, ",") + `]}`, play: func(m *model) string {
			var rows []string
			for _, k := range keys {
				rows = append(rows, m.old(k))
			}
			return strings.Join(rows, "; ")
		}}
	}
	return step{operation: "BatchGetItem", pages: true, body: `{"ReturnConsumedCapacity":"TOTAL","RequestItems":{"model":{"Keys":[` + strings.Join(batch, ",") + `]}}}`, play: func(m *model) string {
		return texts(m.where(func(x row) bool { return slices.Contains(keys, x.key()) }), false)
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

// countStep asks for the count of all items, which is always true, as is the
// state of indexes.
func countStep(*rand.Rand) step {
	return step{operation: "DescribeTable", body: `{"TableName":"model"}`, play: func(*model) string { return "" }, other: (*player).unsettled}
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
