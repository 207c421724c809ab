package dynamodb

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
)

const createTwin = `{"TableName":"twin","BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"},
 "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"},{"AttributeName":"n","AttributeType":"N"}],
 "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
 "GlobalSecondaryIndexes":[{"IndexName":"byN","KeySchema":[{"AttributeName":"n","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}]}`

// twins are two services: one is told in PartiQL what the other is told in
// operations and expressions. They must give the same answers, and end with the
// same items, index entries, counters and change records in the store.
type twins struct {
	ql, ops *world
	rng     *rand.Rand
}

// TestStatementsFollowOperations tells the twins the same at random.
func TestStatementsFollowOperations(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := &twins{newWorld(t), newWorld(t), rand.New(rand.NewPCG(seed, 11))}
			w.ql.must(t, "CreateTable", createTwin)
			w.ops.must(t, "CreateTable", createTwin)
			for range 300 {
				[]func(*testing.T){w.insert, w.update, w.update, w.delete}[w.rng.IntN(4)](t)
				w.read(t)
			}
			if got, want := w.ql.keys(t), w.ops.keys(t); got != want {
				t.Errorf("the stores differ:\n%s\nand\n%s", got, want)
			}
			if got, want := w.ql.lines(t, 'c'), w.ops.lines(t, 'c'); len(got) < 50 || !slices.Equal(got, want) {
				t.Errorf("the change records differ: %q\nand %q", got, want)
			}
		})
	}
}

// twinText is a piece of a statement and of an expression, which share values:
// a question mark in one is a :v0, :v1... in the other.
type twinText struct {
	ql, ex string
	values []item.Value
}

// twinf makes a text of a format with a % for each value, as PartiQL and
// expressions write it alike.
func twinf(format string, values ...item.Value) twinText {
	return twinText{ql: strings.ReplaceAll(format, "%", "?"), ex: format, values: values}
}

// join writes two texts with a word between them.
func (a twinText) join(word string, b twinText) twinText {
	return twinText{a.ql + word + b.ql, a.ex + word + b.ex, slices.Concat(a.values, b.values)}
}

// expression returns the text as an expression, and its values from a number on.
func (a twinText) expression(from int) (text string, values []string) {
	text = a.ex
	for i, v := range a.values {
		text = strings.Replace(text, "%", fmt.Sprintf(":v%d", from+i), 1)
		values = append(values, fmt.Sprintf(`":v%d":%s`, from+i, v.AppendJSON(nil)))
	}
	return text, values
}

func (a twinText) parameters() string {
	if a.values == nil {
		return ""
	}
	list := make([]string, len(a.values))
	for i, v := range a.values {
		list[i] = string(v.AppendJSON(nil))
	}
	return `,"Parameters":[` + strings.Join(list, ",") + `]`
}

func (w *twins) value() item.Value {
	switch w.rng.IntN(8) {
	case 0:
		return item.Null()
	case 1:
		return item.Bool(w.rng.IntN(2) == 0)
	case 2:
		v, _ := item.NewSet(item.SS, [][]byte{[]byte("a"), []byte("b")})
		return v
	case 3:
		b := item.NewBuilder(nil)
		b.BeginList()
		b.Value(w.scalar())
		b.Value(w.scalar())
		b.EndList()
		return b.Finish()
	}
	return w.scalar()
}

func (w *twins) scalar() item.Value {
	if w.rng.IntN(2) == 0 {
		return item.String([]string{"", "a", "ab"}[w.rng.IntN(3)])
	}
	return w.number()
}

func (w *twins) number() item.Value { return item.Number(item.Int(int64(w.rng.IntN(4)))) }

// key returns the equalities that pin an item, and its key.
func (w *twins) key() (where twinText, key string) {
	pk, sk := item.String([]string{"x", "y"}[w.rng.IntN(2)]), w.number()
	return twinf("pk = % AND sk = %", pk, sk), fmt.Sprintf(`"Key":{"pk":%s,"sk":%s}`, pk.AppendJSON(nil), sk.AppendJSON(nil))
}

// path returns the path of an attribute that is no key.
func (w *twins) path() string {
	return []string{"n", "s", "l", "l[0]", "m.k", "m.k[1]"}[w.rng.IntN(6)]
}

