// Package streams follows a stream as the Kinesis Client Library's adapter does:
// workers hold leases on shards in a table, keep their checkpoints there, read
// shards at the same time, and begin a child when its parent is done. Meanwhile
// writers write, shards rotate and split all the time, and the server and the
// workers are killed. In the end each change of each key has come, in order, and
// what the changes add up to is the table.
package streams

import (
	"context"
	"flag"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/gramme-db/gramme/test/process"
)

var (
	rounds = flag.Int("rounds", 4, "how often to kill the server")
	seed   = flag.Uint64("seed", 0, "seed of the choices; 0: a fresh one")
)

const (
	ordersTable = "Orders"
	leaseTable  = "Leases"

	writers  = 8
	workers  = 4
	liveMin  = time.Second // how long a server lives
	liveMax  = 2 * time.Second
	drainMax = 60 * time.Second // how long the workers may take for what is left in the end
)

// world is what a test is played in.
type world struct {
	bin     string
	options process.Options
	server  *process.Server
	db      *dynamodb.Client
	streams *dynamodbstreams.Client
	stream  string // its ARN
	ledger  *ledger
}

func TestConsumersOfAStream(t *testing.T) {
	chosen := *seed
	if chosen == 0 {
		chosen = rand.Uint64()
	}
	t.Logf("-seed=%d", chosen)
	rng := rand.New(rand.NewPCG(chosen, 0))
	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	writing, stopWriting := context.WithCancel(ctx)
	var writersDone, teamDone sync.WaitGroup
	for i := range writers {
		one := &writer{id: i, rng: rand.New(rand.NewPCG(chosen, uint64(i)+1)), db: w.db}
		writersDone.Go(func() { one.run(writing) })
	}
	team := w.hire(ctx, &teamDone)
	for range *rounds {
		<-time.After(between(rng, liveMin, liveMax))
		team.replaceOne(rng)
		w.killAndRestart(t)
	}
	<-time.After(liveMin)
	stopWriting()
	writersDone.Wait()
	w.disable(t)
	w.awaitEnd(t)
	stop()
	teamDone.Wait()
	w.verify(t)
	if err := w.server.Stop(); err != nil {
		t.Error(err)
	}
}

func between(rng *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(rng.Int64N(int64(high-low)))
}

// newWorld starts a server whose shards rotate and split as never on AWS, and
// creates the tables.
func newWorld(t *testing.T) *world {
	t.Helper()
	bin, err := process.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	w := &world{bin: bin, ledger: newLedger(), options: process.Options{
		Dir: filepath.Join(dir, "data"), Log: filepath.Join(dir, "log"),
		Env: []string{
			"GRAMME_STREAM_SHARD_ROTATION=1500ms", "GRAMME_STREAM_SPLIT_WRITES=40", "GRAMME_STREAM_SPLIT_WINDOW=300ms",
		},
	}}
	w.start(t)
	w.options.Addr = w.server.Addr // clients find it there again
	key := credentials.NewStaticCredentialsProvider(process.AccessKey, process.SecretKey, "")
	w.db = dynamodb.New(dynamodb.Options{BaseEndpoint: aws.String(w.server.URL()), Region: process.Region, Credentials: key, RetryMaxAttempts: 1})
	w.streams = dynamodbstreams.New(dynamodbstreams.Options{BaseEndpoint: aws.String(w.server.URL()), Region: process.Region, Credentials: key})
	w.createTables(t)
	return w
}

func (w *world) start(t *testing.T) {
	t.Helper()
	server, err := process.Start(w.bin, w.options)
	if err != nil {
		t.Fatal(err)
	}
	w.server = server
	t.Cleanup(func() { // a failed test leaves no process behind; a second kill does nothing
		if err := server.Kill(); err != nil {
			t.Error(err)
		}
	})
}

func (w *world) killAndRestart(t *testing.T) {
	t.Helper()
	if err := w.server.Kill(); err != nil {
		t.Fatal(err)
	}
	w.start(t)
}

func (w *world) createTables(t *testing.T) {
	t.Helper()
	for name, key := range map[string]string{ordersTable: "OrderId", leaseTable: "ShardId"} {
		in := &dynamodb.CreateTableInput{
			TableName: aws.String(name), BillingMode: types.BillingModePayPerRequest,
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String(key), AttributeType: types.ScalarAttributeTypeS}},
			KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String(key), KeyType: types.KeyTypeHash}},
		}
		if name == ordersTable {
			in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages}
		}
		out, err := w.db.CreateTable(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if name == ordersTable {
			w.stream = *out.TableDescription.LatestStreamArn
		}
	}
}

// disable ends the stream: its shards are closed, and have no children.
func (w *world) disable(t *testing.T) {
	t.Helper()
	_, err := w.db.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{
		TableName: aws.String(ordersTable), StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(false)},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// awaitEnd waits until all shards are read to their ends.
func (w *world) awaitEnd(t *testing.T) {
	t.Helper()
	over := time.After(drainMax)
	for {
		leases, err := listLeases(t.Context(), w.db)
		open := 0
		for _, l := range leases {
			if l.checkpoint != shardEnd {
				open++
			}
		}
		if err == nil && open == 0 && len(leases) > 0 {
			return
		}
		select {
		case <-over:
			t.Fatalf("%d of %d shards are not read to their ends after %s (%v)", open, len(leases), drainMax, err)
		case <-time.After(leasePause):
		}
	}
}

// verify compares what the records add up to with the table.
func (w *world) verify(t *testing.T) {
	t.Helper()
	table := map[string]string{}
	pages := dynamodb.NewScanPaginator(w.db, &dynamodb.ScanInput{TableName: aws.String(ordersTable), ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			key, n := orderOf(item)
			table[key] = n
		}
	}
	w.ledger.compare(t, table)
}
