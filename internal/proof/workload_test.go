package proof

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	clients       = 4
	registersEach = 5 // items of their own, of each client
	pairsEach     = 2 // items in both tables, of each client, written in transactions
)

// The tables of the load: items has all that a table can have, pairs a stream.
var tables = []string{
	`{"TableName":"items","BillingMode":"PAY_PER_REQUEST",
	 "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"l","AttributeType":"N"}],
	 "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
	 "LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"l","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}],
	 "GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}],
	 "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}`,
	`{"TableName":"pairs","BillingMode":"PAY_PER_REQUEST",
	 "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
	 "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}`,
}

// load is clients that write.
type load struct {
	t       *testing.T
	handler http.Handler
	ledger  *ledger
	broken  bool // the disk may refuse: then answers may be of the kinds that retries are for
	refused tally
}

// create makes the tables, unless they are there.
func (l *load) create() {
	for _, body := range tables {
		l.tolerate("CreateTable", body)
	}
	l.tolerate("UpdateTimeToLive", `{"TableName":"items","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}}`)
}

// tolerate makes a call that may be refused for the state that a table is in.
func (l *load) tolerate(operation, body string) {
	switch a := call(l.handler, operation, body); a.kind() {
	case "", "ResourceInUseException", "ResourceNotFoundException", "ValidationException", "LimitExceededException":
	default:
		l.refusal(operation, body, a)
	}
}

// refusal looks at the error of a write that should have succeeded. On a disk
// that refuses it is one that clients try again.
func (l *load) refusal(operation, body string, a answer) {
	if l.broken && a.status/100 == 5 && (a.kind() == "InternalServerError" || a.kind() == "ServiceUnavailable") {
		l.refused.add(a.kind())
		return
	}
	l.t.Errorf("%s %s: %s", operation, body, a)
}

// run lets all clients make so many calls each, while indexes come and go.
func (l *load) run(seed uint64, calls int) {
	var writing, all sync.WaitGroup
	stop := make(chan struct{})
	for id := range clients {
		writing.Go(func() {
			c := &client{load: l, id: id, chance: rand.New(rand.NewPCG(seed, uint64(id)))}
			for range calls {
				c.step()
			}
		})
	}
	all.Go(func() { l.changeIndexes(stop) })
	writing.Wait()
	close(stop)
	all.Wait()
}

// changeIndexes makes and removes an index all the time.
func (l *load) changeIndexes(stop chan struct{}) {
	for {
		for _, update := range []string{
			`{"TableName":"items","AttributeDefinitions":[{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"made","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}}]}`,
			`{"TableName":"items","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"made"}}]}`,
		} {
			select {
			case <-stop:
				return
			default:
				l.tolerate("UpdateTable", update)
			}
		}
	}
}

// client writes one thing after the other.
type client struct {
	*load
	id     int
	chance *rand.Rand
}

// step makes one random call.
func (c *client) step() {
	switch n := c.chance.IntN(20); {
	case n < 6:
		c.put()
	case n < 9:
		c.update()
	case n < 11:
		c.delete()
	case n < 13:
		c.batch()
	case n < 18:
		c.transact()
	case n < 19:
		c.putDoomed()
	default:
		c.fail()
	}
}

func (c *client) register() string { return fmt.Sprintf("c%d/r%d", c.id, c.chance.IntN(registersEach)) }

// fresh returns a number that no other write of the register has.
func (c *client) fresh(name string) int {
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	if r := c.ledger.registers[name]; r != nil {
		return len(r.states)
	}
	return 1
}

// key returns the key of a register's item, as attributes without braces.
func key(name string) string {
	pk, sk, _ := strings.Cut(name, "/")
	return fmt.Sprintf(`"pk":{"S":"%s"},"sk":{"S":"%s"}`, pk, sk)
}

// rest returns the other attributes: index keys, there or not, and ballast, so
// that tables are written.
func (c *client) rest(n int) string {
	rest := fmt.Sprintf(`,"n":{"N":"%d"},"pad":{"S":"%s"}`, n, strings.Repeat("x", c.chance.IntN(1500)))
	if c.chance.IntN(4) > 0 {
		rest += fmt.Sprintf(`,"g":{"S":"g%d"}`, c.chance.IntN(3))
	}
	if c.chance.IntN(4) > 0 {
		rest += fmt.Sprintf(`,"l":{"N":"%d"}`, c.chance.IntN(9))
	}
	return rest
}

// write sends a write that leaves n in a register.
func (c *client) write(name string, n int, operation, body string) {
	c.ledger.send(c.ledger.tick(), name, n)
	if a := call(c.handler, operation, body); a.ok() {
		c.ledger.ack(name)
	} else {
		c.refusal(operation, body, a)
	}
}

