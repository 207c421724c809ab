package proof

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// statement is a statement of PartiQL on one item.
type statement struct {
	text      string
	returning string // what it ends with where that is allowed
	key       rowKey
	play      func(m *model) (shown, code string) // code: why it is refused
}

// where returns the clause that names an item.
func (k rowKey) where() string { return fmt.Sprintf(`WHERE pk = '%s' AND sk = %d`, k.pk, k.sk) }

// statementConditions are what a statement may ask for beside the key.
var statementConditions = []condition{
	{"", func(row, bool) bool { return true }},
	{" AND n < 3", func(r row, there bool) bool { return there && r.has && r.n < 3 }},
	{" AND g IS MISSING", func(r row, _ bool) bool { return r.g == "" }},
}

// randomWrite returns a statement that writes, or in a transaction checks.
func randomWrite(r *rand.Rand, k rowKey, transaction bool) statement {
	c := statementConditions[r.IntN(len(statementConditions))]
	switch n := r.IntN(7); {
	case n < 2:
		return insertion(r, k)
	case n < 4:
		return deletion(k, c)
	case n < 5 && transaction:
		return existence(k, statementConditions[1+r.IntN(2)])
	}
	return alteration(r, k, c)
}

func insertion(r *rand.Rand, k rowKey) statement {
	it := randomRow(r)
	it.pk, it.sk, it.pad = k.pk, k.sk, false
	members := fmt.Sprintf(`'pk': '%s', 'sk': %d`, k.pk, k.sk)
	if it.g != "" {
		members += fmt.Sprintf(`, 'g': '%s'`, it.g)
	}
	if it.has {
		members += fmt.Sprintf(`, 'n': %d`, it.n)
	}
	if it.ttl != 0 {
		members += fmt.Sprintf(`, 'ttl': %d`, modelBegin+it.ttl)
	}
	return statement{text: `INSERT INTO "model" VALUE {` + members + `}`, key: k, play: func(m *model) (shown, code string) {
		if _, there := m.rows[k]; there {
			return "", "DuplicateItem"
		}
		m.put(it)
		return "", ""
	}}
}

func deletion(k rowKey, c condition) statement {
	return statement{text: `DELETE FROM "model" ` + k.where() + c.text, returning: " RETURNING ALL OLD *", key: k, play: func(m *model) (shown, code string) {
		before, there := m.rows[k]
		if !c.holds(before, there) {
			return "", "ConditionalCheckFailed"
		}
		m.remove(k)
		if !there {
			return "", ""
		}
		return before.String(), ""
	}}
}

func existence(k rowKey, c condition) statement {
	return statement{text: `EXISTS(SELECT * FROM "model" ` + k.where() + c.text + `)`, key: k, play: func(m *model) (shown, code string) {
		if before, there := m.rows[k]; !there || !c.holds(before, there) {
			return "", "ConditionalCheckFailed"
		}
		return "", ""
	}}
}

// alteration sets the number to 5 and the attribute that indexes are by to
// something, or nothing.
func alteration(r *rand.Rand, k rowKey, c condition) statement {
	g, set := []string{"", "g", "h"}[r.IntN(3)], " REMOVE g "
	if g != "" {
		set = " SET g = '" + g + "' "
	}
	return statement{text: `UPDATE "model" SET n = 5` + set + k.where() + c.text, returning: " RETURNING ALL NEW *", key: k, play: func(m *model) (shown, code string) {
		it, there := m.rows[k]
		if !there || !c.holds(it, there) {
			return "", "ConditionalCheckFailed"
		}
		it.g, it.has, it.n = g, true, 5
		m.put(it)
		return it.String(), ""
	}}
}

// selection returns a statement that reads an item.
func selection(k rowKey) statement {
	return statement{text: `SELECT * FROM "model" ` + k.where(), key: k, play: func(m *model) (shown, code string) {
		if it, there := m.rows[k]; there {
			return it.String(), ""
		}
		return "", ""
	}}
}

// json returns the text as a member of a request.
func (s statement) json(returning bool) string {
	text := s.text
	if returning {
		text += s.returning
	}
	quoted, _ := json.Marshal(text)
	return `"Statement":` + string(quoted)
}

// statementStep executes a statement on one item.
func statementStep(r *rand.Rand) step {
	s := randomWrite(r, randomKey(r), false)
	if r.IntN(4) == 0 {
		s = selection(s.key)
	}
	return step{operation: "ExecuteStatement", body: `{"ReturnConsumedCapacity":"INDEXES",` + s.json(true) + `}`, play: func(m *model) string {
		shown, code := s.play(m)
		if code != "" {
			return code + "Exception"
		}
		return shown
	}}
}

