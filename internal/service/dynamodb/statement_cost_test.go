package dynamodb

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
)

// TestStatementCost holds what statements cost: what the operations do that they
// are, and the parsing.
func TestStatementCost(t *testing.T) {
	w := newWorld(t)
	w.must(t, "CreateTable", createSorted)
	for i := range 200 {
		w.put(t, "sorted", []string{sortedItem("p", i)})
	}
	w.put(t, "sorted", []string{sortedItem("o", 1), sortedItem("q", 1)})
	one := func(statement string) string { return `{"Statement":"` + statement + `"}` }
	many := func(member, a, b string) string {
		return `{"` + member + `":[` + one(a) + `,` + one(b) + `]}`
	}
	const update = "UPDATE sorted SET v = @ WHERE pk = 'p' AND sk = "
	for _, c := range []struct {
		name, operation, body         string
		gets, scans, entries, commits int64
		allocs                        float64
	}{ // @ is 1 and 2 in turn, so that each write changes something
		{"SELECT of one item", "ExecuteStatement", one("SELECT * FROM sorted WHERE pk = 'p' AND sk = 5"), 1, 0, 0, 0, 27},
		{"SELECT with parameters", "ExecuteStatement", `{"Statement":"SELECT * FROM sorted WHERE pk = ? AND sk = ?","Parameters":[{"S":"p"},{"N":"5"}]}`, 1, 0, 0, 0, 29},
		{"SELECT of a range", "ExecuteStatement", one("SELECT sk, m.b[1] FROM sorted WHERE pk = 'p' AND sk >= 100"), 0, 1, 100, 0, 49},
		{"SELECT of two partitions", "ExecuteStatement", one("SELECT * FROM sorted WHERE pk IN ['o','q'] AND m.a = 1"), 0, 2, 2, 0, 67},
		{"SELECT that scans", "ExecuteStatement", one("SELECT * FROM sorted WHERE m.a = 150"), 0, 1, 202, 0, 21},
		{"INSERT that finds one", "BatchExecuteStatement", `{"Statements":[{"Statement":"INSERT INTO sorted VALUE {'pk':'p','sk':1}"}]}`, 1, 0, 0, 0, 30},
		{"UPDATE", "ExecuteStatement", one(update + "1"), 2, 0, 0, 1, 68},
		{"DELETE of a missing item", "ExecuteStatement", one("DELETE FROM sorted WHERE pk = 'none' AND sk = 1"), 2, 0, 0, 0, 34},
		{"ExecuteTransaction", "ExecuteTransaction", many("TransactStatements", update+"1", update+"2"), 3, 0, 0, 1, 147},
		{"ExecuteTransaction of reads", "ExecuteTransaction", many("TransactStatements", "SELECT * FROM sorted WHERE pk = 'p' AND sk = 5", "SELECT * FROM sorted WHERE pk = 'p' AND sk = 6"), 2, 0, 0, 0, 80},
	} {
		t.Run(c.name, func(t *testing.T) {
			cost, allocs := w.measure(t, c.operation, c.body)
			if cost.Gets != c.gets || cost.Scans != c.scans || cost.ScannedEntries != c.entries || cost.Commits != c.commits {
				t.Errorf("%d engine reads, %d scans of %d entries and %d commits, want %d, %d of %d and %d",
					cost.Gets, cost.Scans, cost.ScannedEntries, cost.Commits, c.gets, c.scans, c.entries, c.commits)
			}
			if allocs != c.allocs && !raceDetector {
				t.Errorf("%v allocations, want %v", allocs, c.allocs)
			}
		})
	}
}

// TestNextTokenOfOthers goes on with tokens that nobody gave out: with a byte
// changed, and with the seal of the statement on the key of no entry that it
// comes by.
func TestNextTokenOfOthers(t *testing.T) {
	w := newWorld(t)
	w.must(t, "CreateTable", createSorted)
	w.put(t, "sorted", []string{sortedItem("p", 1), sortedItem("p", 2)})
	table, err := w.service.catalog.find(context.Background(), tableRef{w.caller.Account, w.caller.Region, "sorted"})
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"SELECT * FROM sorted WHERE pk IN ['p','q'] AND sk < 5",
		"SELECT * FROM sorted WHERE sk < 5",
		`SELECT * FROM sorted.\"local\" WHERE pk = 'p'`,
	} {
		subject := tokenSubject{table: table.ID, statement: strings.ReplaceAll(statement, `\"`, `"`)}
		say := func(token string) told {
			return w.ql(statement, fmt.Sprintf(`,"NextToken":"%s"`, token))
		}
		good := w.ql(statement, `,"Limit":1`).token
		if got := say(good); got.kind != "" {
			t.Fatalf("%s: the token it gave: %+v", statement, got)
		}
		raw, err := base64.StdEncoding.DecodeString(good)
		if err != nil {
			t.Fatal(err)
		}
		for i := range raw {
			raw[i] ^= 1
			if got := say(base64.StdEncoding.EncodeToString(raw)); !strings.Contains(got.message, "NextToken") {
				t.Errorf("%s: byte %d changed: %+v", statement, i, got)
			}
			raw[i] ^= 1
			if got := say(base64.StdEncoding.EncodeToString(raw[:i])); i > 0 && got.message != "Invalid NextToken" {
				t.Errorf("%s: cut off at %d: %+v", statement, i, got)
			}
		}
		for _, attrs := range [][]string{{}, {"pk"}, {"pk", "sk", "l", "more"}, {"sk", "l"}} {
			if got := say(subject.nextToken(strange(attrs))); got.message != "Invalid NextToken" {
				t.Errorf("%s: the key %v: %+v", statement, attrs, got)
			}
		}
	}
}

// strange makes a key of attributes, whose values are no key's.
func strange(names []string) item.Item {
	b := item.NewBuilder(nil)
	b.BeginMap()
	for _, name := range names {
		b.Field(name, item.Null())
	}
	b.EndMap()
	return b.Item()
}

func (w *world) ql(statement, rest string) told {
	return w.say("ExecuteStatement", `{"Statement":"`+statement+`"`+rest+`}`)
}
