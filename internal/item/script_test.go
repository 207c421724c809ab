package item

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// TestScripts runs the scripts in testdata:
//
//	item      decodes a map of attribute values, prints item, size and error
//	value     decodes one attribute value, the same
//	json      decodes an item and prints the JSON that goes out
//	stored    decodes an item and prints its stored form
//	key       decodes values, one a line, and prints their key forms
//	number    parses numbers, one a line, and prints their canonical text
func TestScripts(t *testing.T) {
	commands := map[string]func(*testing.T, string) string{
		"item": runItem, "value": runValue, "json": runJSON, "stored": runStored, "key": runKey, "number": runNumber,
	}
	datadriven.Walk(t, "testdata/scripts", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, td *datadriven.TestData) string {
			run := commands[td.Cmd]
			if run == nil {
				td.Fatalf(t, "unknown command %q", td.Cmd)
			}
			return run(t, td.Input)
		})
	})
}

func runItem(_ *testing.T, input string) string {
	d := awsjson.NewDecoder([]byte(input))
	a := DecodeAttributes(&d)
	if err := d.End(); err != nil {
		return err.Error() + "\n"
	}
	if a.Err != nil {
		return printError(a.Err)
	}
	if !a.Set {
		return "absent\n"
	}
	return fmt.Sprintf("%v %d\n", a.Item, a.Item.Size())
}

func runValue(_ *testing.T, input string) string {
	d := awsjson.NewDecoder([]byte(`{"v":` + input + `}`))
	var in Input
	for d.Struct("com.example.Shape", awsjson.Root); d.Next(); {
		in = DecodeInput(&d, awsjson.Member)
	}
	if err := d.End(); err != nil {
		return err.Error() + "\n"
	}
	if in.Err != nil {
		return printError(in.Err)
	}
	if !in.Set {
		return "absent\n"
	}
	return fmt.Sprintf("%v %d\n", in.Value, in.Value.Size())
}

func printError(e *ValueError) string {
	name := [...]string{
		Empty: "Empty", MultipleTypes: "MultipleTypes", NullFalse: "NullFalse", EmptySet: "EmptySet", EmptyNumberSet: "EmptyNumberSet",
		DuplicateInSet: "DuplicateInSet", BadNumber: "BadNumber", Nesting: "Nesting", EmptyName: "EmptyName",
	}[e.Class]
	return fmt.Sprintf("%s at %q: %v\n", name, e.Key, e)
}

func runJSON(t *testing.T, input string) string {
	return string(decodeItem(t, input).AppendJSON(nil)) + "\n"
}

func runStored(t *testing.T, input string) string {
	return fmt.Sprintf("%q\n", []byte(decodeItem(t, input)))
}

func runKey(t *testing.T, input string) string {
	var out strings.Builder
	for line := range strings.Lines(input) {
		v := value(t, strings.TrimSpace(line))
		fmt.Fprintf(&out, "% x\n", AppendKey(nil, v))
	}
	return out.String()
}

func runNumber(_ *testing.T, input string) string {
	var out strings.Builder
	for line := range strings.Lines(input) {
		text := strings.Trim(strings.TrimSpace(line), "'")
		if d, err := ParseDecimal([]byte(text)); err != nil {
			fmt.Fprintln(&out, err)
		} else {
			fmt.Fprintf(&out, "%v size %d\n", d, d.Size())
		}
	}
	return out.String()
}