// selectStep reads what is there of a partition, in order.
func selectStep(r *rand.Rand) step {
	k, from, down := randomKey(r), r.IntN(13)-4, r.IntN(2) == 0
	text := fmt.Sprintf(`SELECT * FROM \"model\" WHERE pk = '%s' AND sk >= ? ORDER BY sk`, k.pk)
	if down {
		text += " DESC"
	}
	body := fmt.Sprintf(`{"ReturnConsumedCapacity":"TOTAL","ConsistentRead":true,"Statement":"%s","Parameters":[{"N":"%d"}]}`, text, from)
	return step{operation: "ExecuteStatement", body: body, play: func(m *model) string {
		rows := m.where(func(x row) bool { return x.pk == k.pk && x.sk >= from })
		if down {
			slices.Reverse(rows)
		}
		return texts(rows, true)
	}}
}

// selectPagesStep reads a table or an index, page by page.
func selectPagesStep(r *rand.Rand) step {
	reads := []struct {
		text  string
		meant func(row) bool
	}{
		{`SELECT * FROM \"model\" WHERE n < 3`, func(x row) bool { return x.has && x.n < 3 }},
		{`SELECT * FROM \"model\".\"global\" WHERE g = 'g'`, func(x row) bool { return x.g == "g" }},
		{`SELECT * FROM \"model\" WHERE pk IN ['a','c'] AND g IS MISSING`, func(x row) bool { return x.pk != "b" && x.g == "" }},
		{`SELECT * FROM \"model\".\"local\" WHERE pk = 'b' AND n BETWEEN 0 AND 3`, func(x row) bool { return x.pk == "b" && x.has && x.n >= 0 && x.n <= 3 }},
	}
	read := reads[r.IntN(len(reads))]
	body := fmt.Sprintf(`{"ReturnConsumedCapacity":"TOTAL","Limit":%d,"Statement":"%s"}`, 1+r.IntN(9), read.text)
	return step{operation: "ExecuteStatement", body: body, pages: true, play: func(m *model) string { return texts(m.where(read.meant), false) }}
}

// someStatements returns statements on different items, which all read or all
// write.
func someStatements(r *rand.Rand, transaction bool) (all []statement) {
	reads := r.IntN(3) == 0
	for range 1 + r.IntN(4) {
		s := randomWrite(r, randomKey(r), transaction)
		if reads {
			s = selection(s.key)
		}
		if !slices.ContainsFunc(all, func(other statement) bool { return other.key == s.key }) {
			all = append(all, s)
		}
	}
	return all
}

// statementsJSON returns the member of a request that has statements.
func statementsJSON(name string, all []statement, returning bool) string {
	var texts []string
	for _, s := range all {
		texts = append(texts, "{"+s.json(returning)+"}")
	}
	return `"` + name + `":[` + strings.Join(texts, ",") + `]`
}

// statementsStep executes statements of which each succeeds or fails by itself.
func statementsStep(r *rand.Rand) step {
	all := someStatements(r, false)
	return step{operation: "BatchExecuteStatement", body: `{"ReturnConsumedCapacity":"INDEXES",` + statementsJSON("Statements", all, true) + `}`, play: func(m *model) string {
		var rows []string
		for _, s := range all {
			shown, code := s.play(m)
			if code != "" {
				shown = code
			} else if shown == "" {
				shown = "none"
			}
			rows = append(rows, shown)
		}
		return strings.Join(rows, "; ")
	}}
}

// statementsTransactionStep executes statements of which all are done, or none.
func statementsTransactionStep(r *rand.Rand) step {
	all := someStatements(r, true)
	return step{operation: "ExecuteTransaction", body: `{"ReturnConsumedCapacity":"INDEXES",` + statementsJSON("TransactStatements", all, false) + `}`, play: func(m *model) string {
		try := m.copy()
		var rows, codes []string
		canceled := false
		for _, s := range all {
			shown, code := s.play(try)
			if canceled = canceled || code != ""; code == "" {
				code = "None"
			}
			if shown == "" {
				shown = "none"
			}
			rows, codes = append(rows, shown), append(codes, code)
		}
		if canceled {
			return "TransactionCanceledException " + strings.Join(codes, " ")
		}
		m.rows, m.told = try.rows, try.told
		if !strings.HasPrefix(all[0].text, "SELECT") {
			return ""
		}
		return strings.Join(rows, "; ")
	}}
}
