package dynamodb

import (
	"fmt"
	"strings"
	"testing"
)

// TestFingerprint changes a request in one place each and sends it under the
// token of the unchanged one: it is another request, unless the change is of no
// meaning.
func TestFingerprint(t *testing.T) {
	const base = `{"ReturnItemCollectionMetrics":"SIZE","TransactItems":[
		{"ConditionCheck":{"TableName":"tab","Key":{"id":{"S":"c"}},"ConditionExpression":"attribute_not_exists(#c) OR #c = :c","ExpressionAttributeNames":{"#c":"cn"},"ExpressionAttributeValues":{":c":{"BOOL":true}},"ReturnValuesOnConditionCheckFailure":"NONE"}},
		{"Put":{"TableName":"tab","Item":{"id":{"S":"p"},"m":{"M":{"x":{"N":"1"},"y":{"L":[{"S":"1"},{"B":"MQ=="}]}}},"s":{"SS":["1","2"]},"nil":{"NULL":true},"t":{"BOOL":true}},"ConditionExpression":"attribute_not_exists(#p) OR #p = :p","ExpressionAttributeNames":{"#p":"pn"},"ExpressionAttributeValues":{":p":{"S":"pv"}},"ReturnValuesOnConditionCheckFailure":"NONE"}},
		{"Delete":{"TableName":"tab","Key":{"id":{"S":"d"}},"ConditionExpression":"attribute_not_exists(#d) OR #d = :d","ExpressionAttributeNames":{"#d":"dn"},"ExpressionAttributeValues":{":d":{"S":"dv"}},"ReturnValuesOnConditionCheckFailure":"NONE"}},
		{"Update":{"TableName":"tab","Key":{"id":{"S":"u"}},"UpdateExpression":"SET a = :u","ConditionExpression":"attribute_not_exists(#u) OR #u = :v","ExpressionAttributeNames":{"#u":"un"},"ExpressionAttributeValues":{":u":{"S":"uv"},":v":{"S":"vv"}},"ReturnValuesOnConditionCheckFailure":"NONE"}}]}`
	const mismatch = "IdempotentParameterMismatchException"
	w := newWorld(t)
	w.mustDo(t, request{"CreateTable", createPlain})
	w.mustDo(t, request{"CreateTable", createOther})
	for i, c := range []struct {
		old, new string
		kind     string // of the action that is changed; "": the first of all that there is
		want     string // "": the same request
	}{
		{`"SIZE"`, `"NONE"`, "", mismatch},
		{`"TableName":"tab"`, `"TableName":"other"`, "ConditionCheck", mismatch},
		{`"TableName":"tab"`, `"TableName":"other"`, "Put", mismatch},
		{`"TableName":"tab"`, `"TableName":"other"`, "Delete", mismatch},
		{`"TableName":"tab"`, `"TableName":"other"`, "Update", mismatch},
		{`{"S":"c"}`, `{"S":"cc"}`, "", mismatch},
		{`{"S":"d"}`, `{"S":"dd"}`, "", mismatch},
		{`{"S":"u"}`, `{"S":"uu"}`, "", mismatch},
		{`(#c) OR`, `(#c) or`, "", mismatch},
		{`(#p) OR`, `(#p) or`, "", mismatch},
		{`(#d) OR`, `(#d) or`, "", mismatch},
		{`(#u) OR`, `(#u) or`, "", mismatch},
		{`"cn"`, `"n"`, "", mismatch},
		{`"pn"`, `"n"`, "", mismatch},
		{`"dn"`, `"n"`, "", mismatch},
		{`"un"`, `"n"`, "", mismatch},
		{`":c":{"BOOL":true}`, `":c":{"BOOL":false}`, "", mismatch},
		{`"pv"`, `"v"`, "", mismatch},
		{`"dv"`, `"v"`, "", mismatch},
		{`"uv"`, `"v"`, "", mismatch},
		{`"SET a`, `"SET b`, "", mismatch},
		{`"NONE"`, `"ALL_OLD"`, "ConditionCheck", mismatch},
		{`"NONE"`, `"ALL_OLD"`, "Put", mismatch},
		{`"NONE"`, `"ALL_OLD"`, "Delete", mismatch},
		{`"NONE"`, `"ALL_OLD"`, "Update", mismatch},
		{`,"ReturnValuesOnConditionCheckFailure":"NONE"`, ``, "Put", mismatch},
		{`"m":{`, `"M":{`, "", mismatch},
		{`{"S":"1"}`, `{"N":"1"}`, "", mismatch},
		{`{"S":"1"}`, `{"B":"MQ=="}`, "", mismatch},
		{`{"S":"1"},`, ``, "", mismatch},
		{`"nil":{"NULL":true}`, `"nil":{"BOOL":true}`, "", mismatch},
		{`"t":{"BOOL":true}`, `"t":{"BOOL":false}`, "", mismatch},
		{`["1","2"]`, `["1"]`, "", mismatch},
		{`"SS":["1","2"]`, `"NS":["1","2"]`, "", mismatch},

		{`["1","2"]`, `["2","1"]`, "", ""},
		{`{"N":"1"}`, `{"N":"1.0"}`, "", ""},
		{`"id":{"S":"p"},"m"`, `"m"`, "", "Missing the key"}, // what is wrong is wrong before
		{`"nil":{"NULL":true},"t":{"BOOL":true}`, `"t":{"BOOL":true},"nil":{"NULL":true}`, "", ""},
		{`{"ReturnItem`, `{"ReturnConsumedCapacity":"TOTAL","ReturnItem`, "", ""},
	} {
		token := fmt.Sprintf(`{"ClientRequestToken":"t%d",`, i)
		at := strings.Index(base, `"`+c.kind+`"`)
		if c.kind == "" {
			at = 0
		}
		changed := base[:at] + strings.Replace(base[at:], c.old, c.new, 1)
		if changed == base {
			t.Fatalf("%s is not there", c.old)
		}
		w.mustDo(t, request{"TransactWriteItems", strings.Replace(base, "{", token, 1)})
		answer, status := w.answer("TransactWriteItems", strings.Replace(changed, "{", token, 1))
		if (status == 200) != (c.want == "") || !strings.Contains(string(answer), c.want) {
			t.Errorf("%s %s for %s: %d %s, want %s", c.kind, c.new, c.old, status, answer, c.want)
		}
	}
}
