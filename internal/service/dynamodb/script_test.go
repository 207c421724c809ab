package dynamodb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/kv/memory"
	"github.com/gramme-db/gramme/internal/wire"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// TestScripts runs the conversations in testdata. A command and its input stand
// above ----, what the service answers below; -rewrite refreshes the answers.
//
//	PutItem [pretty|brief] call an operation with the JSON that follows; brief: print only what is refused
//	put TABLE              put an item for each line that follows, and count them
//	clock 5s               turn the clock
//	as ACCOUNT REGION      be another caller from here on
//	keys                   print all that the store holds
//	cost OP                call an operation and print what it cost the engine
//	reopen [delay]         close the service and open it again over the same store
//	pages OP LIMIT         call an operation until it gives no NextToken, and print the items of each page
//	indexes TABLE          describe a table and its global indexes, a line each
//	tokens                 sweep, and print the tokens of transactions that are remembered
//	expire                 delete what is due, print how many items went and what is left in the expiry index
//	cooldown 30m           set how long after a change of time to live none is allowed
//	backfill [items]       do one step of each job on an index, and print the jobs that are left
//	sharder                do one round of the sharder
//	journal                print all that the store holds of journals and streams
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		w := newWorld(t)
		datadriven.RunTest(t, path, w.run)
	})
}

// world is a service on a store in memory, with a clock of its own.
type world struct {
	store   *kv.Store
	service *Service
	now     time.Time
	draws   uint64
	caller  wire.Caller
}

