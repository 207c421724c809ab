// Package crash kills a gramme process in the middle of writes, starts it
// again on the same directory, and checks that it has kept its word: every
// answered write is there, an unanswered one is there whole or not at all, the
// counts that DescribeTable shows are those of the items, and gramme debug check
// finds nothing wrong. With a lesser durability the last writes may be missing,
// but no others. On a full disk all that was answered is there, too.
package crash

import (
	"errors"
	"flag"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/gramme-db/gramme/test/process"
)

var (
	rounds = flag.Int("rounds", 5, "how often to kill the server")
	soak   = flag.Duration("soak", 0, "how long to go on beyond that")
	seed   = flag.Uint64("seed", 0, "seed of the choices; 0: a fresh one")
)

const (
	writers       = 16
	ordersEach    = 8
	liveMin       = 100 * time.Millisecond // how long writers write before the kill
	liveMax       = 700 * time.Millisecond
	startupMax    = 60 * time.Millisecond // how long after its launch a server is killed that has answered nobody
	createWaitMax = 10 * time.Second
)

func TestKilledServerKeepsItsWord(t *testing.T) {
	chosen := *seed
	if chosen == 0 {
		chosen = rand.Uint64()
	}
	t.Logf("-seed=%d", chosen)
	rng := rand.New(rand.NewPCG(chosen, 0))
	bin, err := process.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	options := process.Options{Dir: filepath.Join(dir, "data"), Log: filepath.Join(dir, "log")}

	var team []*writer
	for i := range writers {
		team = append(team, newWriter(i, chosen))
	}
	var restarts []time.Duration
	for round := range counted() {
		begin := time.Now()
		server := start(t, bin, options)
		restarts = append(restarts, time.Since(begin))
		client := connect(server)
		if round == 0 {
			createOrders(t, client)
		}
		verify(t, client, team)
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
		writeAndKill(t, server, client, team, between(rng, liveMin, liveMax))
		killWhileStarting(t, bin, options, between(rng, 0, startupMax))
	}
	server := start(t, bin, options)
	verify(t, connect(server), team)
	if err := server.Stop(); err != nil {
		t.Error(err)
	}
	checkData(t, bin, options.Dir)
	report(t, team, len(restarts))
	slices.Sort(restarts)
	t.Logf("from the start of the process to its first answer: %s in the middle, %s at most",
		restarts[len(restarts)/2].Round(time.Millisecond), restarts[len(restarts)-1].Round(time.Millisecond))
}

// counted yields the numbers of rounds, as many as the flags say.
func counted() iter.Seq[int] {
	return func(yield func(int) bool) {
		begin := time.Now()
		for n := 0; n < *rounds || time.Since(begin) < *soak; n++ {
			if !yield(n) {
				return
			}
		}
	}
}

func between(rng *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(rng.Int64N(int64(high-low)))
}

func start(t *testing.T, bin string, options process.Options) *process.Server {
	t.Helper()
	server, err := process.Start(bin, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // a failed test leaves no process behind; a second kill does nothing
		if err := server.Kill(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// killWhileStarting crashes a server that is still reading what the last crash
// left to it.
func killWhileStarting(t *testing.T, bin string, options process.Options, after time.Duration) {
	t.Helper()
	server, err := process.Launch(bin, options)
	if err != nil {
		t.Fatal(err)
	}
	<-time.After(after)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
}

// connect returns a client that tries once: a writer that tried twice would not
// know which attempt was answered.
func connect(server *process.Server) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint:     aws.String(server.URL()),
		Region:           process.Region,
		Credentials:      credentials.NewStaticCredentialsProvider(process.AccessKey, process.SecretKey, ""),
		RetryMaxAttempts: 1,
	})
}

func createOrders(t *testing.T, client *dynamodb.Client) {
	t.Helper()
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:   aws.String(tableName),
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("OrderId"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("CustomerId"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("OrderId"), KeyType: types.KeyTypeHash}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName:  aws.String("ByCustomer"),
			KeySchema:  []types.KeySchemaElement{{AttributeName: aws.String("CustomerId"), KeyType: types.KeyTypeHash}},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	in := &dynamodb.DescribeTableInput{TableName: aws.String(tableName)}
	if err := dynamodb.NewTableExistsWaiter(client).Wait(t.Context(), in, createWaitMax); err != nil {
		t.Fatal(err)
	}
}

// writeAndKill lets the writers write and kills the server under them.
func writeAndKill(t *testing.T, server *process.Server, client *dynamodb.Client, team []*writer, after time.Duration) {
	t.Helper()
	var killed atomic.Bool
	var wg sync.WaitGroup
	for _, w := range team {
		wg.Go(func() {
			err := w.writeUntilError(client)
			if refused := smithy.APIError(nil); errors.As(err, &refused) || !killed.Load() {
				t.Errorf("writer %d: %v, and not because of the kill", w.number, err)
			}
		})
	}
	<-time.After(after)
	killed.Store(true)
	if err := server.Kill(); err != nil {
		t.Error(err)
	}
	wg.Wait()
}

// verify reads every order back and compares the counts of the table.
func verify(t *testing.T, client *dynamodb.Client, team []*writer) {
	t.Helper()
	var items, indexed int64
	for _, w := range team {
		for i := range w.orders {
			if err := w.settle(t.Context(), client, i); err != nil {
				t.Error(err)
			}
			if w.orders[i].stored.exists() {
				items++
			}
			if w.orders[i].stored.indexed() {
				indexed++
			}
		}
	}
	out, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(tableName)})
	if err != nil {
		t.Fatal(err)
	}
	if got := *out.Table.ItemCount; got != items {
		t.Errorf("ItemCount of the table is %d, and %d items are there", got, items)
	}
	if got := *out.Table.GlobalSecondaryIndexes[0].ItemCount; got != indexed {
		t.Errorf("ItemCount of the index is %d, and %d items belong to it", got, indexed)
	}
}

func report(t *testing.T, team []*writer, rounds int) {
	t.Helper()
	var total tally
	for _, w := range team {
		total.answered += w.tally.answered
		total.kept += w.tally.kept
		total.lost += w.tally.lost
	}
	t.Logf("%d kills; %d writes answered; of the unanswered, %d were there and %d were not",
		2*rounds, total.answered, total.kept, total.lost)
	if total.answered == 0 {
		t.Error("no write was answered: the test showed nothing")
	}
}
