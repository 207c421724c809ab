package crash

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/gramme-db/gramme/test/process"
)

const (
	lazyWriters = 4
	quietOrders = 5               // few enough that they stay in the server's memory until it syncs
	lazyRun     = time.Second     // how long writers write before the kill
	syncMax     = 2 * time.Second // how long a sync may take on a busy machine
)

// answers counts the orders of each writer that were answered: 0, 1, 2...
type answers [lazyWriters]int

// TestKilledServerLosesOnlyTheLast kills a server that does not wait for the
// disk: once when it was idle for as long as a sync may take, where nothing is
// missing then, and once in the middle of writes, after which the orders of each
// writer are there without a gap.
func TestKilledServerLosesOnlyTheLast(t *testing.T) {
	bin, err := process.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for durability, interval := range map[string]time.Duration{"interval": 100 * time.Millisecond, "none": time.Second} {
		t.Run(durability, func(t *testing.T) {
			dir := t.TempDir()
			options := process.Options{
				Dir: filepath.Join(dir, "data"), Log: filepath.Join(dir, "log"), Durability: durability,
			}
			server := start(t, bin, options)
			client := connect(server)
			createOrders(t, client)
			var written answers
			for n := range written {
				for written[n] < quietOrders {
					if err := written.writeNext(client, n); err != nil {
						t.Fatal(err)
					}
				}
			}
			<-time.After(interval + syncMax)
			if err := server.Kill(); err != nil {
				t.Fatal(err)
			}
			server = start(t, bin, options)
			checkOrders(t, connect(server), written, written)
			safe := written
			written.writeUntilKilled(t, server)
			server = start(t, bin, options)
			checkOrders(t, connect(server), safe, written)
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
			checkData(t, bin, options.Dir)
		})
	}
}

// writeNext writes the next order of writer n.
func (a *answers) writeNext(client *dynamodb.Client, n int) error {
	_, err := client.PutItem(context.Background(), &dynamodb.PutItemInput{ // given up only by the server's end
		TableName: aws.String(tableName),
		Item: map[string]types.AttributeValue{
			"OrderId":    &types.AttributeValueMemberS{Value: fmt.Sprintf("%d-%d", n, a[n])},
			"CustomerId": &types.AttributeValueMemberS{Value: fmt.Sprint(n)},
			"Note":       &types.AttributeValueMemberS{Value: strings.Repeat("note ", a[n]%200)},
		},
	})
	if err == nil {
		a[n]++
	}
	return err
}

// writeUntilKilled lets all write, and kills the server under them.
func (a *answers) writeUntilKilled(t *testing.T, server *process.Server) {
	t.Helper()
	client := connect(server)
	var wg sync.WaitGroup
	for n := range a {
		wg.Go(func() { untilGone(t, func() error { return a.writeNext(client, n) }) })
	}
	<-time.After(lazyRun)
	if err := server.Kill(); err != nil {
		t.Error(err)
	}
	wg.Wait()
}

// checkOrders checks what is left of the orders: of each writer the beginning,
// with all that are safe, and none that was never written.
func checkOrders(t *testing.T, client *dynamodb.Client, safe, written answers) {
	t.Helper()
	var found, greatest answers
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: aws.String(tableName)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context(), readAgain)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			var n, order int
			if _, err := fmt.Sscanf(item["OrderId"].(*types.AttributeValueMemberS).Value, "%d-%d", &n, &order); err != nil {
				t.Fatal(err)
			}
			found[n]++
			greatest[n] = max(greatest[n], order)
		}
	}
	for n := range found {
		t.Logf("writer %d: %d orders answered, %d of them safe; %d are there", n, written[n], safe[n], found[n])
		switch {
		case found[n] < safe[n]:
			t.Errorf("writer %d: %d orders are there, want %d at least", n, found[n], safe[n])
		case found[n] > written[n]+1: // one may have been on its way
			t.Errorf("writer %d: %d orders are there, and %d were answered", n, found[n], written[n])
		case greatest[n] != found[n]-1:
			t.Errorf("writer %d: %d orders are there, and order %d is one of them", n, found[n], greatest[n])
		}
	}
}
