package pebble

import (
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	engine "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv"
)

// These bytes are in people's stores. A change of them is a new format version,
// with a migration.
func TestGoldenFormats(t *testing.T) {
	for _, c := range []struct {
		key, value []byte
		golden     string
		printed    string
	}{
		{formatKey(), appendFormat(nil, 1), "0066 01", "format: version 1"},
		{formatKey(), appendFormat(nil, 300), "0066 ac02", "format: version 300"},
		{stampKey(), appendStampBound(nil, 1<<20+1), "0073 0000000000100001", "stamps: below 1048577"},
		{formatKey(), nil, "0066 ", "format: not a format version: "},
		{formatKey(), []byte{1, 1}, "0066 0101", "format: not a format version: 0101"},
		{stampKey(), []byte{1}, "0073 01", "stamps: not a stamp bound: 01"},
		{stampKey(), make([]byte, 8), "0073 0000000000000000", "stamps: not a stamp bound: 0000000000000000"},
		{[]byte{0, 'x'}, nil, "0078 ", "unknown engine key: 0078"},
		{[]byte("user"), nil, "75736572 ", "not an engine key: 75736572"},
	} {
		if got := hex.EncodeToString(c.key) + " " + hex.EncodeToString(c.value); got != c.golden {
			t.Errorf("%s is stored as %s, want %s", c.printed, got, c.golden)
		}
		if got := FormatEntry(c.key, c.value); got != c.printed {
			t.Errorf("%s is printed %q, want %q", c.golden, got, c.printed)
		}
	}
}

// A store of format 1 goes through all migrations to format 3, once.
func TestMigrations(t *testing.T) {
	o := Options{Dir: "data", FS: vfs.NewMem()}
	reopen(t, o, format{version: 1})

	var ran []uint64
	step := func(from uint64) migration {
		return migration{from: from, run: func(_ *engine.DB, batch *engine.Batch) error {
			ran = append(ran, from)
			return batch.Set([]byte{'m', byte(from)}, nil, nil)
		}}
	}
	third := format{version: 3, migrations: []migration{step(1), step(2)}}
	reopen(t, o, third)
	d := reopen(t, o, third)
	if !slices.Equal(ran, []uint64{1, 2}) {
		t.Errorf("the migrations that ran: %v", ran)
	}
	if d.Recovered() {
		t.Error("a migration is no crash")
	}

	// A migration that fails leaves the store as it was.
	broken := errors.New("broken")
	fourth := format{version: 4, migrations: []migration{{from: 3, run: func(_ *engine.DB, batch *engine.Batch) error {
		return errors.Join(batch.Set([]byte("half"), nil, nil), broken)
	}}}}
	if _, err := open(o, fourth); !errors.Is(err, broken) {
		t.Errorf("a migration that fails: %v", err)
	}
	d = reopen(t, o, third)
	if d.Recovered() {
		t.Error("an Open that failed is no crash")
	}
}

// reopen opens and closes a store, and returns it closed.
func reopen(t *testing.T, o Options, f format) *DB {
	t.Helper()
	d, err := open(o, f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := get(d.engine, []byte("half"), nil); !errors.Is(err, kv.ErrNotFound) {
		t.Errorf("half of a migration is there (%v)", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFormatRefused(t *testing.T) {
	for _, c := range []struct {
		name         string
		found, reads uint64
	}{
		{"newer", 4, 3},
		{"without a migration", 1, 3},
	} {
		o := Options{Dir: "data", FS: vfs.NewMem()}
		reopen(t, o, format{version: c.found})
		_, err := open(o, format{version: c.reads})
		var refused *kv.FormatError
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v, want a FormatError", c.name, err)
			continue
		}
		if refused.Found != c.found || refused.Supported != c.reads || refused.Dir != "data" || refused.Advice == "" {
			t.Errorf("%s: %+v", c.name, refused)
		}
		reopen(t, o, format{version: c.found}) // it is as it was
	}
}

// The engine's own values may be damaged as any other.
func TestDamagedEngineValues(t *testing.T) {
	for _, key := range [][]byte{formatKey(), stampKey()} {
		o := Options{Dir: "data", FS: vfs.NewMem()}
		d, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(d.engine.Set(key, []byte("?!"), engine.Sync), d.Close()); err != nil {
			t.Fatal(err)
		}
		_, err = Open(o)
		var damaged *kv.CorruptionError
		if !errors.As(err, &damaged) {
			t.Errorf("%s: %v, want a CorruptionError", FormatEntry(key, nil), err)
		}
	}
}

func TestOwnEntries(t *testing.T) {
	d := memDB(t)
	if err := d.reserveStamps(1000); err != nil {
		t.Fatal(err)
	}
	lines, err := d.OwnEntries()
	if want := []string{"format: version 1", "stamps: below 1000"}; err != nil || !slices.Equal(lines, want) {
		t.Errorf("%q (%v), want %q", lines, err, want)
	}
}