// condition returns a random condition.
func (w *twins) condition(depth int) twinText {
	if depth > 0 {
		switch w.rng.IntN(5) {
		case 0:
			return twinText{"(", "(", nil}.join("", w.condition(depth-1)).join(" OR ", w.condition(depth-1)).join("", twinText{")", ")", nil})
		case 1:
			return w.condition(depth-1).join(" AND ", w.condition(depth-1))
		case 2:
			return twinText{"NOT (", "NOT (", nil}.join("", w.condition(depth-1).join(" AND ", w.condition(0))).join("", twinText{")", ")", nil})
		}
	}
	p := w.path()
	switch w.rng.IntN(12) {
	case 0:
		return twinText{p + " IS MISSING", "attribute_not_exists(" + p + ")", nil}
	case 1:
		return twinText{p + " IS NOT MISSING", "attribute_exists(" + p + ")", nil}
	case 2:
		return twinText{p + " IS NOT NULL", "NOT attribute_type(" + p + ", %)", []item.Value{item.String("NULL")}}.qlWithout()
	case 3:
		return twinf("begins_with("+p+", %)", item.String("a"))
	case 4:
		return twinf("contains("+p+", %)", w.scalar())
	case 5:
		return twinf("size("+p+") >= %", w.number())
	case 6:
		lower, upper := w.number(), w.number()
		if c, _ := item.Compare(lower, upper); c > 0 {
			lower, upper = upper, lower
		}
		return twinf(p+" BETWEEN % AND %", lower, upper)
	case 7:
		return twinf(p+" IN (%, %)", w.value(), w.value())
	case 8: // PartiQL's is false for what is not there
		c := twinf("% <> "+p, w.scalar())
		c.ex = "(attribute_exists(" + p + ") AND " + c.ex + ")"
		return c
	}
	return twinf(p+" "+[]string{"=", "<", "<=", ">", ">="}[w.rng.IntN(5)]+" %", w.scalar())
}

// qlWithout is a text whose values are the expression's alone.
func (a twinText) qlWithout() twinText {
	for _, v := range a.values {
		a.ex = strings.Replace(a.ex, "%", ":"+strings.ToLower(string(v.Bytes())), 1)
	}
	a.values = nil
	return a
}

// namedValues are those that qlWithout refers to.
func namedValues(text string) []string {
	if strings.Contains(text, ":null") {
		return []string{`":null":{"S":"NULL"}`}
	}
	return nil
}

// insert puts an item where none is.
func (w *twins) insert(t *testing.T) {
	b := item.NewBuilder(nil)
	b.BeginMap()
	b.Field("pk", item.String([]string{"x", "y"}[w.rng.IntN(2)]))
	b.Field("sk", w.number())
	if w.rng.IntN(2) == 0 {
		b.Field("n", w.number())
	}
	b.Field("s", w.value())
	b.Field("l", w.value())
	b.NameString("m")
	b.BeginMap()
	b.Field("k", w.value())
	b.EndMap()
	b.EndMap()
	it := string(b.Item().AppendJSON(nil))
	got := w.ql.say("ExecuteStatement", `{"Statement":"INSERT INTO twin VALUE ?","Parameters":[{"M":`+it+`}],"ReturnConsumedCapacity":"INDEXES"}`)
	want := w.ops.say("PutItem", `{"TableName":"twin","Item":`+it+`,"ConditionExpression":"attribute_not_exists(pk)","ReturnConsumedCapacity":"INDEXES"}`)
	want.kind = strings.Replace(want.kind, "ConditionalCheckFailedException", "DuplicateItemException", 1)
	want.message = strings.Replace(want.message, textConditionFailed, textDuplicateItem, 1)
	w.same(t, "INSERT "+it, got, want)
}

