package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const tableName = "Orders"

// writer writes orders of its own, one write after the other, and remembers
// what the server has answered.
type writer struct {
	number  int
	rng     *rand.Rand
	orders  []order
	version int // of the last write tried, over all orders
	tally   tally
}

type tally struct {
	answered   int // writes that were answered
	kept, lost int // writes without an answer that were found, and not found
}

// order is what is known of one item.
type order struct {
	id     string
	stored state  // after the last answered write
	tried  *state // after a write that got no answer; either is right
}

// state is the version of an item, from which all its attributes follow; 0 is
// no item.
type state int

func (s state) exists() bool { return s != 0 }

// indexed reports whether the item has the attribute that the index keys on.
func (s state) indexed() bool { return s.exists() && s%3 != 0 }

func newWriter(number int, seed uint64) *writer {
	w := &writer{number: number, rng: rand.New(rand.NewPCG(seed, uint64(number)+1))}
	for i := range ordersEach {
		w.orders = append(w.orders, order{id: fmt.Sprintf("w%02d-%d", number, i)})
	}
	return w
}

// item returns the whole item in state s, nil for none. The note is long
// enough that a torn write would show.
func (o order) item(s state) map[string]types.AttributeValue {
	if !s.exists() {
		return nil
	}
	version := strconv.Itoa(int(s))
	it := map[string]types.AttributeValue{
		"OrderId": &types.AttributeValueMemberS{Value: o.id},
		"Version": &types.AttributeValueMemberN{Value: version},
		"Note":    &types.AttributeValueMemberS{Value: strings.Repeat(o.id+"#"+version+" ", 1+int(s)*37%400)},
	}
	if s.indexed() {
		it["CustomerId"] = &types.AttributeValueMemberS{Value: "c" + version}
	}
	return it
}

func (o order) key() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"OrderId": &types.AttributeValueMemberS{Value: o.id}}
}

// writeUntilError writes until the server is gone, and returns the last error.
func (w *writer) writeUntilError(client *dynamodb.Client) error {
	for {
		o := &w.orders[w.rng.IntN(len(w.orders))]
		w.version++
		next := state(w.version)
		if o.stored.exists() && w.rng.IntN(5) == 0 {
			next = 0
		}
		// Not the test's context: a write is given up only by the server's end.
		if err := w.write(context.Background(), client, o, next); err != nil {
			o.tried = &next
			return err
		}
		o.stored = next
		w.tally.answered++
	}
}

// write brings o to the state next, under the condition that it is as the last
// answer left it.
func (w *writer) write(ctx context.Context, client *dynamodb.Client, o *order, next state) error {
	condition := aws.String("attribute_not_exists(OrderId)")
	var values map[string]types.AttributeValue
	if o.stored.exists() {
		condition = aws.String("Version = :seen")
		values = map[string]types.AttributeValue{":seen": o.item(o.stored)["Version"]}
	}
	var err error
	switch {
	case !next.exists():
		_, err = client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: aws.String(tableName), Key: o.key(),
			ConditionExpression: condition, ExpressionAttributeValues: values,
		})
	case o.stored.exists() && next.indexed() && w.rng.IntN(2) == 0:
		it := o.item(next)
		values[":version"], values[":note"], values[":customer"] = it["Version"], it["Note"], it["CustomerId"]
		_, err = client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: aws.String(tableName), Key: o.key(),
			UpdateExpression:    aws.String("SET Version = :version, Note = :note, CustomerId = :customer"),
			ConditionExpression: condition, ExpressionAttributeValues: values,
		})
	default:
		_, err = client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: aws.String(tableName), Item: o.item(next),
			ConditionExpression: condition, ExpressionAttributeValues: values,
		})
	}
	return err
}

// settle reads order i, checks that it is in a state that the answers allow, and
// takes that state for the one that is stored.
func (w *writer) settle(ctx context.Context, client *dynamodb.Client, i int) error {
	o := &w.orders[i]
	out, err := client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String(tableName), Key: o.key(), ConsistentRead: aws.Bool(true),
	}, readAgain)
	if err != nil {
		return err
	}
	tried := o.tried
	o.tried = nil
	switch {
	case tried != nil && reflect.DeepEqual(out.Item, o.item(*tried)):
		o.stored = *tried
		w.tally.kept++
	case reflect.DeepEqual(out.Item, o.item(o.stored)):
		if tried != nil {
			w.tally.lost++
		}
	default:
		return fmt.Errorf("order %s: found %v, want version %d or %v", o.id, out.Item, o.stored, tried)
	}
	return nil
}

// readAgain lets a read be tried again. The SDK closes its request's body as
// soon as the answer begins; when that comes before net/http has looked for the
// body's end, net/http closes the connection under the answer.
func readAgain(o *dynamodb.Options) { o.RetryMaxAttempts = 5 }
