package gramme_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gramme-db/gramme"
)

// FuzzRequest sends whole requests to a whole Gramme: whatever the bytes, the
// answer is no 5xx, and an error has a body that SDKs can read. Tables and items
// that earlier inputs made stay, so that later ones find something.
func FuzzRequest(f *testing.F) {
	g, err := gramme.Open(gramme.Options{InMemory: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := g.Close(); err != nil {
			f.Error(err)
		}
	})
	send(g, "CreateTable", `{"TableName":"tab","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"},{"AttributeName":"g","AttributeType":"B"}],
		"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
		"LocalSecondaryIndexes":[{"IndexName":"lsi","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"g","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}],
		"GlobalSecondaryIndexes":[{"IndexName":"gsi","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["a"]}}]}`)
	for _, seed := range fuzzSeeds {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, operation, body string) {
		if strings.ContainsAny(operation, "\r\n\x00") {
			return // no header can hold it
		}
		resp := send(g, operation, body)
		if resp.Code >= 500 {
			t.Fatalf("%s %q: %d %s", operation, body, resp.Code, resp.Body)
		}
		if resp.Code != http.StatusOK && !json.Valid(resp.Body.Bytes()) {
			t.Errorf("%s %q: %d with a body that is not JSON: %s", operation, body, resp.Code, resp.Body)
		}
	})
}

// send sends a request as an SDK does, with a signature that is well formed.
func send(g *gramme.Gramme, operation, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	req.Header.Set("X-Amz-Date", "20260102T030405Z")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=gramme/20260102/us-east-1/dynamodb/aws4_request, "+
		"SignedHeaders=host;x-amz-date, Signature="+strings.Repeat("0", 64))
	resp := httptest.NewRecorder()
	g.Handler().ServeHTTP(resp, req)
	return resp
}

