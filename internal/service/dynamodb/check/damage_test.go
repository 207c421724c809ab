package check_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// damage does one thing to the store that no request would do. ITEM is an item
// in JSON without spaces.
//
//	delete-item TABLE ITEM             without its entries
//	put-item TABLE ITEM [AT] [SIZE]    without its entries; under the key of item AT, with SIZE in its record
//	delete-entry TABLE INDEX ITEM      the entry that ITEM calls for
//	put-entry TABLE INDEX ITEM [AS]    the entry that ITEM calls for, holding what AS calls for
//	delete-expiry TABLE ITEM           the expiry that ITEM calls for
//	put-expiry TABLE ITEM              the same
//	delete-mark TABLE                  that it has time to live
//	ttl-building TABLE ON|OFF          say in the descriptor whether the expiry index is being built
//	ttl-job TABLE [ITEM]               write the job of the expiry index; its cursor is at ITEM, or nowhere
//	count TABLE SLOT DELTA             add to a counter of the table
//	count-collection TABLE ITEM DELTA  add to the size of ITEM's collection
//	state TABLE INDEX STATE            set the index's state in the descriptor; - is active
//	job TABLE INDEX [ITEM]             write the index's job; its cursor is at ITEM, or nowhere
//	descriptor TABLE FROM TO           change text in the descriptor
//	set KEY [VALUE]                    in hexadecimal; a counter, too
//	spoil-item TABLE ITEM VALUE        make the record of ITEM these bytes, in hexadecimal
//	delete KEY
func (w *world) damage(t testing.TB, line string) {
	t.Helper()
	f := append(strings.Fields(line), "", "", "") // missing arguments are empty
	what, table, rest := f[0], f[1], f[2:]
	w.update(t, func(tx *kv.Tx) error {
		switch what {
		case "set":
			if err := tx.DeleteRange(unhex(t, table), append(unhex(t, table), 0)); err != nil {
				return err
			}
			return tx.Set(unhex(t, table), unhex(t, rest[0]))
		case "delete":
			return tx.Delete(unhex(t, table))
		case "descriptor":
			key := layout.AppendDescriptorKey(nil, w.caller.Account, w.caller.Region, table)
			return tx.Set(key, []byte(strings.Replace(string(w.get(t, key)), rest[0], rest[1], 1)))
		}
		return damageTable(t, tx, w.table(t, table), what, rest)
	})
}

func damageTable(t testing.TB, tx *kv.Tx, tbl *schema.Table, what string, args []string) error {
	t.Helper()
	switch what {
	case "delete-item":
		return tx.Delete(itemKey(t, tbl, args[0]))
	case "put-item":
		it, at, size := parse(t, args[0]), args[0], parse(t, args[0]).Size()
		if args[1] != "" {
			at = args[1]
		}
		if args[2] != "" {
			size = int(number(t, args[2]))
		}
		return tx.Set(itemKey(t, tbl, at), layout.AppendRecord(nil, it, size))
	case "spoil-item":
		return tx.Set(itemKey(t, tbl, args[0]), unhex(t, args[1]))
	case "delete-entry":
		key, _ := entryOf(t, tbl, args[0], args[1])
		return tx.Delete(key)
	case "put-entry":
		key, im := entryOf(t, tbl, args[0], args[1])
		if args[2] != "" {
			_, im = entryOf(t, tbl, args[0], args[2])
		}
		return tx.Set(key, layout.AppendRecord(nil, im.Item, im.Size))
	case "delete-expiry", "put-expiry":
		key := tbl.Expiry(itemKey(t, tbl, args[0]), parse(t, args[0]))
		if what == "put-expiry" {
			return tx.Set(key, nil)
		}
		return tx.Delete(key)
	case "delete-mark":
		return tx.Delete(layout.AppendExpiringKey(nil, tbl.ID))
	case "ttl-building":
		tbl.TTL.Building = args[0] == "ON"
		return setDescriptor(t, tx, tbl)
	case "ttl-job":
		return setJob(t, tx, tbl, layout.ExpiryIndex, args[0])
	case "count":
		tx.Add(layout.AppendCountersKey(nil, tbl.ID), int(number(t, args[0])), number(t, args[1]))
		return nil
	case "count-collection":
		partition, _ := parse(t, args[0]).Get(tbl.Partition.Name)
		tx.Add(layout.AppendCollectionKey(nil, tbl.ID, partition), layout.SlotCollectionBytes, number(t, args[1]))
		return nil
	case "state":
		return setState(t, tx, tbl, args[0], args[1])
	case "job":
		x, ok := tbl.Index(args[0])
		if !ok {
			t.Fatalf("table %s has no index %s", tbl.Name, args[0])
		}
		return setJob(t, tx, tbl, x.Number, args[1])
	}
	t.Fatalf("no such damage: %s", what)
	return nil
}

func setState(t testing.TB, tx *kv.Tx, tbl *schema.Table, index, state string) error {
	t.Helper()
	x, ok := tbl.Index(index)
	if !ok {
		t.Fatalf("table %s has no index %s", tbl.Name, index)
	}
	x.State = schema.IndexState(strings.Trim(state, "-"))
	return setDescriptor(t, tx, tbl)
}

func setDescriptor(t testing.TB, tx *kv.Tx, tbl *schema.Table) error {
	t.Helper()
	value, err := tbl.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return tx.Set(layout.AppendDescriptorKey(nil, tbl.Account, tbl.Region, tbl.Name), value)
}

func setJob(t testing.TB, tx *kv.Tx, tbl *schema.Table, index uint16, cursor string) error {
	t.Helper()
	j := layout.Job{
		Table: tbl.ID, Index: index,
		Descriptor: layout.DescriptorKey{Account: tbl.Account, Region: tbl.Region, Name: tbl.Name},
	}
	if cursor != "" {
		j.Cursor = itemKey(t, tbl, cursor)
	}
	return tx.Set(layout.AppendJobKey(nil, tbl.ID, index), layout.AppendJob(nil, j))
}

func (w *world) get(t testing.TB, key []byte) []byte {
	t.Helper()
	value, err := w.store.Get(context.Background(), key, nil)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// table reads a descriptor from the store.
func (w *world) table(t testing.TB, name string) *schema.Table {
	t.Helper()
	tbl, err := schema.ParseTable(w.get(t, layout.AppendDescriptorKey(nil, w.caller.Account, w.caller.Region, name)))
	if err != nil {
		t.Fatal(err)
	}
	return tbl
}

func parse(t testing.TB, text string) item.Item {
	t.Helper()
	decoder := awsjson.NewDecoder([]byte(text))
	attributes := item.DecodeAttributes(&decoder)
	if err := decoder.End(); err != nil || attributes.Err != nil {
		t.Fatalf("%s: %v, %v", text, err, attributes.Err)
	}
	return attributes.Item
}

func itemKey(t testing.TB, tbl *schema.Table, text string) []byte {
	t.Helper()
	k, refusal := tbl.KeyIn(parse(t, text))
	if refusal != nil {
		t.Fatalf("%s: %s", text, refusal.Text)
	}
	return layout.AppendItemKey(nil, tbl.ID, k.Partition, k.Sort)
}

func entryOf(t testing.TB, tbl *schema.Table, index, text string) ([]byte, schema.Image) {
	t.Helper()
	x, ok := tbl.Index(index)
	if !ok {
		t.Fatalf("table %s has no index %s", tbl.Name, index)
	}
	key, im := tbl.Entry(x, schema.ImageOf(parse(t, text)))
	if key == nil {
		t.Fatalf("%s is not in the index %s", text, index)
	}
	return key, im
}

func number(t testing.TB, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
