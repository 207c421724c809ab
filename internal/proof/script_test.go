package proof

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// step is one call of a script, or what else happens between calls.
type step struct {
	operation, body string
	play            func(m *model) string  // the answer that the model gives, in short
	pages           bool                   // it is made again until the last page; the order is not told
	settles         bool                   // it sets something going in the background
	other           func(p *player) string // what is done in place of a call
}

// randomScript returns so many random calls.
func randomScript(r *rand.Rand, n int) (script []step) {
	kinds := []func(*rand.Rand) step{
		putStep, putStep, putStep, putStep, updateStep, updateStep, deleteStep, getStep, batchStep, transactStep, transactStep, tokenStep, tokenStep, tokenStep,
		queryStep, queryStep, scanStep, segmentsStep, getsStep, getsStep, globalStep, localStep, countStep, invalidStep,
		statementStep, statementStep, statementStep, selectStep, selectPagesStep, statementsStep, statementsTransactionStep,
	}
	seldom := []func(*rand.Rand) step{turnStep, turnStep, expiryStep, indexStep, streamStep, replayStep, madeStep, madeStep}
	for range n {
		if r.IntN(5) == 0 {
			script = append(script, seldom[r.IntN(len(seldom))](r))
		} else {
			script = append(script, kinds[r.IntN(len(kinds))](r))
		}
	}
	return script
}

var limitPattern = regexp.MustCompile(`"Limit":\d+`)

// make makes the call. It returns the answer as it is and in the model's words.
func (x step) make(p *player) (raw, seen string) {
	if x.other != nil {
		return "", x.other(p)
	}
	body := x.body
	if x.pages && p.page > 0 {
		body = limitPattern.ReplaceAllString(body, fmt.Sprintf(`"Limit":%d`, p.page))
	}
	var rows []string
	start := ""
	for {
		a := p.call(x.operation, strings.TrimSuffix(body, "}")+start+"}")
		raw += string(a.body)
		if !a.ok() {
			return raw, a.refusal()
		}
		found, next, err := x.read(a)
		if err != nil {
			return raw, err.Error()
		}
		rows = append(rows, found...)
		if !x.pages || next == "" {
			break
		}
		start = "," + next
	}
	if x.pages {
		slices.Sort(rows)
	}
	return raw, strings.Join(rows, "; ")
}

// read reads an answer: what it shows, and the member of a request that leads to
// the next page.
func (x step) read(a answer) (rows []string, next string, err error) {
	var out struct {
		Item, Attributes attributes
		Items            []attributes
		Responses        json.RawMessage
		LastEvaluatedKey json.RawMessage
		NextToken        string
	}
	if err := json.Unmarshal(a.body, &out); err != nil {
		return nil, "", err
	}
	switch x.operation {
	case "GetItem":
		return []string{rowOf(out.Item)}, "", nil
	case "PutItem", "DeleteItem", "UpdateItem":
		return []string{rowOf(out.Attributes)}, "", nil
	case "BatchGetItem":
		var tables struct{ Model []attributes }
		if err := json.Unmarshal(out.Responses, &tables); err != nil {
			return nil, "", err
		}
		out.Items = tables.Model
	case "BatchExecuteStatement", "ExecuteTransaction", "TransactGetItems":
		rows, err := readResponses(out.Responses)
		return rows, "", err
	}
	for _, it := range out.Items {
		rows = append(rows, rowOf(it))
	}
	if out.LastEvaluatedKey != nil {
		next = `"ExclusiveStartKey":` + string(out.LastEvaluatedKey)
	}
	if out.NextToken != "" {
		next = `"NextToken":"` + out.NextToken + `"`
	}
	return rows, next, nil
}

// readResponses reads what became of the statements of a request.
func readResponses(responses json.RawMessage) (rows []string, err error) {
	var all []struct {
		Item  attributes
		Error struct{ Code string }
	}
	if responses == nil {
		return nil, nil
	}
	err = json.Unmarshal(responses, &all)
	for _, r := range all {
		if r.Error.Code != "" {
			rows = append(rows, r.Error.Code)
		} else {
			rows = append(rows, rowOf(r.Item))
		}
	}
	return rows, err
}

// refusal returns the error of an answer, with the reasons of a transaction.
func (a answer) refusal() string {
	var e struct{ CancellationReasons []struct{ Code string } }
	_ = json.Unmarshal(a.body, &e)
	said := a.kind()
	for _, r := range e.CancellationReasons {
		said += " " + r.Code
	}
	return said
}

func (p *player) call(operation, body string) answer {
	return call(p.server.Handler(), operation, body)
}
