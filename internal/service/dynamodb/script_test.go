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
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/kv/memory"
	"github.com/gramme-db/gramme/internal/wire"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// TestScripts runs the conversations in testdata. A command and its input stand
// above ----, what the service answers below; -rewrite refreshes the answers.
//
//	PutItem [pretty]       call an operation with the JSON that follows
//	clock 5s               turn the clock
//	as ACCOUNT REGION      be another caller from here on
//	keys                   print all that the store holds
//	cost OP                call an operation and print what it cost the engine
//	reopen [delay]         close the service and open it again over the same store
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
	driver, err := memory.Open()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		store:  kv.Open(driver),
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
	s, err := Open(context.Background(), Options{Store: w.store, Env: env, ControlPlaneDelay: delay, ItemCollectionBytesMax: 1 << 20})
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
	case "cost":
		return w.cost(d.CmdArgs[0].String(), d.Input)
	case "reopen":
		return w.reopen(t, d)
	}
	return w.call(d.Cmd, d.Input, d.HasArg("pretty"))
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

func (w *world) answer(operation, body string) (answer []byte, status int) {
	op, ok := w.service.Operations().Lookup(operation)
	if !ok || op.Call == nil {
		return awsjson.AppendError(nil, awsjson.UnknownOperation()), 400
	}
	caller := w.caller
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
	snap, err := w.store.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	var lines []string
	for _, family := range []byte{'d', 'p', 's', 't'} {
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
	if len(lines) == 0 {
		return "none\n"
	}
	return strings.Join(lines, "\n") + "\n"
}
