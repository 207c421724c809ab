package main

import (
	"bytes"
	"encoding/hex"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

const createVault = `{"TableName":"Vault","BillingMode":"PAY_PER_REQUEST",` +
	`"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"},{"AttributeName":"a","AttributeType":"S"}],` +
	`"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],` +
	`"LocalSecondaryIndexes":[{"IndexName":"ByA","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"a","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}]}`

// TestDamageIsLoggedWithoutData: the log says that an item or a count cannot be
// read, and not what is in it. "Logs never hold bodies" is true of a damaged
// store as well.
func TestDamageIsLoggedWithoutData(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	makeData(t, data, "CreateTable "+createVault+"\n"+
		`PutItem {"TableName":"Vault","Item":{"pk":{"S":"hushgone"},"sk":{"S":"hushsort"},"a":{"S":"hushindex"},"b":{"S":"hushvalue"}}}`+"\n"+
		`PutItem {"TableName":"Vault","Item":{"pk":{"S":"hushspoilt"},"sk":{"S":"hushsort"},"b":{"S":"hushvalue"}}}`+"\n"+
		`PutItem {"TableName":"Vault","Item":{"pk":{"S":"hushcount"},"sk":{"S":"hushsort"},"b":{"S":"hushvalue"}}}`)
	keys, err := gramme(dir, nil, "debug", "keys", data).Output()
	if err != nil {
		t.Fatal(err)
	}
	change := func(words ...string) {
		d := &datadriven.TestData{Cmd: words[0]}
		for _, word := range words[1:] {
			d.CmdArgs = append(d.CmdArgs, datadriven.CmdArg{Key: word})
		}
		changeData(t, data, d)
	}
	change("delete", storedKey(t, keys, "item", "hushgone"))
	change("set", storedKey(t, keys, "item", "hushspoilt"), "63")
	change("set", storedKey(t, keys, "collection", "hushcount"), "63")

	p := serve(t, dir, nil, "--data="+data, "--log-level=debug")
	for _, c := range []struct{ operation, body string }{
		{"Query", `{"TableName":"Vault","IndexName":"ByA","Select":"ALL_ATTRIBUTES","KeyConditionExpression":"pk=:p","ExpressionAttributeValues":{":p":{"S":"hushgone"}}}`},
		{"GetItem", `{"TableName":"Vault","Key":{"pk":{"S":"hushspoilt"},"sk":{"S":"hushsort"}}}`},
		{"PutItem", `{"TableName":"Vault","Item":{"pk":{"S":"hushspoilt"},"sk":{"S":"hushsort"}}}`},
		{"Scan", `{"TableName":"Vault"}`},
		{"PutItem", `{"TableName":"Vault","Item":{"pk":{"S":"hushcount"},"sk":{"S":"hushother"}}}`},
	} {
		if got := p.call(t, c.operation, c.body); !strings.HasPrefix(got, "500 ") {
			t.Errorf("%s of what is damaged: %s", c.operation, got)
		}
	}
	p.stop(t)
	for _, word := range []string{"gone", "sort", "index", "value", "spoilt", "count", "other"} {
		for _, form := range []string{"hush" + word, hex.EncodeToString([]byte("hush" + word))} {
			if at := strings.Index(p.logs.String(), form); at >= 0 {
				t.Errorf("the log has %s: %s", form, p.logs.String()[max(0, at-300):at+len(form)])
			}
		}
	}
}

// storedKey finds a key in what "gramme debug keys" prints, and returns it in
// hexadecimal: that of the item, or of the counters, of a partition key.
func storedKey(t *testing.T, keys []byte, what, partition string) string {
	t.Helper()
	line := regexp.MustCompile(`(?m)^` + what + ` table=1 hash=(\w+) key=(\w*` + hex.EncodeToString([]byte(partition)) + `\w*)`).FindSubmatch(keys)
	if line == nil {
		t.Fatalf("no %s of %s in\n%s", what, partition, keys)
	}
	section := map[string]string{"item": "69", "collection": "7a"}[what]
	return "740000000000000001" + section + string(bytes.Join(line[1:], nil))
}