// fuzzSeeds are an operation and a body each: one good request of every kind,
// and the ways in which bodies are usually bad.
var fuzzSeeds = [][2]string{
	{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"},"sk":{"N":"1"},"g":{"B":"AAE="},"l":{"L":[{"S":"x"},{"M":{"k":{"NULL":true}}}]},"ns":{"NS":["1","2.5e3"]},"bs":{"BS":["AA=="]},"t":{"BOOL":true}},"ConditionExpression":"attribute_not_exists(#a) OR size(l) > :n","ExpressionAttributeNames":{"#a":"pk"},"ExpressionAttributeValues":{":n":{"N":"0"}},"ReturnValues":"ALL_OLD","ReturnConsumedCapacity":"INDEXES","ReturnItemCollectionMetrics":"SIZE"}`},
	{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"},"sk":{"N":"1"}},"Expected":{"a":{"Exists":false},"b":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"1"},{"N":"2"}]}},"ConditionalOperator":"OR"}`},
	{"GetItem", `{"TableName":"tab","Key":{"pk":{"S":"a"},"sk":{"N":"1"}},"ProjectionExpression":"l[0], l[1].k, #g","ExpressionAttributeNames":{"#g":"g"},"ConsistentRead":true}`},
	{"GetItem", `{"TableName":"tab","Key":{"pk":{"S":"a"},"sk":{"N":"1"}},"AttributesToGet":["l","g"]}`},
	{"UpdateItem", `{"TableName":"tab","Key":{"pk":{"S":"a"},"sk":{"N":"1"}},"UpdateExpression":"SET a = if_not_exists(a, :n) + :n, l[9] = :n REMOVE t ADD c :n DELETE ns :s","ExpressionAttributeValues":{":n":{"N":"1"},":s":{"NS":["1"]}},"ReturnValues":"UPDATED_NEW"}`},
	{"UpdateItem", `{"TableName":"tab","Key":{"pk":{"S":"a"},"sk":{"N":"1"}},"AttributeUpdates":{"a":{"Action":"ADD","Value":{"N":"1"}},"l":{"Action":"DELETE"}},"ReturnValues":"ALL_NEW"}`},
	{"DeleteItem", `{"TableName":"tab","Key":{"pk":{"S":"a"},"sk":{"N":"1"}},"ConditionExpression":"NOT (a IN (:n, :s) AND contains(l, :n) AND begins_with(g, :b) AND attribute_type(a, :s))","ExpressionAttributeValues":{":n":{"N":"1"},":s":{"S":"N"},":b":{"B":"AA=="}},"ReturnValues":"ALL_OLD"}`},
	{"Query", `{"TableName":"tab","KeyConditionExpression":"#p = :p AND sk BETWEEN :n AND :m","FilterExpression":"size(l) > :n OR contains(ns, :n)","ProjectionExpression":"l[1].k, #p","ExpressionAttributeNames":{"#p":"pk"},"ExpressionAttributeValues":{":p":{"S":"a"},":n":{"N":"-1"},":m":{"N":"1e3"}},"Limit":1,"ScanIndexForward":false,"ReturnConsumedCapacity":"INDEXES"}`},
	{"Query", `{"TableName":"tab","KeyConditions":{"pk":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"a"}]},"sk":{"ComparisonOperator":"GE","AttributeValueList":[{"N":"0"}]}},"QueryFilter":{"a":{"ComparisonOperator":"NOT_NULL"},"t":{"ComparisonOperator":"NE","AttributeValueList":[{"BOOL":true}]}},"ConditionalOperator":"OR","AttributesToGet":["a","t"],"ExclusiveStartKey":{"pk":{"S":"a"},"sk":{"N":"0"}}}`},
	{"Query", `{"TableName":"tab","IndexName":"lsi","KeyConditionExpression":"pk = :p AND begins_with(g, :g)","ExpressionAttributeValues":{":p":{"S":"a"},":g":{"B":"AP8="}},"Select":"ALL_ATTRIBUTES","ConsistentRead":true,"ExclusiveStartKey":{"pk":{"S":"a"},"sk":{"N":"0"},"g":{"B":"AP8A"}}}`},
	{"Query", `{"TableName":"tab","IndexName":"gsi","KeyConditionExpression":":g = g","ExpressionAttributeValues":{":g":{"B":"AAE="}},"Select":"COUNT","ExclusiveStartKey":{"pk":{"S":"a"},"sk":{"N":"0"},"g":{"B":"AAE="}}}`},
	{"Scan", `{"TableName":"tab","Segment":2,"TotalSegments":3,"FilterExpression":"attribute_type(l, :t)","ExpressionAttributeValues":{":t":{"S":"L"}},"Limit":2,"ExclusiveStartKey":{"pk":{"S":"a"},"sk":{"N":"1"}}}`},
	{"Scan", `{"TableName":"tab","IndexName":"gsi","ProjectionExpression":"a","ReturnConsumedCapacity":"TOTAL"}`},
	{"Scan", `{"TableName":"tab","IndexName":"lsi","Select":"ALL_ATTRIBUTES","ScanFilter":{"ns":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"N":"1"}]}},"Segment":999999,"TotalSegments":1000000}`},
	{"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"tab","Item":{"pk":{"S":"a"},"sk":{"N":"2"},"g":{"B":"AAE="}},"ConditionExpression":"attribute_not_exists(pk)","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}},{"Update":{"TableName":"tab","Key":{"pk":{"S":"a"},"sk":{"N":"1"}},"UpdateExpression":"SET a = if_not_exists(a, :n) + :n","ConditionExpression":"size(#l) > :n","ExpressionAttributeNames":{"#l":"l"},"ExpressionAttributeValues":{":n":{"N":"1"}}}},{"Delete":{"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/tab","Key":{"pk":{"S":"b"},"sk":{"N":"1"}}}},{"ConditionCheck":{"TableName":"tab","Key":{"pk":{"S":"c"},"sk":{"N":"1"}},"ConditionExpression":"attribute_not_exists(pk)"}}],"ReturnConsumedCapacity":"INDEXES","ReturnItemCollectionMetrics":"SIZE","ClientRequestToken":"t"}`},
	{"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"tab","Item":{"pk":{"S":"a"},"sk":{"N":"1"}}}},{"Delete":{"TableName":"tab","Key":{"pk":{"S":"a"},"sk":{"N":"1.0"}}}},{}]}`},
	{"TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"tab","Key":{"pk":{"S":"a"},"sk":{"N":"1"}},"ProjectionExpression":"l[0], #g","ExpressionAttributeNames":{"#g":"g"}}},{"Get":{"TableName":"tab","Key":{"pk":{"S":""},"sk":{"N":"2"}}}}],"ReturnConsumedCapacity":"TOTAL"}`},
	{"BatchGetItem", `{"RequestItems":{"tab":{"Keys":[{"pk":{"S":"a"},"sk":{"N":"1"}},{"sk":{"N":"2"},"pk":{"S":"a"}}],"ProjectionExpression":"l[1].k, #g","ExpressionAttributeNames":{"#g":"g"},"ConsistentRead":true},"arn:aws:dynamodb:us-east-1:000000000000:table/tab":{"Keys":[{"pk":{"S":"a"},"sk":{"N":"1"}}]}},"ReturnConsumedCapacity":"INDEXES"}`},
	{"BatchGetItem", `{"RequestItems":{"tab":{"Keys":[{"pk":{"S":"a"},"sk":{"N":"1"}},{"sk":{"N":"1.0"},"pk":{"S":"a"}}],"AttributesToGet":["l","g"]}}}`},
	{"BatchGetItem", `{"RequestItems":{"tab":{"Keys":[` + strings.Repeat(`{"pk":{"S":"a"}},`, 100) + `{}]}}}`},
	{"BatchWriteItem", `{"RequestItems":{"tab":[{"PutRequest":{"Item":{"pk":{"S":"b"},"sk":{"N":"1"},"g":{"B":"AAE="},"a":{"BOOL":true}}}},{"DeleteRequest":{"Key":{"pk":{"S":"b"},"sk":{"N":"2"}}}}],"arn:aws:dynamodb:us-east-1:000000000000:table/tab":[{"DeleteRequest":{"Key":{"pk":{"S":"c"},"sk":{"N":"1"}}}}]},"ReturnConsumedCapacity":"INDEXES","ReturnItemCollectionMetrics":"SIZE"}`},
	{"BatchWriteItem", `{"RequestItems":{"tab":[{"PutRequest":{"Item":{"pk":{"S":"b"},"sk":{"N":"1"}}},"DeleteRequest":{"Key":{}}},{}],"none":[]}}`},
	{"ExecuteStatement", `{"Statement":"SELECT l[0], m.k AS x FROM tab.gsi WHERE g IN [?, ?] AND (a = 'x' OR NOT size(l) > 1) ORDER BY g DESC","Parameters":[{"B":"AAE="},{"B":"AA=="}],"Limit":1,"ReturnConsumedCapacity":"INDEXES"}`},
	{"ExecuteStatement", `{"Statement":"SELECT * FROM tab WHERE pk = 'a' AND sk BETWEEN 0 AND 5","NextToken":"AV6VHBfB0G778Gd1aaFHUWxNDAJwa1MBYQJza04BMg==","ConsistentRead":true}`},
	{"ExecuteStatement", `{"Statement":"INSERT INTO tab VALUE {'pk':'a','sk':3,'l':[1,{'k':null}],'ns':<<1,2.5e3>>,'b':?}","Parameters":[{"B":"AA=="}]}`},
	{"ExecuteStatement", `{"Statement":"UPDATE \"tab\" SET a = if_not_exists(a, 1) + 1, l[9] = list_append(l, []) REMOVE t SET ns = set_add(ns, <<3>>) WHERE pk = 'a' AND sk = 1 AND t = TRUE RETURNING MODIFIED NEW *","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`},
	{"BatchExecuteStatement", `{"Statements":[{"Statement":"SELECT * FROM tab WHERE pk = 'a' AND sk = 1","ConsistentRead":true},{"Statement":"SELECT a FROM tab WHERE pk = 'b' AND sk = ? AND a IS MISSING","Parameters":[{"N":"1"}]}],"ReturnConsumedCapacity":"TOTAL"}`},
	{"BatchExecuteStatement", `{"Statements":[{"Statement":"DELETE FROM tab WHERE pk = 'a' AND sk = 3 RETURNING ALL OLD *"},{"Statement":"INSERT INTO tab VALUE {'pk':'a','sk':4}"},{"Statement":"DROP"}]}`},
	{"ExecuteTransaction", `{"TransactStatements":[{"Statement":"EXISTS(SELECT * FROM tab WHERE pk = 'a' AND sk = 1 AND x IS MISSING)"},{"Statement":"INSERT INTO tab VALUE {'pk':'a','sk':5}"},{"Statement":"UPDATE tab SET a = 1 WHERE pk = 'a' AND sk = 2","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}],"ClientRequestToken":"t","ReturnConsumedCapacity":"INDEXES"}`},
	{"ExecuteTransaction", `{"TransactStatements":[{"Statement":"SELECT * FROM tab WHERE pk = 'a' AND sk = 1"},{"Statement":"SELECT l[0] FROM tab WHERE pk = '' AND sk = 1"}]}`},
	{"CreateTable", `{"TableName":"other","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1},"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"Tags":[{"Key":"k","Value":"v"}],"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}`},
	{"UpdateTable", `{"TableName":"other","ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":1},"GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"gsi","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}}]}`},
	{"UpdateTable", `{"TableName":"other","BillingMode":"PAY_PER_REQUEST","OnDemandThroughput":{"MaxReadRequestUnits":5},"StreamSpecification":{"StreamEnabled":false},"TableClass":"STANDARD","DeletionProtectionEnabled":true}`},
	{"DescribeTable", `{"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/tab"}`},
	{"DeleteTable", `{"TableName":"other"}`},
	{"ListTables", `{"Limit":1,"ExclusiveStartTableName":"a"}`},
	{"TagResource", `{"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/tab","Tags":[{"Key":"k","Value":"v"}]}`},
	{"UntagResource", `{"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/tab","TagKeys":["k"]}`},
	{"ListTagsOfResource", `{"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/tab"}`},
	{"DescribeLimits", `{}`},
	{"DescribeEndpoints", `{}`},
	{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"\ud800"},"sk":{"N":"1e999999999"}}}`},
	{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"},"sk":{"N":"1"},"b":{"B":"AA"}}}`},
	{"PutItem", "{\"TableName\":\"\xff\"}"},
	{"PutItem", `{"TableName":"tab","Item":`},
	{"PutItem", `{"TableName":"tab","Item":[{"S":1}]}`},
	{"PutItem", `{"TableName":"tab","Item":` + strings.Repeat(`{"a":{"M":`, 40) + `{}` + strings.Repeat(`}}`, 40) + `}`},
	{"PutItem", strings.Repeat("[", 5000)},
	{"", `{}`},
	{"Dance", ``},
}