// update changes an item that is there.
func (w *twins) update(t *testing.T) {
	where, key := w.key()
	var set twinText
	switch p := w.path(); w.rng.IntN(7) {
	case 0:
		set = twinText{"REMOVE " + p, "REMOVE " + p, nil}
	case 1:
		set = twinf("SET "+p+" = "+p+" + %", w.number())
	case 2:
		set = twinf("SET n = % - n", w.number())
	case 3:
		set = twinf("SET l = list_append(if_not_exists(l, %), l)", w.value())
	case 4:
		v, _ := item.NewSet(item.SS, [][]byte{[]byte("b"), []byte("c")})
		set = twinText{"SET " + p + " = set_add(" + p + ", ?)", "ADD " + p + " %", []item.Value{v}}
	case 5:
		v, _ := item.NewSet(item.SS, [][]byte{[]byte("b"), []byte("c")})
		set = twinText{"SET " + p + " = set_delete(" + p + ", ?)", "DELETE " + p + " %", []item.Value{v}}
	default:
		set = twinf("SET "+p+" = %, s = l", w.value())
	}
	if set.ql == "REMOVE n" || w.rng.IntN(3) > 0 {
		where = where.join(" AND ", w.condition(2))
	}
	returning := w.rng.IntN(4)
	whole := set.join(" WHERE ", where)
	statement := "UPDATE twin " + whole.ql + " RETURNING " + []string{"ALL OLD", "MODIFIED OLD", "ALL NEW", "MODIFIED NEW"}[returning] + " *"
	got := w.ql.say("ExecuteStatement", w.statement(statement, whole))

	update, values := set.expression(0)
	condition, more := where.expression(len(set.values))
	values = slices.Concat(values, more, namedValues(condition))
	want := w.ops.say("UpdateItem", fmt.Sprintf(`{"TableName":"twin",%s,"UpdateExpression":"%s","ConditionExpression":"attribute_exists(pk) AND %s",%s
		"ReturnValues":"%s","ReturnConsumedCapacity":"INDEXES","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`,
		key, update, condition, valuesMember(values), []string{allOld, updatedOld, allNew, updatedNew}[returning]))
	want.message = strings.TrimPrefix(strings.TrimPrefix(want.message, "1 validation error detected: "), "Invalid UpdateExpression: ")
	w.same(t, statement, got, want)
}

// delete removes an item.
func (w *twins) delete(t *testing.T) {
	where, key := w.key()
	if w.rng.IntN(3) > 0 {
		where = where.join(" AND ", w.condition(2))
	} else if w.rng.IntN(2) == 0 { // without a condition even a missing item is removed
		statement := "DELETE FROM twin WHERE " + where.ql
		w.same(t, statement, w.ql.say("ExecuteStatement", w.statement(statement, where)),
			w.ops.say("DeleteItem", `{"TableName":"twin",`+key+`,"ReturnConsumedCapacity":"INDEXES"}`))
		return
	}
	where = where.join(" AND ", twinText{"pk IS NOT MISSING", "attribute_exists(pk)", nil})
	statement := "DELETE FROM twin WHERE " + where.ql + " RETURNING ALL OLD *"
	got := w.ql.say("ExecuteStatement", w.statement(statement, where))
	condition, values := where.expression(0)
	want := w.ops.say("DeleteItem", fmt.Sprintf(`{"TableName":"twin",%s,"ConditionExpression":"%s",%s
		"ReturnValues":"ALL_OLD","ReturnConsumedCapacity":"INDEXES","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`,
		key, condition, valuesMember(slices.Concat(values, namedValues(condition)))))
	w.same(t, statement, got, want)
}

// valuesMember is ExpressionAttributeValues, which may not be empty.
func valuesMember(values []string) string {
	if values == nil {
		return ""
	}
	return `"ExpressionAttributeValues":{` + strings.Join(values, ",") + "},"
}

func (w *twins) statement(text string, values twinText) string {
	return fmt.Sprintf(`{"Statement":"%s"%s,"ReturnConsumedCapacity":"INDEXES","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`, text, values.parameters())
}

// read asks for pages of a random SELECT, and of the Query or Scan that it is.
func (w *twins) read(t *testing.T) {
	from, index, hash, operation := "twin", "", twinf("pk = %", item.String("x")), "Query"
	if w.rng.IntN(3) == 0 {
		from, index, hash = "twin.byN", `"IndexName":"byN",`, twinf("n = %", w.number())
	}
	filter := w.condition(2)
	if regexp.MustCompile(`\bn\b`).MatchString(filter.ex) { // which a query of the index takes for its key alone
		filter = twinf("s = %", w.scalar())
	}
	where, keys := filter, ""
	condition, values := filter.expression(0)
	if w.rng.IntN(4) == 0 {
		operation = "Scan"
	} else {
		key := hash.join(" AND ", twinf("sk "+[]string{"=", "<", "<=", ">", ">="}[w.rng.IntN(5)]+" %", w.number()))
		if index == "" && strings.Contains(key.ql, "sk =") { // which is no query
			key = hash
		}
		where = key.join(" AND ", filter)
		condition, values = filter.expression(len(key.values))
		text, more := key.expression(0)
		keys, values = fmt.Sprintf(`"KeyConditionExpression":"%s",`, text), slices.Concat(values, more)
	}
	limit := 1 + w.rng.IntN(4)
	order := ""
	if operation == "Query" && w.rng.IntN(2) == 0 {
		order, keys = " ORDER BY sk DESC", keys+`"ScanIndexForward":false,`
	}
	token, start := "", ""
	for {
		statement := fmt.Sprintf(`{"Statement":"SELECT * FROM %s WHERE %s%s"%s,"Limit":%d,"ReturnConsumedCapacity":"INDEXES"%s}`, from, where.ql, order, where.parameters(), limit, token)
		got := w.ql.say("ExecuteStatement", statement)
		want := w.ops.say(operation, fmt.Sprintf(`{"TableName":"twin",%s%s"FilterExpression":"%s",%s"Limit":%d,"ReturnConsumedCapacity":"INDEXES"%s}`,
			index, keys, condition, valuesMember(slices.Concat(values, namedValues(condition))), limit, start))
		w.same(t, statement, got, want)
		if got.token == "" {
			return
		}
		token, start = `,"NextToken":"`+got.token+`"`, `,"ExclusiveStartKey":`+got.last
	}
}

