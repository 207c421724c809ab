package dynamodb_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/wire"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// TestScripts runs requests through the operation table. Every operation is
// done: it returns an empty answer, or what it was asked where the scripts
// compare the two.
func TestScripts(t *testing.T) {
	operations := emptyAnswers()
	operations.BatchGetItem = func(_ context.Context, in *dynamodb.BatchGetItemInput, out *dynamodb.BatchGetItemOutput) error {
		out.UnprocessedKeys = in.RequestItems
		return nil
	}
	operations.BatchWriteItem = func(_ context.Context, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
		return &dynamodb.BatchWriteItemOutput{UnprocessedItems: in.RequestItems}, nil
	}
	operations.CreateTable = func(_ context.Context, in *dynamodb.CreateTableInput) (*dynamodb.CreateTableOutput, error) {
		return &dynamodb.CreateTableOutput{TableDescription: &dynamodb.TableDescription{
			TableName: in.TableName, KeySchema: in.KeySchema, AttributeDefinitions: in.AttributeDefinitions,
			CreationDateTime: wire.Some(1421866952.062), ItemCount: wire.Some(int64(0)), DeletionProtectionEnabled: in.DeletionProtectionEnabled,
		}}, nil
	}
	operations.PutItem = func(_ context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
		return &dynamodb.PutItemOutput{Attributes: in.Item.Item, ConsumedCapacity: &dynamodb.ConsumedCapacity{
			TableName: in.TableName, CapacityUnits: wire.Some(1.0),
		}}, nil
	}
	table := operations.Table()
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, td *datadriven.TestData) string {
			var out strings.Builder
			for body := range strings.Lines(td.Input) {
				answer, err := table[td.Cmd].Call(t.Context(), []byte(grow(body)), nil)
				out.WriteString(show(t, answer, err))
			}
			return out.String()
		})
	})
}

// grow replaces <n*text> by n copies of text, separated by commas: limits are
// tested without long lines.
func grow(body string) string {
	before, rest, ok := strings.Cut(strings.TrimSuffix(body, "\n"), "<")
	if !ok {
		return before
	}
	var n int
	count, rest, _ := strings.Cut(rest, "*")
	text, after, _ := strings.Cut(rest, ">")
	if _, err := fmt.Sscan(count, &n); err != nil {
		return body
	}
	separator := ","
	if !strings.ContainsAny(text, `{"`) {
		separator = ""
	}
	return before + strings.TrimSuffix(strings.Repeat(text+separator, n), separator) + after
}

func show(t *testing.T, answer []byte, err error) string {
	var refused *wire.Error
	switch {
	case errors.As(err, &refused):
		return fmt.Sprintf("%d %s: %s\n", refused.Status, refused.Code, fold(refused.Message))
	case err != nil:
		t.Error(err)
	case len(answer) > 0 && !json.Valid(answer):
		t.Errorf("not JSON: %s", answer)
	}
	return fmt.Sprintf("200 %s\n", answer)
}

// fold gives each failure a line, and cuts what is long in the middle.
func fold(message string) string {
	lines := strings.Split(message, "; Value ")
	for i, line := range lines {
		if len(line) > 320 {
			lines[i] = line[:160] + " ... " + line[len(line)-120:]
		}
	}
	return strings.Join(lines, ";\n    Value ")
}

// emptyAnswers implements every operation.
func emptyAnswers() *dynamodb.Operations {
	operations := new(dynamodb.Operations)
	v := reflect.ValueOf(operations).Elem()
	for i := range v.NumField() {
		field := v.Field(i)
		field.Set(reflect.MakeFunc(field.Type(), func([]reflect.Value) []reflect.Value {
			failure := reflect.Zero(reflect.TypeFor[error]())
			if field.Type().NumOut() == 1 { // its answer is written while it runs
				return []reflect.Value{failure}
			}
			return []reflect.Value{reflect.New(field.Type().Out(0).Elem()), failure}
		}))
	}
	return operations
}

// Every operation takes null members, refuses members of a wrong type and
// answers with an empty answer.
func TestEveryOperation(t *testing.T) {
	for _, row := range emptyAnswers().All() {
		_, err := row.Call(t.Context(), []byte(`{}`), nil)
		var refused *wire.Error
		if err != nil && !errors.As(err, &refused) {
			t.Errorf("%s: %v", row.Name, err)
		}
		if _, err := row.Call(t.Context(), []byte(`[]`), nil); !errors.As(err, &refused) || !refused.NoMessage {
			t.Errorf("%s of a list: %v", row.Name, err)
		}
	}
}

// A list that is streamed is written behind what is there already, and an error
// leaves nothing of it.
func TestStreamedAnswer(t *testing.T) {
	failure := errors.New("failure")
	var outcome error
	var rows int
	operations := &dynamodb.Operations{Scan: func(_ context.Context, in *dynamodb.ScanInput, out *dynamodb.ScanOutput) error {
		for i := range rows {
			if i == 0 {
				out.Items.Open()
			}
			out.Items.Add(item.Item("M\x03\x01a0"))
		}
		out.Count = in.Limit
		return outcome
	}}
	row, _ := operations.Lookup("Scan")
	scan := func(body string) (string, error) {
		answer, err := row.Call(t.Context(), []byte(body), []byte("before "))
		return string(answer), err
	}
	const item = `{"a":{"NULL":true}}`
	for _, c := range []struct {
		rows       int
		body, want string
	}{
		{0, `{"TableName":"tab"}`, `before {}`},
		{0, `{"TableName":"tab","Limit":3}`, `before {"Count":3}`},
		{1, `{"TableName":"tab"}`, `before {"Items":[` + item + `]}`},
		{2, `{"TableName":"tab","Limit":3}`, `before {"Items":[` + item + `,` + item + `],"Count":3}`},
	} {
		rows = c.rows
		if got, err := scan(c.body); err != nil || got != c.want {
			t.Errorf("%s: %s (%v), want %s", c.body, got, err, c.want)
		}
	}
	outcome = failure
	if got, err := scan(`{"TableName":"tab"}`); !errors.Is(err, failure) || got != "before " {
		t.Errorf("after a failure: %s (%v)", got, err)
	}
	if _, err := scan(`{"TableName":"tab","Limit":0}`); err == nil || errors.Is(err, failure) {
		t.Errorf("the model's constraints are not checked: %v", err)
	}
}

