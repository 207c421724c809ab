package proof

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
)

// The steps that let something go on in the background, and wait for it.

// unsettled returns what is not yet as the model has it; empty when all is.
func (p *player) unsettled() string {
	var out struct {
		Table struct {
			ItemCount              int
			GlobalSecondaryIndexes []struct{ IndexName, IndexStatus string }
		}
	}
	a := p.call("DescribeTable", `{"TableName":"model"}`)
	if err := json.Unmarshal(a.body, &out); err != nil || !a.ok() {
		return a.String()
	}
	if n := len(p.model.rows); out.Table.ItemCount != n {
		return fmt.Sprintf("there are %d items, want %d", out.Table.ItemCount, n)
	}
	made := false
	for _, x := range out.Table.GlobalSecondaryIndexes {
		made = made || x.IndexName == "made"
		if x.IndexStatus != "ACTIVE" {
			return "the index " + x.IndexName + " is " + x.IndexStatus
		}
	}
	if made != p.model.made {
		return fmt.Sprintf("the index that is made is there: %v", made)
	}
	return ""
}

// quiet makes a call whose answer has times and states in it that are no
// matter, and returns how it was refused.
func (p *player) quiet(operation, body string) string {
	if a := p.call(operation, body); !a.ok() {
		return a.refusal()
	}
	return ""
}

// turnStep turns the clock, by times that never add up to the ten minutes of a
// token, nor to when an item expires.
func turnStep(r *rand.Rand) step {
	minutes := []int64{4, 4, 7, 90}[r.IntN(4)]
	turn := func(m *model) string {
		m.now.Add(60 * minutes)
		return ""
	}
	return step{operation: "turn", body: fmt.Sprint(minutes, " minutes"), settles: true, play: turn, other: func(*player) string { return "" }}
}

// expiryStep lets time to live begin or end.
func expiryStep(r *rand.Rand) step {
	on := r.IntN(3) > 0
	body := fmt.Sprintf(`{"TableName":"model","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":%v}}`, on)
	return step{operation: "UpdateTimeToLive", body: body, play: func(m *model) string {
		if m.ttl == on {
			return "ValidationException"
		}
		m.ttl = on
		return ""
	}}
}

// indexStep makes or removes an index.
func indexStep(r *rand.Rand) step {
	body := `{"TableName":"model","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"made"}}]}`
	made := r.IntN(3) > 0
	if made {
		body = `{"TableName":"model","AttributeDefinitions":[{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"}],
			"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"made","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}}]}`
	}
	return step{operation: "UpdateTable", body: body, settles: true, play: func(m *model) string {
		switch {
		case made && m.made:
			return "ValidationException"
		case !made && !m.made:
			return "ResourceNotFoundException"
		}
		m.made = made
		return ""
	}, other: func(p *player) string { return p.quiet("UpdateTable", body) }}
}

// madeStep reads the index that comes and goes.
func madeStep(r *rand.Rand) step {
	g, from, down := []string{"g", "h"}[r.IntN(2)], r.IntN(13)-4, r.IntN(2) == 0
	body := fmt.Sprintf(`{"TableName":"model","IndexName":"made","ReturnConsumedCapacity":"INDEXES","ScanIndexForward":%v,"KeyConditionExpression":"g = :g AND sk > :s","ExpressionAttributeValues":{":g":{"S":"%s"},":s":{"N":"%d"}},"Limit":%d}`,
		!down, g, from, 1+r.IntN(9))
	return step{operation: "Query", body: body, pages: true, play: func(m *model) string {
		if !m.made {
			return "ValidationException"
		}
		return texts(m.where(func(x row) bool { return x.g == g && x.sk > from }), false)
	}}
}

// streamStep begins or ends the stream. A new one begins with nothing.
func streamStep(r *rand.Rand) step {
	body, on := `{"TableName":"model","StreamSpecification":{"StreamEnabled":false}}`, r.IntN(3) > 0
	if on {
		body = `{"TableName":"model","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}`
	}
	return step{operation: "UpdateTable", body: body, play: func(m *model) string {
		if m.stream == on {
			return "ValidationException"
		}
		m.stream = on
		clear(m.told)
		return ""
	}, other: func(p *player) string { return p.quiet("UpdateTable", body) }}
}

// replayStep reads the stream from its beginning.
func replayStep(*rand.Rand) step {
	return step{operation: "replay", play: func(m *model) string { return toldAll(m.told) }, other: func(p *player) string {
		if !p.model.stream {
			return toldAll(p.model.told)
		}
		v := &verifier{handler: p.server.Handler()}
		told := map[rowKey][]string{}
		for _, c := range v.changes("model") {
			k := rowKey{c.Dynamodb.Keys.text("pk"), c.Dynamodb.Keys.number("sk")}
			after := rowOf(c.Dynamodb.NewImage)
			if c.UserIdentity.PrincipalID == "dynamodb.amazonaws.com" {
				after = "expired"
			}
			told[k] = append(told[k], rowOf(c.Dynamodb.OldImage)+" -> "+after)
		}
		for _, wrong := range v.wrong {
			return wrong
		}
		return toldAll(told)
	}}
}

// tokenStep makes one of a few transactions under one of a few tokens: done once,
// it is not done again for ten minutes, nor is another one under its token.
func tokenStep(r *rand.Rand) step {
	token := fmt.Sprintf("token-%d", r.IntN(3))
	it := row{pk: "a", sk: r.IntN(2), g: "g", has: true, n: 3, pad: true}
	body := fmt.Sprintf(`{"ClientRequestToken":"%s","ReturnConsumedCapacity":"TOTAL","TransactItems":[{"Put":{"TableName":"model","Item":%s}},
		{"Update":{"TableName":"model","Key":%s,"UpdateExpression":"ADD n :one","ExpressionAttributeValues":{":one":{"N":"1"}}}}]}`,
		token, it.json(), rowKey{"b", it.sk}.json())
	return step{operation: "TransactWriteItems", body: body, play: func(m *model) string {
		const remembered = 10 * 60
		if use, known := m.tokens[token]; known && m.now.Load()-use.at < remembered {
			if use.body != body {
				return "IdempotentParameterMismatchException"
			}
			return ""
		}
		m.tokens[token] = tokenUse{body, m.now.Load()}
		m.put(it)
		counted := m.rows[rowKey{"b", it.sk}]
		m.put(row{"b", it.sk, counted.g, true, counted.n + 1, counted.ttl, counted.pad})
		return ""
	}}
}