// told is what an answer tells, whatever the operation is.
type told struct {
	kind, message         string
	items, last, capacity string
	token                 string // of one twin alone
}

func (w *world) say(operation, body string) told {
	answer, _ := w.answer(operation, body)
	var a struct {
		Type             string `json:"__type"`
		Message          string `json:"message"`
		Items            []json.RawMessage
		Attributes, Item json.RawMessage
		LastEvaluatedKey json.RawMessage
		ConsumedCapacity json.RawMessage
		NextToken        string
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return told{message: err.Error() + ": " + string(answer)}
	}
	for _, it := range []json.RawMessage{a.Attributes, a.Item} {
		if it != nil {
			a.Items = append(a.Items, it)
		}
	}
	x := told{kind: a.Type, message: a.Message, last: string(a.LastEvaluatedKey), capacity: string(a.ConsumedCapacity), token: a.NextToken}
	for _, it := range a.Items {
		x.items += string(it) + "\n"
	}
	return x
}

func (w *twins) same(t *testing.T, what string, got, want told) {
	t.Helper()
	got.token, want.token = "", ""
	if got != want {
		t.Fatalf("%s\ngives %+v\nwant  %+v", what, got, want)
	}
}

// TestConcurrentStatements lets many clients write one item: each step of a
// counter counts, in all three operations, and of INSERTs of one key one
// succeeds.
func TestConcurrentStatements(t *testing.T) {
	w := newWorld(t)
	w.must(t, "CreateTable", createTwin)
	const clients, steps = 8, 20
	w.must(t, "ExecuteStatement", `{"Statement":"INSERT INTO twin VALUE {'pk':'x','sk':0,'s':0}"}`)
	inserted := make([][clients]bool, steps)
	var running sync.WaitGroup
	for client := range clients {
		running.Go(func() {
			for step := range steps {
				w.count(t, (client+step)%3)
				_, status := w.answer("ExecuteStatement", fmt.Sprintf(`{"Statement":"INSERT INTO twin VALUE {'pk':'y','sk':%d}"}`, step))
				inserted[step][client] = status == 200
				w.answer("ExecuteStatement", `{"Statement":"SELECT * FROM twin WHERE pk IN ['x','y']"}`)
			}
		})
	}
	running.Wait()
	for step := range inserted {
		n := 0
		for _, done := range inserted[step] {
			if done {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d INSERTs of one key succeeded", n)
		}
	}
	answer := w.must(t, "ExecuteStatement", `{"Statement":"SELECT s FROM twin WHERE pk = 'x' AND sk = 0"}`)
	if want := fmt.Sprintf(`{"Items":[{"s":{"N":"%d"}}]}`, clients*steps); string(answer) != want {
		t.Errorf("after all steps: %s, want %s", answer, want)
	}
}

// count counts up by one, as often as it takes: a transaction may be in the way.
func (w *world) count(t *testing.T, operation int) {
	const update = `"UPDATE twin SET s = s + 1 WHERE pk = 'x' AND sk = 0"`
	for {
		var answer []byte
		var status int
		switch operation {
		case 0:
			answer, status = w.answer("ExecuteStatement", `{"Statement":`+update+`}`)
		case 1:
			answer, status = w.answer("BatchExecuteStatement", `{"Statements":[{"Statement":`+update+`}]}`)
		default:
			answer, status = w.answer("ExecuteTransaction", `{"TransactStatements":[{"Statement":`+update+`}]}`)
		}
		switch conflict := strings.Contains(string(answer), "TransactionConflict"); {
		case conflict:
			continue
		case status != 200 || strings.Contains(string(answer), "Error"):
			t.Errorf("%s", answer)
		}
		return
	}
}
