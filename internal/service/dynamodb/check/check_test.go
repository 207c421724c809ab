package check_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/kv/memory"
	"github.com/gramme-db/gramme/internal/service/dynamodb"
	"github.com/gramme-db/gramme/internal/service/dynamodb/check"
	"github.com/gramme-db/gramme/internal/wire"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// TestScripts runs the conversations in testdata, each with a store of its own:
//
//	call                    send operations to the real service: operation and body, a line each
//	as ACCOUNT REGION       be another caller from here on
//	damage                  change the store behind the service's back; see damage_test.go
//	check [repair] [quiet]  check the store: the findings, then what was gone through
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		w := newWorld(t)
		datadriven.RunTest(t, path, w.run)
	})
}

// world is a service over a store in memory, whose clock stands still.
type world struct {
	store   *kv.Store
	service *dynamodb.Service
	caller  wire.Caller
}

func newWorld(t testing.TB) *world {
	t.Helper()
	driver, err := memory.Open(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		store:  kv.Open(driver),
		caller: wire.Caller{Account: "000000000000", Region: "us-east-1", AccessKey: "test", RequestID: "R", Host: "127.0.0.1:8000"},
	}
	w.update(t, func(tx *kv.Tx) error { return tx.Set(layout.AppendPurgeKey(nil, 1<<40), nil) })
	draws := uint64(0)
	w.service, err = dynamodb.Open(context.Background(), dynamodb.Options{
		Store: w.store,
		Env:   base.Env{Now: func() time.Time { return noon }, Rand: func() uint64 { draws++; return draws }},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(w.service.Close(), w.store.Close()); err != nil {
			t.Error(err)
		}
	})
	for w.holds(layout.PurgeRange()) {
		runtime.Gosched() // a later first purge would take what a script damages
	}
	return w
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func (w *world) run(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "call":
		var out strings.Builder
		for line := range strings.Lines(d.Input) {
			operation, body, _ := strings.Cut(strings.TrimSpace(line), " ")
			if answer, err := w.call(operation, body); err != nil {
				fmt.Fprintf(&out, "%s: %s\n", operation, answer)
			}
		}
		return out.String() + "ok\n"
	case "as":
		w.caller.Account, w.caller.Region = d.CmdArgs[0].Key, d.CmdArgs[1].Key
		return "ok\n"
	case "damage":
		for line := range strings.Lines(d.Input) {
			w.damage(t, strings.TrimSpace(line))
		}
		return "ok\n"
	case "check":
		return w.check(t, d.HasArg("repair"))
	}
	return "no such command: " + d.Cmd + "\n"
}

func (w *world) call(operation, body string) (answer []byte, err error) {
	op, ok := w.service.Operations().Lookup(operation)
	if !ok || op.Call == nil {
		return []byte("no such operation"), errors.New(operation)
	}
	caller := w.caller
	answer, err = op.Call(wire.WithCaller(context.Background(), &caller), []byte(body), nil)
	for operation == "UpdateTimeToLive" && w.holds(layout.JobRange()) {
		runtime.Gosched() // the service builds the expiry index
	}
	var refusal *wire.Error
	if errors.As(err, &refusal) {
		return awsjson.AppendError(nil, refusal), err
	}
	return answer, err
}

// holds reports whether the store has a key in the range, as that of the jobs
// of indexes being built.
func (w *world) holds(start, end []byte) bool {
	snap, err := w.store.Snapshot(context.Background())
	if err != nil {
		return false
	}
	defer snap.Close()
	it := snap.Scan(start, end, false)
	defer it.Close()
	return it.Next()
}

// check prints findings and totals.
func (w *world) check(t *testing.T, repair bool) string {
	t.Helper()
	var out strings.Builder
	report, err := check.Run(context.Background(), check.Options{
		Store:    w.store,
		Now:      func() time.Time { return noon },
		Repair:   repair,
		Found:    func(f check.Finding) { fmt.Fprintln(&out, f) },
		Progress: func(check.Progress) { t.Error("progress, and the clock stands still") },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Purges {
		fmt.Fprintf(&out, "purge of id %d %s\n", p.ID, p.Table)
	}
	for _, tb := range report.Tables {
		fmt.Fprintf(&out, "%s %s\n", tb.Table, totalsText(tb.Totals))
	}
	fmt.Fprintf(&out, "sum %s\n", totalsText(report.Sum()))
	return out.String()
}

func totalsText(n check.Totals) string {
	return fmt.Sprintf("items=%d entries=%d findings=%d mendable=%d mended=%d", n.Items, n.Entries, n.Findings, n.Mendable, n.Mended)
}

// update writes to the store behind the service's back.
func (w *world) update(t testing.TB, change func(tx *kv.Tx) error) {
	t.Helper()
	if err := w.store.Update(context.Background(), nil, change); err != nil {
		t.Fatal(err)
	}
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
