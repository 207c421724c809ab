package partiql

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
)

// TestScripts parses the statements in testdata, a line each or, for "parse",
// one in all. The parameters are 'p1', 2, [3] and a binary value, as many as
// there are question marks.
//
//	parse    print the tree, written as a statement without abbreviations
//	where    print the conjuncts, and of each the key term and the points that it leaves the attribute pk
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata/scripts", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "where" {
				return where(d.Input)
			}
			if d.HasArg("whole") {
				return parsed(d.Input) + "\n"
			}
			var b strings.Builder
			for line := range strings.SplitSeq(d.Input, "\n") {
				b.WriteString(parsed(line) + "\n")
			}
			return b.String()
		})
	})
}

func parameters(text string) []item.Value {
	all := []item.Value{item.String("p1"), item.Number(item.Int(2)), listOf(item.Number(item.Int(3))), item.Binary([]byte{1})}
	return all[:min(strings.Count(text, "?"), len(all))]
}

func listOf(v item.Value) item.Value {
	b := item.NewBuilder(nil)
	b.BeginList()
	b.Value(v)
	b.EndList()
	return b.Finish()
}

func parsed(text string) string {
	st, err := Parse(text, parameters(text))
	if err != nil {
		return err.Text
	}
	return print(st)
}

func where(condition string) string {
	st, err := Parse("SELECT * FROM t WHERE "+condition, parameters(condition))
	if err != nil {
		return err.Text + "\n"
	}
	var b strings.Builder
	for _, c := range st.(*Select).Where.Conjuncts() {
		b.WriteString(printCondition(c))
		if term, ok := c.KeyTerm(); ok {
			operator := [...]string{"=", "<", "<=", ">", ">=", "BETWEEN", "BEGINS_WITH"}[term.Operator]
			fmt.Fprintf(&b, "  key %s %s %v %v", term.Attribute, operator, term.Value, term.Upper)
		}
		if points, ok := c.Points("pk"); ok {
			fmt.Fprintf(&b, "  points %v", points)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// A statement that is nested too deeply is refused, not followed to the end of
// the stack; and whatever a statement of the greatest length is made of, it is
// parsed and compiled in no time.
func TestParseBounds(t *testing.T) {
	fill := func(start, again, end string) string {
		n := (statementCharactersMax - len(start) - len(end)) / len(again)
		return start + strings.Repeat(again, n) + end
	}
	for _, text := range []string{
		fill("SELECT * FROM t WHERE ", "(", ""),
		fill("SELECT * FROM t WHERE ", "NOT ", "a = 1"),
		fill("SELECT * FROM t WHERE a = ", "[", ""),
		fill("SELECT * FROM t WHERE a = ", "{'a':", ""),
		fill("SELECT * FROM t WHERE a = ", "<<", ""),
		fill("UPDATE t SET a = ", "list_append(", ""),
		fill("SELECT * FROM t WHERE a=1", " OR a=1", ""),
		fill("SELECT * FROM t WHERE a=1", " AND a=1", ""),
		fill("SELECT * FROM t WHERE a IN [1", ",1", "]"),
		fill("SELECT a", ",a", " FROM t"),
		fill("SELECT a", ".a", " FROM t"),
		fill("SELECT a", "[0]", " FROM t"),
		fill("UPDATE t SET a=1", " SET a=1", ""),
		fill("INSERT INTO t VALUE {'a':1", ",'a':1", "}"),
		fill("INSERT INTO t VALUE {'a':<<1", ",1", ">>}"),
		fill("SELECT * FROM t WHERE a = '", "''", "'"),
		fill("SELECT * FROM t ", "/**/", ""),
		fill("SELECT * FROM t ORDER BY a", ",a", ""),
	} {
		start := time.Now()
		if st, err := Parse(text, nil); err == nil {
			compile(st)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%.40s... took %v", text, took)
		}
	}
	if _, err := Parse(strings.Repeat(" ", statementCharactersMax+1), nil); err == nil {
		t.Error("a statement that is too long is parsed")
	}
}

// compile makes of a statement all that the service does.
func compile(st Statement) {
	switch st := st.(type) {
	case *Select:
		_, _ = st.Projection()
		compileWhere(st.Where)
	case *Exists:
		compileWhere(st.Where)
	case *Update:
		if u, err := st.Compile(); err == nil {
			_, _ = u.Apply(nil, st.key())
		}
		compileWhere(st.Where)
	case *Delete:
		compileWhere(st.Where)
	}
}

func (u *Update) key() item.Item { return mapOf("pk", item.String("x")) }

func mapOf(name string, v item.Value) item.Item {
	b := item.NewBuilder(nil)
	b.BeginMap()
	b.Field(name, v)
	b.EndMap()
	return b.Item()
}

func compileWhere(where *Condition) {
	conjuncts := where.Conjuncts()
	for _, c := range conjuncts {
		c.KeyTerm()
		c.Points("a")
	}
	if c, err := Compile(conjuncts); err == nil {
		c.Holds(mapOf("a", item.Number(item.Int(1))))
	}
}

// FuzzParse holds that no text and no parameters make the parser panic, that
// values are what items may hold, and that what a statement prints parses to the
// same tree.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		`SELECT a.b[0], "c" AS d FROM t.i WHERE a = ? AND (b <> 'x' OR NOT size(c) >= -1.5e3) ORDER BY a DESC, b`,
		`SELECT * FROM "t" WHERE a IN [1, ?] AND b NOT IN (2) AND c BETWEEN 1 AND 2 AND d IS NOT MISSING AND e IS BAG`,
		`INSERT INTO t VALUE {'a':1,'b':[true,null,{'c':<<'x','it''s'>>}],'d':<<1,?>>,'e':?}`,
		`UPDATE t SET a = a + 1, b.c[2] = list_append(if_not_exists(b, []), [?]) REMOVE d SET e = set_add(e, <<1>>) WHERE pk = 'x' RETURNING MODIFIED OLD *`,
		`DELETE FROM t WHERE pk = 1 AND attribute_type(a, 'S') AND begins_with(b, 'x') AND contains(c, 5) RETURNING ALL OLD *;`,
		`EXISTS(SELECT * FROM t WHERE pk = 1 AND a IS MISSING)`,
		"SELECT -- c\n/* d */ \"a\"\"b\" FROM t WHERE a = 1.0 AND b = .5",
	} {
		f.Add(text, 2)
	}
	values := []item.Value{item.String("p"), item.Number(item.Int(7)), listOf(item.Bool(true)), mapOf("k", item.Null()).AsValue()}
	f.Fuzz(func(t *testing.T, text string, n int) {
		st, err := Parse(text, values[:min(max(n, 0), len(values))])
		if err != nil {
			return
		}
		compile(st)
		if in, ok := st.(*Insert); ok && !in.Item.Valid() {
			t.Fatalf("%q inserts no item: %v", text, in.Item.Check())
		}
		printed := print(st)
		again, err := Parse(printed, nil)
		if err != nil {
			if strings.Contains(err.Text, detailNested) || len(printed) > statementCharactersMax {
				return // each condition is in parentheses now
			}
			t.Fatalf("%q prints as %q: %s", text, printed, err.Text)
		}
		if !reflect.DeepEqual(st, again) {
			t.Fatalf("%q prints as %q, which is another statement: %q", text, printed, print(again))
		}
	})
}

// What compiles evaluates like what it was written as.
func TestCompile(t *testing.T) {
	it := mapOf("a", item.Number(item.Int(1)))
	for text, want := range map[string]bool{
		"a = 1 AND a < 2": true, "a <> 2": true, "a <> 1": false, "b <> 1": false, "NOT b = 1": true, "NOT b <> 1": true,
		"a IS MISSING": false, "b IS MISSING": true, "b IS NULL": false, "a IS NOT NULL": true, "a IS INT": true,
		"a = 2 OR a = 1 AND a = 3": false, "(a = 2 OR a = 1) AND a < 3": true, "NOT a = 2 AND a = 1": true,
		"1 = a": true, "2 > a": true, "a IN [3, 1]": true, "a NOT IN [3, 1]": false, "size(a) <> 5": false,
	} {
		st, err := Parse("SELECT * FROM t WHERE "+text, nil)
		if err != nil {
			t.Fatal(text, err)
		}
		c, err := Compile(st.(*Select).Where.Conjuncts())
		if err != nil {
			t.Fatal(text, err)
		}
		if got := c.Holds(it); got != want {
			t.Errorf("%s is %v for %v", text, got, it)
		}
	}
	if c, err := Compile(nil); err != nil || c != (*expr.Condition)(nil) {
		t.Error("no conditions make one")
	}
}

func BenchmarkParse(b *testing.B) {
	const text = "UPDATE Orders SET Total = Total + ? SET Tags = set_add(Tags, <<'paid'>>) WHERE OrderId = ? AND Total < 10 RETURNING ALL NEW *"
	values := []item.Value{item.Number(item.Int(5)), item.String("o-1")}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text, values); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseSelect(b *testing.B) {
	values := []item.Value{item.String("o-1")}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("SELECT * FROM Orders WHERE OrderId = ?", values); err != nil {
			b.Fatal(err)
		}
	}
}
