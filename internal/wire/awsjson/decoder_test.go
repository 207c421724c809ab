package awsjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cockroachdb/datadriven"

	"github.com/gramme-db/gramme/internal/wire"
)

// TestDecode runs scripts. A command names the type that member "v" of the
// body is read as, and prints the value and the error.
func TestDecode(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, td *datadriven.TestData) string {
			var out strings.Builder
			for body := range strings.Lines(td.Input) {
				d := NewDecoder([]byte(strings.TrimSuffix(body, "\n")))
				value := readMember(t, &d, td.Cmd)
				var answer *wire.Error
				if errors.As(d.End(), &answer) {
					fmt.Fprintf(&out, "%s\n", AppendError(nil, answer))
					continue
				}
				fmt.Fprintf(&out, "%s\n", value)
			}
			return out.String()
		})
	})
}

func readMember(t *testing.T, d *Decoder, as string) string {
	value := "absent"
	if !d.Struct("com.example.Request", Root) {
		return value
	}
	for d.Next() {
		if string(d.Name()) != "v" {
			d.Skip()
			continue
		}
		value = readValue(t, d, as)
	}
	return value
}

func readValue(t *testing.T, d *Decoder, as string) string {
	switch as {
	case "string":
		return show(d.String())
	case "bool":
		return show(d.Bool())
	case "integer":
		return show(d.Integer())
	case "long":
		return show(d.Long())
	case "double":
		return show(d.Double())
	case "timestamp":
		return show(d.Timestamp())
	case "blob":
		return show(d.Blob())
	case "list":
		return readList(t, d, "string")
	case "lists":
		return readList(t, d, "generic-list")
	case "generic-list":
		d.Generic()
		return readList(t, d, "string")
	case "structs":
		return readList(t, d, "element")
	case "map":
		return readMap(d)
	case "struct":
		return readStruct(d, Member)
	case "element":
		return readStruct(d, Element)
	}
	t.Fatalf("unknown type %s", as)
	return ""
}

func show[T any](o wire.Opt[T]) string {
	if !o.Set {
		return "absent"
	}
	return fmt.Sprintf("%#v", o.Value)
}

func readList(t *testing.T, d *Decoder, as string) string {
	if !d.List() {
		return "absent"
	}
	elements := []string{}
	for d.More() {
		elements = append(elements, readValue(t, d, as))
	}
	return "[" + strings.Join(elements, ", ") + "]"
}

