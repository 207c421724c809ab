package main

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/pebble"
	"github.com/gramme-db/gramme/internal/service/dynamodb/check"
)

// changeData sets or deletes a key of a stopped data directory.
func changeData(t *testing.T, dir string, d *datadriven.TestData) string {
	t.Helper()
	engine, err := pebble.Open(pebble.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	store := kv.Open(engine)
	err = store.Update(t.Context(), nil, func(tx *kv.Tx) error {
		key := fromHex(t, d.CmdArgs[0].Key)
		if d.Cmd == "delete" {
			return tx.Delete(key)
		}
		return tx.Set(key, fromHex(t, d.CmdArgs[1].Key))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return "ok\n"
}

func fromHex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPrintProgress(t *testing.T) {
	var out strings.Builder
	printProgress(&out, check.Progress{Table: "000000000000/us-east-1/Orders", Totals: check.Totals{Items: 1200, Entries: 2400, Findings: 1}})
	printProgress(&out, check.Progress{})
	const want = "checking 000000000000/us-east-1/Orders: 1200 items, 2400 index entries, 1 findings so far\n" +
		"checking keys of no table: 0 items, 0 index entries, 0 findings so far\n"
	if out.String() != want {
		t.Errorf("printed\n%s, want\n%s", out.String(), want)
	}
}

// A directory in use is not checked: it would change meanwhile.
func TestCheckOfRunningServer(t *testing.T) {
	dir := t.TempDir()
	engine, err := pebble.Open(pebble.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}()
	out, err := gramme(dir, nil, "debug", "check", dir).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "is in use by another gramme") {
		t.Errorf("%v: %s", err, out)
	}
}
