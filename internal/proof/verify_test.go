package proof

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/service/dynamodb/check"
)

// settleMax is how long a table and its stream, which are read one after the
// other, may differ while time to live is at work. After that it counts when the
// table is the same before and after its stream was read.
const settleMax = 500 * time.Millisecond

// attributes are an item as JSON shows it.
type attributes map[string]map[string]any

func (a attributes) text(name string) string {
	s, _ := a[name]["S"].(string)
	return s
}

func (a attributes) number(name string) int {
	s, _ := a[name]["N"].(string)
	n, _ := strconv.Atoi(s)
	return n
}

// verify opens a server on what an engine holds, and returns what is wrong with
// it: all that must hold after a restart, whatever was before.
func verify(engine driver.Driver, p *promise) (wrong []string) {
	wrong = inspect(engine)
	s, err := openServer(engine)
	if err != nil {
		return append(wrong, fmt.Sprintf("it does not open: %v", err))
	}
	v := &verifier{handler: s.Handler()}
	before := v.numbers()
	v.wrong = append(v.wrong, p.check(before)...)
	v.replayReceipts(p, before)
	v.compareStream("items")
	v.compareStream("pairs")
	v.writeOn()
	if err := shut(s); err != nil {
		v.say("it does not close: %v", err)
	}
	return append(wrong, v.wrong...)
}

// inspect runs the checker over a store that no server has open: each index,
// the counters, the expiry index and the journal are as the items call for.
func inspect(engine driver.Driver) (wrong []string) {
	_, err := check.Run(context.Background(), check.Options{
		Store: kv.Open(engine), Now: time.Now, Progress: func(check.Progress) {},
		Found: func(f check.Finding) { wrong = append(wrong, f.String()) },
	})
	if err != nil {
		wrong = append(wrong, err.Error())
	}
	return wrong
}

type verifier struct {
	handler http.Handler
	wrong   []string
}

func (v *verifier) say(format string, args ...any) {
	v.wrong = append(v.wrong, fmt.Sprintf(format, args...))
}

// call makes a call that should succeed; a table may not be there yet.
func (v *verifier) call(operation, body string, out any) bool {
	a := call(v.handler, operation, body)
	if a.kind() == "ResourceNotFoundException" {
		return false
	}
	if !a.ok() {
		v.say("%s %s: %s", operation, body, a)
		return false
	}
	if err := json.Unmarshal(a.body, out); err != nil {
		v.say("%s %s: %s: %v", operation, body, a, err)
		return false
	}
	return true
}

// scan reads a table, to the last page.
func (v *verifier) scan(table string) (items []attributes) {
	start := ""
	for {
		var page struct {
			Items            []attributes
			LastEvaluatedKey json.RawMessage
		}
		if !v.call("Scan", `{"TableName":"`+table+`","ConsistentRead":true`+start+`}`, &page) {
			return items
		}
		items = append(items, page.Items...)
		if page.LastEvaluatedKey == nil {
			return items
		}
		start = `,"ExclusiveStartKey":` + string(page.LastEvaluatedKey)
	}
}

// numbers returns what is in the registers, and looks whether pairs are whole.
func (v *verifier) numbers() map[string]int {
	found, pairs := map[string]int{}, map[string]int{}
	for _, it := range v.scan("items") {
		if it.text("pk") != "doomed" {
			found[it.text("pk")+"/"+it.text("sk")] = it.number("n")
		}
	}
	for _, it := range v.scan("pairs") {
		if name := it.text("pk"); !strings.HasSuffix(name, "/count") {
			pairs[name] = it.number("n")
		}
	}
	for name, n := range found {
		if strings.Contains(name, "/p") && pairs[name] != n {
			v.say("a transaction is half there: %s is %d in one table and %d in the other", name, n, pairs[name])
		}
	}
	for name, n := range pairs {
		if found[name] != n {
			v.say("a transaction is half there: %s is %d in one table and %d in the other", name, found[name], n)
		}
	}
	return found
}

// replayReceipts sends acknowledged transactions once more, with their tokens:
// they succeed, and do nothing.
func (v *verifier) replayReceipts(p *promise, before map[string]int) {
	done := v.done()
	for _, r := range p.receipts {
		if a := call(v.handler, "TransactWriteItems", r.body); !a.ok() {
			v.say("a transaction that is sent once more answers %s", a)
		}
	}
	if after := v.done(); !maps.Equal(done, after) {
		v.say("transactions that were sent once more were done once more: %v became %v", done, after)
	}
	if after := v.numbers(); !maps.Equal(before, after) {
		v.say("transactions that were sent once more took back what came after them: %v became %v", before, after)
	}
}

