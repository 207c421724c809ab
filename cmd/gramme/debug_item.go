package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// debugItemCommand is "gramme debug item": an item named by its key, or bytes
// from somewhere else, as from a log.
type debugItemCommand struct {
	Dir   string `arg:"" optional:"" help:"The data directory of a stopped server."`
	Table string `arg:"" optional:"" help:"The table's name."`
	Key   string `arg:"" optional:"" help:"The item's key in DynamoDB's JSON, as in {\"pk\":{\"S\":\"a\"}}."`

	Account string `default:"000000000000" help:"The table's account."`
	Region  string `default:"us-east-1" help:"The table's region."`
	Hex     string `placeholder:"BYTES" help:"Stored bytes in hexadecimal, in place of an item's key."`
	Base64  string `name:"base64" placeholder:"BYTES" help:"Stored bytes in base64, in place of an item's key."`
}

// Run prints the stored bytes part by part, and the item as JSON.
func (d *debugItemCommand) Run(c console) error {
	stored, err := d.stored()
	if err != nil {
		return err
	}
	return printStored(c.out, stored)
}

func (d *debugItemCommand) stored() ([]byte, error) {
	named := 0
	for _, text := range []string{d.Key, d.Hex, d.Base64} {
		if text != "" {
			named++
		}
	}
	switch {
	case named != 1, d.Key == "" && d.Dir != "":
		return nil, errors.New("give DIR, TABLE and KEY, or --hex, or --base64; see: gramme debug item --help")
	case d.Hex != "":
		stored, err := hex.DecodeString(strings.Join(strings.Fields(d.Hex), ""))
		if err != nil {
			return nil, fmt.Errorf("--hex=%s is no hexadecimal", d.Hex)
		}
		return stored, nil
	case d.Base64 != "":
		stored, err := base64.StdEncoding.DecodeString(d.Base64)
		if err != nil {
			return nil, fmt.Errorf("--base64=%s is no base64", d.Base64)
		}
		return stored, nil
	}
	return d.lookUp()
}

// lookUp reads the item from the store.
func (d *debugItemCommand) lookUp() ([]byte, error) {
	decoder := awsjson.NewDecoder([]byte(d.Key))
	attributes := item.DecodeAttributes(&decoder)
	if err := decoder.End(); err != nil {
		return nil, fmt.Errorf("KEY is not a key in DynamoDB's JSON: %s", d.Key)
	}
	if attributes.Err != nil {
		return nil, fmt.Errorf("KEY: %s", attributes.Err.Text)
	}
	var stored []byte
	err := readStopped(d.Dir, func(ctx context.Context, store driver.Driver) (err error) {
		stored, err = d.find(ctx, store, attributes.Item)
		return err
	})
	return stored, err
}

// find reads the table and then the item.
func (d *debugItemCommand) find(ctx context.Context, store driver.Driver, attributes item.Item) ([]byte, error) {
	descriptor, err := store.Get(ctx, layout.AppendDescriptorKey(nil, d.Account, d.Region, d.Table), nil)
	if errors.Is(err, kv.ErrNotFound) {
		return nil, fmt.Errorf("there is no table %s in account %s and region %s; choose others with --account and --region", d.Table, d.Account, d.Region)
	}
	if err != nil {
		return nil, err
	}
	table, err := schema.ParseTable(descriptor)
	if err != nil {
		return nil, err
	}
	key, refusal := table.KeyOf(attributes)
	if refusal != nil {
		return nil, fmt.Errorf("KEY: %s", refusal.Text)
	}
	stored, err := store.Get(ctx, layout.AppendItemKey(nil, table.ID, key.Partition, key.Sort), nil)
	if errors.Is(err, kv.ErrNotFound) {
		return nil, fmt.Errorf("table %s has no item with the key %s", d.Table, d.Key)
	}
	return stored, err
}

// printStored prints a record, or a bare value. Its first byte tells them apart:
// a record's version is below every tag of a value.
func printStored(w io.Writer, stored []byte) error {
	value, head, size := item.Value(stored), 0, 0 // head: bytes before the value
	check := func() error { return item.Check(value) }
	if len(stored) > 0 && stored[0] < ' ' {
		it, billed, err := layout.ParseRecord(stored)
		if err != nil {
			return err
		}
		value, head, size = it.AsValue(), len(stored)-len(it), billed
		check = it.Check
	}
	if err := check(); err != nil {
		return err
	}
	p := partPrinter{w: w, rest: stored}
	if head > 0 {
		p.part(1, "record, version %d", stored[0])
		p.part(head-1, "size %d, as DynamoDB bills it", size)
	}
	p.value(value)
	_, err := fmt.Fprintf(w, "\n%s\n", appendJSON(nil, value))
	return err
}

// appendJSON appends an item as requests and responses have it, and any other
// value with its type.
func appendJSON(dst []byte, v item.Value) []byte {
	if m := v.Map(); m != nil {
		return m.AppendJSON(dst)
	}
	return v.AppendJSON(dst)
}

// partPrinter prints bytes part by part: offset, the bytes, what they are.
type partPrinter struct {
	w      io.Writer
	offset int
	rest   []byte
}

const partBytesMax = 16 // printed of one part; beyond it dots

func (p *partPrinter) part(n int, format string, args ...any) {
	shown := fmt.Sprintf("% x", p.rest[:min(n, partBytesMax)])
	if n > partBytesMax {
		shown += " ..."
	}
	fmt.Fprintf(p.w, "%6d  %-51s  %s\n", p.offset, shown, fmt.Sprintf(format, args...))
	p.offset += n
	p.rest = p.rest[n:]
}

// value prints a whole value: the attributes of a map each for itself, another
// value, and an attribute, in one part.
func (p *partPrinter) value(v item.Value) {
	if v.Kind() != item.M {
		p.part(len(v), "%s %s", v.Kind(), v)
		return
	}
	length, w := binary.Uvarint(v[1:])
	p.part(1+w, "M, %d bytes", length)
	for name, field := range v.Map().All() {
		_, w := binary.Uvarint(p.rest)
		p.part(w+len(name), "name %q", name)
		p.part(len(field), "%s %s", field.Kind(), field)
	}
}
