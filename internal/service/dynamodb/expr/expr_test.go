package expr

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/wire"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// TestScripts runs the scripts in testdata. The commands item, names and
// values set what the expressions after them see; every other command takes
// one expression or legacy parameter a line and prints what comes of it.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	for _, path := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			var w world
			datadriven.RunTest(t, path, func(t *testing.T, td *datadriven.TestData) string {
				return w.run(t, td)
			})
		})
	}
}

// unescape lets a line of a script hold more than one line, and none.
func unescape(line string) string {
	return strings.NewReplacer(`\n`, "\n", `\t`, "\t", "<empty>", "").Replace(line)
}

type world struct {
	item   item.Item
	key    item.Item
	names  wire.Map[string]
	values item.Attributes
}

func (w *world) run(t *testing.T, td *datadriven.TestData) string {
	switch td.Cmd {
	case "item":
		w.item, w.key = parseItem(t, td.Input), nil
		return w.item.String() + "\n"
	case "no-item": // the input is the key alone
		w.item, w.key = nil, parseItem(t, td.Input)
		return "key " + w.key.String() + "\n"
	case "names":
		w.names = parseNames(t, td.Input)
		return ""
	case "values":
		w.values = parseValues(t, td.Input)
		return ""
	case "scope": // the lines are the conditions of one request
		return w.scope(t, td.Input)
	}
	var out strings.Builder
	for line := range strings.Lines(td.Input) {
		line = strings.TrimSuffix(line, "\n")
		result := w.line(t, td.Cmd, unescape(line))
		if strings.Contains(result, ": ") {
			fmt.Fprintf(&out, "%s\n  %s\n", line, strings.ReplaceAll(result, "\n", "\n  "))
			continue
		}
		fmt.Fprintf(&out, "%s => %s\n", line, result)
	}
	return out.String()
}

// scope tells what there is to say of a request's variables.
func (w *world) scope(t *testing.T, conditions string) string {
	s, err := NewScope(w.names, w.values)
	if err != nil {
		return outcome("", err) + "\n"
	}
	for line := range strings.Lines(conditions) {
		if _, err := ParseCondition(KindCondition, line, s); err != nil {
			t.Fatalf("%s: %s", line, err)
		}
	}
	return outcome("fine", s.Unused()) + "\n"
}

// line runs one line of a command and prints its result, indented.
func (w *world) line(t *testing.T, command, line string) string {
	s, err := NewScope(w.names, w.values)
	if err != nil {
		return outcome("", err)
	}
	switch command {
	case "condition", "filter":
		k := KindCondition
		if command == "filter" {
			k = KindFilter
		}
		c, err := ParseCondition(k, line, s)
		if err != nil {
			return outcome("", err)
		}
		return fmt.Sprint(c.Holds(w.item))
	case "paths":
		c, err := ParseCondition(KindCondition, line, s)
		return outcome(fmt.Sprint(c.Paths()), err)
	case "key-condition":
		return keyConditionOutcome(ParseKeyCondition(line, s))
	case "projection":
		p, err := ParseProjection(line, s)
		if err != nil {
			return outcome("", err)
		}
		return p.Apply(w.item).String()
	case "update":
		u, err := ParseUpdate(line, s)
		return w.update(u, err)
	case "update-cost":
		u, err := ParseUpdate(line, s)
		return outcome(fmt.Sprintf("overhead %d, targets %v, paths %v, types %s", u.SizeOverhead(), u.Targets(), u.Paths(), staticTypes(u)), err)
	}
	return w.legacyLine(t, command, line)
}

func (w *world) update(u *Update, err *Error) string {
	if err != nil {
		return outcome("", err)
	}
	after, err := u.Apply(w.item, w.key)
	if err != nil {
		return outcome("", err)
	}
	text := fmt.Sprintf("item: %s", after)
	if old := u.Fragment(w.item); old != nil {
		text += fmt.Sprintf("\nold:  %s", old)
	}
	if updated := u.NewFragment(w.item, w.key); updated != nil {
		text += fmt.Sprintf("\nnew:  %s", updated)
	}
	return text
}

func staticTypes(u *Update) string {
	var types []string
	for name, k := range u.StaticTypes() {
		types = append(types, name+":"+k.String())
	}
	return fmt.Sprint(types)
}