// done returns how many transactions of each client were done.
func (v *verifier) done() map[string]int {
	done := map[string]int{}
	for _, it := range v.scan("pairs") {
		if name := it.text("pk"); strings.HasSuffix(name, "/count") {
			done[name] = it.number("done")
		}
	}
	return done
}

// compareStream replays the stream of a table and compares what it makes with
// the table. Both are read again while time to live is at work.
func (v *verifier) compareStream(table string) {
	begin := time.Now()
	for {
		items := v.items(table)
		replayed, wrong := v.replay(table)
		if wrong == "" && slices.Equal(items, replayed) {
			return
		}
		still := slices.Equal(items, v.items(table))
		if still && time.Since(begin) > settleMax {
			v.say("the stream of %s makes\n%s\nand not\n%s\n%s", table, strings.Join(replayed, "\n"), strings.Join(items, "\n"), wrong)
			return
		}
	}
}

// items returns the items of a table as sorted text.
func (v *verifier) items(table string) (items []string) {
	for _, it := range v.scan(table) {
		items = append(items, text(it))
	}
	slices.Sort(items)
	return items
}

// text returns an item in one form.
func text(it attributes) string {
	b, _ := json.Marshal(it) // maps are sorted
	return string(b)
}

// change is a record of a stream.
type change struct {
	EventID   string `json:"eventID"`
	EventName string `json:"eventName"`

	UserIdentity struct {
		PrincipalID string `json:"principalId"`
	} `json:"userIdentity"`

	Dynamodb struct {
		Keys, OldImage, NewImage attributes
		SequenceNumber           string
	}
}

// streamPage and recordsPage are answers of DescribeStream and GetRecords.
type (
	streamPage struct {
		StreamDescription struct {
			Shards               []struct{ ShardId, ParentShardId string }
			LastEvaluatedShardId string
		}
	}
	recordsPage struct {
		Records           []change
		NextShardIterator string
	}
)

// replay makes the items of a table from its stream. Each record must fit what
// the ones before it made, and come once.
func (v *verifier) replay(table string) (items []string, wrong string) {
	state, seen := map[string]string{}, map[string]bool{}
	for _, c := range v.changes(table) {
		k := text(c.Dynamodb.Keys)
		old := ""
		if c.Dynamodb.OldImage != nil {
			old = text(c.Dynamodb.OldImage)
		}
		if state[k] != old {
			wrong += fmt.Sprintf("%s of %s finds %q, and not %q\n", c.EventName, k, state[k], old)
		}
		if seen[c.EventID] {
			wrong += fmt.Sprintf("the record %s comes twice\n", c.EventID)
		}
		seen[c.EventID] = true
		if delete(state, k); c.Dynamodb.NewImage != nil {
			state[k] = text(c.Dynamodb.NewImage)
		}
	}
	return slices.Sorted(maps.Values(state)), wrong
}

// changes reads the stream of a table from its beginning, shard by shard:
// parents come before their children in the list.
func (v *verifier) changes(table string) (all []change) {
	var described struct {
		Table struct{ LatestStreamArn string }
	}
	if !v.call("DescribeTable", `{"TableName":"`+table+`"}`, &described) || described.Table.LatestStreamArn == "" {
		return nil
	}
	arn := described.Table.LatestStreamArn
	for start, more := "", true; more; {
		var stream streamPage
		more = v.call("DescribeStream", `{"StreamArn":"`+arn+`"`+start+`}`, &stream) && stream.StreamDescription.LastEvaluatedShardId != ""
		for _, shard := range stream.StreamDescription.Shards {
			all = append(all, v.records(arn, shard.ShardId)...)
			start = `,"ExclusiveStartShardId":"` + shard.ShardId + `"`
		}
	}
	return all
}

// records reads a shard to what is its end now.
func (v *verifier) records(arn, shard string) (all []change) {
	var next struct{ ShardIterator string }
	v.call("GetShardIterator", `{"StreamArn":"`+arn+`","ShardId":"`+shard+`","ShardIteratorType":"TRIM_HORIZON"}`, &next)
	for next.ShardIterator != "" {
		var page recordsPage
		if !v.call("GetRecords", `{"ShardIterator":"`+next.ShardIterator+`"}`, &page) || len(page.Records) == 0 {
			return all
		}
		all = append(all, page.Records...)
		next.ShardIterator = page.NextShardIterator
	}
	return all
}

// writeOn shows that the server takes writes again.
func (v *verifier) writeOn() {
	a := call(v.handler, "PutItem", `{"TableName":"pairs","Item":{"pk":{"S":"on"}}}`)
	if !a.ok() && a.kind() != "ResourceNotFoundException" {
		v.say("the next write: %s", a)
	}
}