func (c *client) put() {
	name := c.register()
	n := c.fresh(name)
	c.write(name, n, "PutItem", fmt.Sprintf(`{"TableName":"items","Item":{%s%s}}`, key(name), c.rest(n)))
}

func (c *client) update() {
	name := c.register()
	n := c.fresh(name)
	c.write(name, n, "UpdateItem", fmt.Sprintf(`{"TableName":"items","Key":{%s},"UpdateExpression":"SET n = :n, g = :g REMOVE l","ExpressionAttributeValues":{":n":{"N":"%d"},":g":{"S":"g%d"}}}`,
		key(name), n, c.chance.IntN(3)))
}

func (c *client) delete() {
	name := c.register()
	c.write(name, 0, "DeleteItem", fmt.Sprintf(`{"TableName":"items","Key":{%s}}`, key(name)))
}

// batch writes some registers, each by itself.
func (c *client) batch() {
	var puts, names []string
	tick := c.ledger.tick()
	for k := range registersEach {
		if c.chance.IntN(2) == 0 {
			name := fmt.Sprintf("c%d/r%d", c.id, k)
			n := c.fresh(name)
			c.ledger.send(tick, name, n)
			names = append(names, name)
			puts = append(puts, fmt.Sprintf(`{"PutRequest":{"Item":{%s%s}}}`, key(name), c.rest(n)))
		}
	}
	if len(puts) == 0 {
		return
	}
	body := `{"RequestItems":{"items":[` + strings.Join(puts, ",") + `]}}`
	a := call(c.handler, "BatchWriteItem", body)
	if !a.ok() {
		c.refusal("BatchWriteItem", body, a)
		return
	}
	for _, name := range names {
		// What is under UnprocessedItems was not written, and may not be acknowledged.
		if !strings.Contains(string(a.body), `"`+name[strings.IndexByte(name, '/')+1:]+`"`) {
			c.ledger.ack(name)
		}
	}
}

// transact writes the same number, or nothing, to two items in two tables, and
// keeps the token.
func (c *client) transact() {
	name := fmt.Sprintf("c%d/p%d", c.id, c.chance.IntN(pairsEach))
	n := c.fresh(name)
	token := fmt.Sprintf("%s-%d", name, n)
	actions := fmt.Sprintf(`{"Put":{"TableName":"items","Item":{%s%s}}},{"Put":{"TableName":"pairs","Item":{"pk":{"S":"%s"},"n":{"N":"%d"}}}}`, key(name), c.rest(n), name, n)
	if c.chance.IntN(4) == 0 {
		n = 0
		actions = fmt.Sprintf(`{"Delete":{"TableName":"items","Key":{%s}}},{"Delete":{"TableName":"pairs","Key":{"pk":{"S":"%s"}}}}`, key(name), name)
	}
	// The count tells whether it was done twice.
	actions += fmt.Sprintf(`,{"Update":{"TableName":"pairs","Key":{"pk":{"S":"c%d/count"}},"UpdateExpression":"ADD done :one","ExpressionAttributeValues":{":one":{"N":"1"}}}}`, c.id)
	body := fmt.Sprintf(`{"ClientRequestToken":"%s","TransactItems":[%s]}`, token, actions)
	c.ledger.send(c.ledger.tick(), name, n)
	if a := call(c.handler, "TransactWriteItems", body); a.ok() {
		c.ledger.ack(name)
		c.ledger.keep(fmt.Sprint("c", c.id), receipt{name, body})
	} else {
		c.refusal("TransactWriteItems", body, a)
	}
}

// putDoomed puts an item that has expired: nobody relies on it.
func (c *client) putDoomed() {
	body := fmt.Sprintf(`{"TableName":"items","Item":{"pk":{"S":"doomed"},"sk":{"S":"%d"},"g":{"S":"g0"},"ttl":{"N":"%d"}}}`, c.chance.IntN(20), time.Now().Unix()-60)
	if a := call(c.handler, "PutItem", body); !a.ok() {
		c.refusal("PutItem", body, a)
	}
}

// fail sends a write whose condition does not hold.
func (c *client) fail() {
	body := fmt.Sprintf(`{"TableName":"items","Item":{%s},"ConditionExpression":"n < :n","ExpressionAttributeValues":{":n":{"N":"0"}}}`, key(c.register()))
	if a := call(c.handler, "PutItem", body); a.kind() != "ConditionalCheckFailedException" {
		c.refusal("PutItem", body, a)
	}
}