func keyConditionOutcome(k *KeyCondition, err *Error) string {
	if err != nil {
		return outcome("", err)
	}
	operators := [...]string{"=", "<", "<=", ">", ">=", "between", "begins with", "not indexable"}
	var terms []string
	for _, t := range k.Terms {
		text := t.Attribute + " " + operators[t.Operator]
		if t.Value != nil {
			text += " " + t.Value.String()
		}
		if t.Upper != nil {
			text += " and " + t.Upper.String()
		}
		terms = append(terms, text)
	}
	return strings.Join(terms, ", ")
}

// legacyLine reads a legacy parameter in its JSON form.
func (w *world) legacyLine(t *testing.T, command, line string) string {
	d := awsjson.NewDecoder([]byte(line))
	command, or := strings.CutSuffix(command, "-or")
	switch command {
	case "comparisons":
		c, err := ComparisonCondition(readComparisons(&d), or)
		return outcome(fmt.Sprint(c.Holds(w.item)), err)
	case "key-conditions":
		return keyConditionOutcome(KeyConditions(readComparisons(&d)))
	case "expected":
		c, err := ExpectedCondition(readExpected(&d), or)
		return outcome(fmt.Sprint(c.Holds(w.item)), err)
	case "attribute-updates":
		u, err := AttributeUpdates(readAttributeUpdates(&d))
		return w.update(u, err)
	case "attributes-to-get":
		p, err := AttributesToGet(strings.Fields(line))
		if err != nil {
			return outcome("", err)
		}
		return p.Apply(w.item).String()
	}
	t.Fatalf("unknown command %s", command)
	return ""
}

func readComparisons(d *awsjson.Decoder) []Comparison {
	var entries []Comparison
	for ok := d.MapOf(""); ok && d.Next(); {
		e := Comparison{Attribute: d.Key()}
		for ok := d.Struct("", awsjson.Element); ok && d.Next(); {
			switch d.Key() {
			case "ComparisonOperator":
				e.Operator = d.String().Value
			case "AttributeValueList":
				e.List = readInputs(d)
			}
		}
		entries = append(entries, e)
	}
	return entries
}

func readExpected(d *awsjson.Decoder) []Expected {
	var entries []Expected
	for ok := d.MapOf(""); ok && d.Next(); {
		e := Expected{Attribute: d.Key()}
		for ok := d.Struct("", awsjson.Element); ok && d.Next(); {
			switch d.Key() {
			case "ComparisonOperator":
				e.Operator = d.String()
			case "AttributeValueList":
				e.List, e.HasList = readInputs(d), true
			case "Value":
				e.Value = item.DecodeInput(d, awsjson.Member)
			case "Exists":
				e.Exists = d.Bool()
			}
		}
		entries = append(entries, e)
	}
	return entries
}

func readAttributeUpdates(d *awsjson.Decoder) []AttributeUpdate {
	var entries []AttributeUpdate
	for ok := d.MapOf(""); ok && d.Next(); {
		e := AttributeUpdate{Attribute: d.Key()}
		for ok := d.Struct("", awsjson.Element); ok && d.Next(); {
			switch d.Key() {
			case "Action":
				e.Action = d.String().Value
			case "Value":
				e.Value = item.DecodeInput(d, awsjson.Member)
			}
		}
		entries = append(entries, e)
	}
	return entries
}

func readInputs(d *awsjson.Decoder) []item.Input {
	var list []item.Input
	for ok := d.List(); ok && d.More(); {
		list = append(list, item.DecodeInput(d, awsjson.Element))
	}
	return list
}

func outcome(result string, err *Error) string {
	switch {
	case err != nil && err.Envelope:
		result = "1VED: " + err.Text
	case err != nil:
		result = "error: " + err.Text
	}
	return result
}

func parseItem(t testing.TB, text string) item.Item {
	a := parseValues(t, text)
	if a.Err != nil {
		t.Fatalf("item %s: %s", text, a.Err)
	}
	return a.Item
}

// parseValues reads attribute values in JSON; no text is an absent member.
func parseValues(t testing.TB, text string) item.Attributes {
	if text == "" {
		return item.Attributes{}
	}
	d := awsjson.NewDecoder([]byte(text))
	a := item.DecodeAttributes(&d)
	if err := d.End(); err != nil {
		t.Fatalf("values %s: %s", text, err)
	}
	return a
}

func parseNames(t testing.TB, text string) wire.Map[string] {
	if text == "" {
		return nil
	}
	names := wire.Map[string]{}
	d := awsjson.NewDecoder([]byte(text))
	for ok := d.MapOf(""); ok && d.Next(); {
		names = append(names, wire.Entry[string]{Key: d.Key(), Value: d.String().Value})
	}
	if err := d.End(); err != nil {
		t.Fatalf("names %s: %s", text, err)
	}
	return names
}