func readMap(d *Decoder) string {
	if !d.MapOf("java.util.Map<java.lang.String, java.lang.String>") {
		return "absent"
	}
	var entries Entries[wire.Opt[string]]
	for d.Next() {
		key := d.Key()
		entries.Put(d, key, d.String())
	}
	parts := []string{}
	for _, e := range entries.Map() {
		parts = append(parts, fmt.Sprintf("%q=%s", e.Key, show(e.Value)))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func readStruct(d *Decoder, at Position) string {
	if !d.Struct("com.example.Inner", at) {
		return "absent"
	}
	names := []string{}
	for d.Next() {
		names = append(names, string(d.Name()))
		d.Skip()
	}
	return "struct(" + strings.Join(names, ", ") + ")"
}

func TestValid(t *testing.T) {
	deep := func(n int) string { return `{"a":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + "}" }
	tests := map[string]bool{
		`{}`:                       true,
		" {\t\"a\" : [ ] }\r\n":    true,
		`{"a":{"b":[1,{"c":2}]}}`:  true,
		`{"a":"\ud800"}`:           true,
		deep(depthMax):             true,
		deep(depthMax + 1):         false,
		``:                         false,
		`[]`:                       false,
		`"a"`:                      false,
		`{}x`:                      false,
		`{"a":1,}`:                 false,
		`{"a":[1,]}`:               false,
		`{"a":[1}]`:                false,
		`{a:1}`:                    false,
		`{"a":01}`:                 false,
		`{"a":1.}`:                 false,
		`{"a":+1}`:                 false,
		`{"a":nul}`:                false,
		`{"a":"\x"}`:               false,
		"{\"a\":\"\t\"}":           false,
		"{\"a\":\"\xff\"}":         false,
		"{\"a\":\"\xed\xa0\x80\"}": false,
	}
	for body, want := range tests {
		if got := Valid([]byte(body)); got != want {
			t.Errorf("Valid(%.40q) = %v, want %v", body, got, want)
		}
	}
}

// A map that is long enough to be indexed keeps order and uniqueness.
func TestEntries(t *testing.T) {
	var d Decoder
	var entries Entries[int]
	for round := range 2 {
		for i := range 3 * entriesSearchMax {
			entries.Put(&d, fmt.Sprint("k", i), 1000*round+i)
		}
	}
	m := entries.Map()
	if len(m) != 3*entriesSearchMax {
		t.Fatalf("%d entries", len(m))
	}
	for i, e := range m {
		if want := fmt.Sprint("k", i); e.Key != want || e.Value != 1000+i {
			t.Errorf("entry %d is %s=%d", i, e.Key, e.Value)
		}
	}
}

// A list of more elements than any request has is refused, not kept.
func TestKeptMax(t *testing.T) {
	read := func(elements int) error {
		d := NewDecoder([]byte(`{"v":[` + strings.Repeat("0,", elements-1) + `0]}`))
		var list []int64
		for ok := d.Struct("com.example.Request", Root); ok && d.Next(); {
			for ok := d.List(); ok && d.More(); {
				list = Append(&d, list, d.Integer().Value)
			}
		}
		if len(list) > keptMax {
			t.Errorf("%d elements kept", len(list))
		}
		return d.End()
	}
	if err := read(keptMax); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if err := read(keptMax + 1); err == nil {
		t.Error("beyond the limit: no error")
	}
}

// Reading a body whose strings have no escapes costs no memory.
func TestDecodeAllocations(t *testing.T) {
	body := []byte(`{"TableName":"Music","Key":{"Artist":{"S":"A"}},"ConsistentRead":true,"Limit":5}`)
	allocations := testing.AllocsPerRun(100, func() {
		d := NewDecoder(body)
		for ok := d.Struct("com.example.Request", Root); ok && d.Next(); {
			switch string(d.Name()) {
			case "TableName":
				d.String()
			case "ConsistentRead":
				d.Bool()
			case "Limit":
				d.Integer()
			default:
				d.Skip()
			}
		}
		if d.End() != nil {
			t.Fatal("refused")
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations, want 0", allocations)
	}
}

// FuzzDecoder compares what is well-formed with encoding/json, and checks that
// a walk over the body agrees with Valid.
func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":[1,-2.5e+3,true,null,"xA\\"],"b":{"":{}}}`, `{"a":"\ud83d\ude00"}`, `[`, "{\"\xff\":0}", `{"v":"YQ=="}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > depthMax {
			return
		}
		trimmed := bytes.TrimLeft(body, " \t\r\n")
		want := json.Valid(body) && utf8.Valid(body) && trimmed[0] == '{'
		if got := Valid(body); got != want {
			t.Fatalf("Valid = %v, encoding/json says %v", got, want)
		}
		d := NewDecoder(body)
		walk(&d)
		if err := d.End(); (err == nil) != want {
			t.Fatalf("End = %v, encoding/json says %v", err, want)
		}
		for _, as := range []string{"string", "bool", "integer", "long", "double", "blob", "list", "lists", "structs", "map"} {
			d := NewDecoder(body)
			readMember(t, &d, as)
			var answer *wire.Error
			if errors.As(d.End(), &answer) && answer.NoMessage == want {
				t.Fatalf("as %s: %s, encoding/json says %v", as, AppendError(nil, answer), want)
			}
		}
	})
}

// walk reads a body of any shape with the calls that fit it.
func walk(d *Decoder) {
	if !d.Struct("com.example.Request", Root) {
		return
	}
	for d.Next() {
		walkValue(d)
	}
}

func walkValue(d *Decoder) {
	switch d.peek() {
	case '{':
		for ok := d.MapOf("java.util.Map"); ok && d.Next(); {
			walkValue(d)
		}
	case '[':
		for ok := d.List(); ok && d.More(); {
			walkValue(d)
		}
	case '"':
		d.StringBytes()
	default:
		d.Skip()
	}
}

func BenchmarkValid(b *testing.B) {
	body := []byte(`{"TableName":"Music","Item":{"Artist":{"S":"` + strings.Repeat("x", 800) + `"},"Plays":{"N":"12"},"Tags":{"SS":["a","b"]}}}`)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		Valid(body)
	}
}
