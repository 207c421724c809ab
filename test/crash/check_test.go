package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/gramme-db/gramme/test/process"
)

const (
	collections = 12 // partition keys that all writers share
	positions   = 40 // sort keys in each
	words       = 6  // values of the attributes that indexes key on
)

// TestKilledServerLeavesIndexesWhole writes at random to a table with local and
// global indexes whose items expire, makes and removes an index and enables and
// disables time to live meanwhile, and kills the server.
// Whatever it had come to, gramme debug check finds nothing wrong.
func TestKilledServerLeavesIndexesWhole(t *testing.T) {
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
	options := process.Options{Dir: filepath.Join(dir, "data"), Log: filepath.Join(dir, "log"), TTLCooldown: "0s"}
	for round := range counted() {
		server := start(t, bin, options)
		if round == 0 {
			createIndexed(t, connect(server))
		}
		load(t, server, chosen+uint64(round), between(rng, liveMin, liveMax))
		checkData(t, bin, options.Dir)
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
	}
}

// checkData runs gramme debug check on the directory of a server that is gone.
func checkData(t *testing.T, bin, dir string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), bin, "debug", "check", dir).CombinedOutput()
	if err != nil {
		t.Errorf("gramme debug check: %v\n%s", err, out)
		return
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	t.Log(strings.Join(strings.Fields(lines[len(lines)-1]), " "))
}

func createIndexed(t *testing.T, client *dynamodb.Client) {
	t.Helper()
	attribute := func(name string, kind types.ScalarAttributeType) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: kind}
	}
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:   aws.String(tableName),
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			attribute("pk", types.ScalarAttributeTypeS), attribute("sk", types.ScalarAttributeTypeN),
			attribute("a", types.ScalarAttributeTypeS), attribute("b", types.ScalarAttributeTypeN),
		},
		KeySchema: keySchema("pk", "sk"),
		LocalSecondaryIndexes: []types.LocalSecondaryIndex{{
			IndexName: aws.String("local"), KeySchema: keySchema("pk", "a"),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: []string{"note"}},
		}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("global"), KeySchema: keySchema("b", "a"),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func keySchema(partition, sort string) []types.KeySchemaElement {
	return []types.KeySchemaElement{
		{AttributeName: &partition, KeyType: types.KeyTypeHash},
		{AttributeName: &sort, KeyType: types.KeyTypeRange},
	}
}

// load lets writers write, one goroutine make and remove an index, and another
// one enable and disable time to live, and kills the server under them.
func load(t *testing.T, server *process.Server, seed uint64, after time.Duration) {
	t.Helper()
	client := connect(server)
	var wg sync.WaitGroup
	for n := range uint64(writers) {
		rng := rand.New(rand.NewPCG(seed, n))
		wg.Go(func() { untilGone(t, func() error { return writeIndexed(client, rng) }) })
	}
	wg.Go(func() { untilGone(t, func() error { return changeIndex(client) }) })
	rng := rand.New(rand.NewPCG(seed, writers))
	wg.Go(func() { untilGone(t, func() error { return changeTTL(client, rng) }) })
	<-time.After(after)
	if err := server.Kill(); err != nil {
		t.Error(err)
	}
	wg.Wait()
}

// untilGone works until the server does not answer any more. A refusal is an
// error of the test, except that an index is just being made or removed.
func untilGone(t *testing.T, work func() error) {
	for {
		err := work()
		var busy *types.ResourceInUseException
		var limit *types.LimitExceededException
		var missing *types.ResourceNotFoundException
		var refused smithy.APIError
		switch {
		case err == nil, errors.As(err, &busy), errors.As(err, &limit), errors.As(err, &missing):
		case errors.As(err, &refused):
			t.Error(err)
			return
		default:
			return
		}
	}
}

// writeIndexed writes one of a few items, which has each index attribute or not.
func writeIndexed(client *dynamodb.Client, rng *rand.Rand) error {
	ctx := context.Background() // given up only by the server's end
	key := map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: fmt.Sprintf("p%d", rng.IntN(collections))},
		"sk": &types.AttributeValueMemberN{Value: fmt.Sprint(rng.IntN(positions))},
	}
	var err error
	switch rng.IntN(5) {
	case 0:
		_, err = client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String(tableName), Key: key})
	case 1:
		_, err = client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: aws.String(tableName), Key: key,
			UpdateExpression: aws.String("SET b = :b REMOVE a"),
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":b": &types.AttributeValueMemberN{Value: fmt.Sprint(rng.IntN(words))},
			},
		})
	default:
		key["note"] = &types.AttributeValueMemberS{Value: strings.Repeat("note ", rng.IntN(40))}
		if rng.IntN(3) > 0 {
			key["a"] = &types.AttributeValueMemberS{Value: fmt.Sprintf("a%d", rng.IntN(words))}
		}
		if rng.IntN(3) > 0 {
			at := time.Now().Unix() + rng.Int64N(4) - 1
			key["ttl"] = &types.AttributeValueMemberN{Value: fmt.Sprint(at)}
		}
		if rng.IntN(3) > 0 {
			key["b"] = &types.AttributeValueMemberN{Value: fmt.Sprint(rng.IntN(words))}
		}
		_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(tableName), Item: key})
	}
	return err
}

// changeIndex makes an index, or removes it when it is there.
func changeIndex(client *dynamodb.Client) error {
	ctx := context.Background()
	out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(tableName)})
	if err != nil {
		return err
	}
	change := types.GlobalSecondaryIndexUpdate{Create: &types.CreateGlobalSecondaryIndexAction{
		IndexName: aws.String("changing"), KeySchema: keySchema("a", "b"),
		Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
	}}
	for _, x := range out.Table.GlobalSecondaryIndexes {
		if *x.IndexName == "changing" {
			change = types.GlobalSecondaryIndexUpdate{Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: x.IndexName}}
		}
	}
	_, err = client.UpdateTable(ctx, &dynamodb.UpdateTableInput{
		TableName: aws.String(tableName),
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("a"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("b"), AttributeType: types.ScalarAttributeTypeN},
		},
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{change},
	})
	return err
}

// changeTTL looks at time to live, and now and then enables or disables it.
func changeTTL(client *dynamodb.Client, rng *rand.Rand) error {
	ctx := context.Background()
	out, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(tableName)})
	if err != nil || rng.IntN(20) > 0 {
		return err
	}
	enabled := out.TimeToLiveDescription.TimeToLiveStatus == types.TimeToLiveStatusEnabled
	_, err = client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: aws.String(tableName),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: aws.String("ttl"), Enabled: aws.Bool(!enabled),
		},
	})
	return err
}