func TestOperations(t *testing.T) {
	operations := &dynamodb.Operations{ListTables: emptyAnswers().ListTables}
	if row, ok := operations.Lookup("ListTables"); !ok || row.Call == nil {
		t.Errorf("ListTables: %v, %v", row, ok)
	}
	if row, ok := operations.Lookup("GetItem"); !ok || row.Call != nil {
		t.Errorf("GetItem, which is not done: %v, %v", row, ok)
	}
	if _, ok := operations.Lookup("GetItems"); ok {
		t.Error("GetItems, which is none, was found")
	}
	if n := len(operations.All()); n != reflect.TypeFor[dynamodb.Operations]().NumField() {
		t.Errorf("%d rows", n)
	}
}

func TestErrors(t *testing.T) {
	music := item.NewBuilder(nil)
	music.BeginMap()
	music.Name([]byte("pk"))
	music.Value(item.String("a"))
	music.EndMap()
	it := music.Item()
	reasons := []*dynamodb.CancellationReason{
		{Code: wire.Some("None")},
		{Code: wire.Some("ConditionalCheckFailed"), Message: wire.Some("m"), Item: it},
	}
	throttled := []*dynamodb.ThrottlingReason{{Reason: wire.Some("r"), Resource: wire.Some("arn")}}
	const namespace = `{"__type":"com.amazonaws.dynamodb.v20120810#`
	tests := []struct {
		err  *wire.Error
		want string
	}{
		{dynamodb.ResourceNotFoundException("m"), namespace + `ResourceNotFoundException","message":"m"}`},
		{dynamodb.IdempotentParameterMismatchException("m"), namespace + `IdempotentParameterMismatchException","Message":"m"}`},
		{dynamodb.ConditionalCheckFailedException("m", nil), namespace + `ConditionalCheckFailedException","message":"m"}`},
		{dynamodb.ConditionalCheckFailedException("m", it), namespace + `ConditionalCheckFailedException","Item":{"pk":{"S":"a"}},"message":"m"}`},
		{dynamodb.TransactionCanceledException("m", reasons), namespace + `TransactionCanceledException","CancellationReasons":[{"Code":"None"},` +
			`{"Item":{"pk":{"S":"a"}},"Code":"ConditionalCheckFailed","Message":"m"}],"Message":"m"}`},
		{dynamodb.RequestLimitExceeded("m", throttled), namespace + `RequestLimitExceeded","ThrottlingReasons":[{"reason":"r","resource":"arn"}],"message":"m"}`},
		{dynamodb.ThrottlingException("m", throttled), `{"__type":"com.amazon.coral.availability#ThrottlingException","throttlingReasons":[{"reason":"r","resource":"arn"}],"message":"m"}`},
	}
	for _, test := range tests {
		if got := string(awsjson.AppendError(nil, test.err)); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
	if got := dynamodb.InternalServerError("m").Status; got != 500 {
		t.Errorf("InternalServerError has status %d", got)
	}
}

// A request that is fine costs what its input and items cost, and its checks
// nothing.
func TestDecodeAllocations(t *testing.T) {
	tests := []struct {
		body string
		in   interface{ Decode([]byte) error }
		want float64
	}{
		{`{"TableName":"Music","Key":{"Artist":{"S":"A"}},"ReturnConsumedCapacity":"TOTAL"}`, new(dynamodb.GetItemInput), 1},
		{`{"TableName":"Music","Item":{"Artist":{"S":"A"}},"ReturnValues":"ALL_OLD","ConditionExpression":"a = b"}`, new(dynamodb.PutItemInput), 1},
		{`{"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/Music"}`, new(dynamodb.DescribeTableInput), 0},
	}
	for _, test := range tests {
		got := testing.AllocsPerRun(100, func() {
			if err := test.in.Decode([]byte(test.body)); err != nil {
				t.Fatal(err)
			}
		})
		if got -= 1; got != test.want { // the body's own copy
			t.Errorf("%.40s: %v allocations, want %v", test.body, got, test.want)
		}
	}
}

// FuzzOperations: no body brings an operation's codec down.
func FuzzOperations(f *testing.F) {
	rows := emptyAnswers().All()
	f.Add(0, []byte(`{"Statements":[{"Statement":"x","Parameters":[{"S":"a"}]}]}`))
	f.Add(2, []byte(`{"RequestItems":{"T":[{"PutRequest":{"Item":{"a":{"N":"1"}}}},{}]}}`))
	f.Fuzz(func(t *testing.T, operation int, body []byte) {
		row := rows[uint(operation)%uint(len(rows))]
		_, err := row.Call(t.Context(), body, nil)
		var refused *wire.Error
		if err != nil && !errors.As(err, &refused) {
			t.Fatalf("%s: %v", row.Name, err)
		}
		if err == nil && !awsjson.Valid(body) {
			t.Fatalf("%s took what is no JSON", row.Name)
		}
	})
}