func newWorld(t testing.TB) *world {
	t.Helper()
	engine, err := memory.Open(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return newWorldOn(t, engine)
}

// newWorldOn returns a world on what an engine holds.
func newWorldOn(t testing.TB, engine driver.Driver) *world {
	t.Helper()
	w := &world{
		store:  kv.Open(engine),
		now:    time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC),
		caller: wire.Caller{Account: "000000000000", Region: "us-east-1", AccessKey: "test", RequestID: "R", Host: "127.0.0.1:8000"},
	}
	w.open(t, 0)
	t.Cleanup(func() {
		if err := w.service.Close(); err != nil {
			t.Error(err)
		}
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) open(t testing.TB, delay time.Duration) {
	t.Helper()
	env := base.Env{
		Now:  func() time.Time { return w.now },
		Rand: func() uint64 { w.draws++; return w.draws },
	}
	s, err := open(context.Background(), Options{Store: w.store, Env: env, ControlPlaneDelay: delay, ItemCollectionBytesMax: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	w.service = s
}

func (w *world) run(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "clock":
		by, err := time.ParseDuration(d.CmdArgs[0].String())
		if err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(by)
		return w.now.Format(time.RFC3339Nano) + "\n"
	case "as":
		w.caller.Account, w.caller.Region = d.CmdArgs[0].String(), d.CmdArgs[1].String()
		return "ok\n"
	case "keys":
		return w.keys(t)
	case "put":
		return w.put(t, d.CmdArgs[0].String(), strings.Split(d.Input, "\n"))
	case "cost":
		return w.cost(d.CmdArgs[0].String(), d.Input)
	case "pages":
		return w.pages(t, d)
	case "indexes":
		return w.indexes(t, d.CmdArgs[0].String())
	case "backfill":
		return w.backfill(t, d)
	case "expire":
		return w.expire(t)
	case "cooldown":
		var err error
		if w.service.ttlCooldown, err = time.ParseDuration(d.CmdArgs[0].String()); err != nil {
			t.Fatal(err)
		}
		return "ok\n"
	case "tokens":
		return w.tokens(t)
	case "sharder":
		if err := w.service.sharder.round(context.Background()); err != nil {
			t.Fatal(err)
		}
		return "ok\n"
	case "journal":
		if lines := w.lines(t, 'c', 'e'); len(lines) > 0 {
			return strings.Join(lines, "\n") + "\n"
		}
		return "none\n"
	case "reopen":
		return w.reopen(t, d)
	}
	if d.HasArg("brief") {
		return w.brief(d.Cmd, d.Input)
	}
	return w.call(d.Cmd, d.Input, d.HasArg("pretty"))
}

// indexes prints what clients see of a table's global indexes.
func (w *world) indexes(t *testing.T, table string) string {
	answer, status := w.answer("DescribeTable", `{"TableName":"`+table+`"}`)
	if status != 200 {
		return fmt.Sprintf("%d %s\n", status, answer)
	}
	var d struct {
		Table struct {
			TableStatus            string
			AttributeDefinitions   []struct{ AttributeName, AttributeType string }
			ItemCount              int
			GlobalSecondaryIndexes []struct {
				IndexName, IndexStatus    string
				Backfilling               *bool
				ItemCount, IndexSizeBytes int
			}
		}
	}
	if err := json.Unmarshal(answer, &d); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s items=%d attributes=%v\n", table, d.Table.TableStatus, d.Table.ItemCount, d.Table.AttributeDefinitions)
	for _, x := range d.Table.GlobalSecondaryIndexes {
		fmt.Fprintf(&b, "%s %s", x.IndexName, x.IndexStatus)
		if x.Backfilling != nil {
			fmt.Fprintf(&b, " backfilling=%v", *x.Backfilling)
		}
		fmt.Fprintf(&b, " items=%d bytes=%d\n", x.ItemCount, x.IndexSizeBytes)
	}
	return b.String()
}

// backfill does by hand what the indexer does in the background.
func (w *world) backfill(t *testing.T, d *datadriven.TestData) string {
	if len(d.CmdArgs) > 0 {
		if _, err := fmt.Sscan(d.CmdArgs[0].String(), &w.service.indexer.itemsMax); err != nil {
			t.Fatal(err)
		}
	}
	again, err := w.service.indexer.round(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	jobs := w.lines(t, 'j')
	if len(jobs) == 0 {
		return "no jobs\n"
	}
	return fmt.Sprintf("%s\nagain in %v\n", strings.Join(jobs, "\n"), again)
}

// expire does by hand what the expirer does in the background, until nothing is
// due.
func (w *world) expire(t *testing.T) string {
	items := func() int {
		return len(w.described(t, "item ", 't'))
	}
	before := items()
	w.finishExpiring(t)
	lines := append([]string{fmt.Sprintf("%d items gone", before-items())}, w.described(t, "expiry ", 't')...)
	return strings.Join(lines, "\n") + "\n"
}

// finishExpiring lets the expirer work until nothing is due.
func (w *world) finishExpiring(t testing.TB) {
	t.Helper()
	for range 10_000 {
		again, err := w.service.expirer.round(context.Background())
		if err != nil {
			t.Error(err)
		}
		if err != nil || again == untilPoked || again == w.service.expirer.interval {
			return
		}
	}
	t.Error("the expirer does not come to an end")
}

// described returns the lines of a family that begin with a word.
func (w *world) described(t *testing.T, word string, family byte) []string {
	t.Helper()
	var lines []string
	for _, line := range w.lines(t, family) {
		if strings.HasPrefix(line, word) {
			lines = append(lines, line)
		}
	}
	return lines
}

// reopen closes the service and opens it again.
func (w *world) reopen(t *testing.T, d *datadriven.TestData) string {
	var delay time.Duration
	if len(d.CmdArgs) > 0 {
		var err error
		if delay, err = time.ParseDuration(d.CmdArgs[0].String()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.service.Close(); err != nil {
		t.Fatal(err)
	}
	w.open(t, delay)
	return "ok\n"
}

// put puts items, each given as JSON, into a table.
func (w *world) put(t testing.TB, table string, items []string) string {
	t.Helper()
	for _, it := range items {
		if answer, status := w.answer("PutItem", `{"TableName":"`+table+`","Item":`+it+`}`); status != 200 {
			t.Fatalf("put %s: %s", it, answer)
		}
	}
	return fmt.Sprintf("%d items\n", len(items))
}

// call answers as the gateway would: the body, or status and error body.
func (w *world) call(operation, body string, pretty bool) string {
	answer, status := w.answer(operation, body)
	if pretty {
		var b bytes.Buffer
		if err := json.Indent(&b, answer, "", "  "); err != nil {
			return "not JSON: " + string(answer) + "\n"
		}
		answer = b.Bytes()
	}
	if status != 200 {
		return fmt.Sprintf("%d %s\n", status, answer)
	}
	return string(answer) + "\n"
}

func (w *world) brief(operation, body string) string {
	if answer, status := w.answer(operation, body); status != 200 {
		return fmt.Sprintf("%d %s\n", status, answer)
	}
	return "ok\n"
}

func (w *world) answer(operation, body string) (answer []byte, status int) {
	op, ok := w.service.Operations().Lookup(operation)
	if !ok || op.Call == nil {
		return awsjson.AppendError(nil, awsjson.UnknownOperation()), 400
	}
	caller := w.caller
	caller.Operation = operation
	ctx := wire.WithCaller(context.Background(), &caller)
	answer, err := op.Call(ctx, []byte(body), nil)
	if err == nil {
		return answer, 200
	}
	var e *wire.Error
	if !errors.As(err, &e) {
		return []byte("BUG: " + err.Error()), 500
	}
	return awsjson.AppendError(nil, e), e.Status
}

// pages prints the items of each page, and what the last one begins with.
func (w *world) pages(t *testing.T, d *datadriven.TestData) string {
	var b strings.Builder
	token := ""
	for {
		body := strings.TrimSuffix(d.Input, "}") + `,"Limit":` + d.CmdArgs[1].String() + token + "}"
		answer, status := w.answer(d.CmdArgs[0].String(), body)
		if status != 200 {
			return fmt.Sprintf("%s%d %s\n", b.String(), status, answer)
		}
		var page struct {
			Items, LastEvaluatedKey json.RawMessage
			NextToken               string
		}
		if err := json.Unmarshal(answer, &page); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\n", page.Items)
		if page.NextToken == "" {
			return b.String()
		}
		fmt.Fprintf(&b, "behind %s\n", page.LastEvaluatedKey)
		token = `,"NextToken":"` + page.NextToken + `"`
	}
}

// cost prints how often an operation used the engine.
func (w *world) cost(operation, body string) string {
	before := w.store.Counts()
	answer, status := w.answer(operation, body)
	after := w.store.Counts()
	if status != 200 {
		return fmt.Sprintf("%d %s\n", status, answer)
	}
	return fmt.Sprintf("gets=%d scans=%d commits=%d\n", after.Gets-before.Gets, after.Scans-before.Scans, after.Commits-before.Commits)
}

// keys prints every key of the store, a line each.
func (w *world) keys(t *testing.T) string {
	if err := w.service.purger.purgeAll(context.Background()); err != nil { // what the background may not have come to yet
		t.Fatal(err)
	}
	lines := w.lines(t, 'd', 'j', 'l', 'p', 's', 't')
	if len(lines) == 0 {
		return "none\n"
	}
	return strings.Join(lines, "\n") + "\n"
}

// lines describes every key of some families.
func (w *world) lines(t *testing.T, families ...byte) []string {
	t.Helper()
	snap, err := w.store.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	var lines []string
	for _, family := range families {
		prefix := []byte{family}
		it := snap.Scan(prefix, layout.PrefixEnd(prefix), false)
		for it.Next() {
			lines = append(lines, layout.Describe(it.Key(), it.Value(), kv.FormatCounters))
		}
		if err := it.Err(); err != nil {
			t.Fatal(err)
		}
		it.Close()
	}
	sort.Strings(lines)
	return lines
}
