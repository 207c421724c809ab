package overload

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gramme-db/gramme/test/process"
)

// The table: partitions of small items that are read one by one, and one
// partition of large items for pages and batches.
const (
	smallItems = 500
	smallBytes = 900
	largeItems = 100
	largeBytes = 160 << 10 // 100 of them are 16 MB, what a BatchGetItem returns
)

func fill(t *testing.T, server *process.Server) {
	t.Helper()
	c := mustDial(t, server)
	mustExchange(t, c, "CreateTable", `{"TableName":"Items","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"s","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"}]}`)
	for i := range smallItems {
		mustExchange(t, c, "PutItem", putSmall(i))
	}
	for i := range largeItems {
		mustExchange(t, c, "PutItem", fmt.Sprintf(`{"TableName":"Items","Item":{"p":{"S":"large"},"s":{"S":"%d"},"v":{"S":"%s"}}}`,
			i, strings.Repeat("v", largeBytes)))
	}
}

func putSmall(i int) string {
	return fmt.Sprintf(`{"TableName":"Items","Item":{"p":{"S":"small%d"},"s":{"S":"0"},"v":{"S":"%s"}}}`, i%smallItems, strings.Repeat("v", smallBytes))
}

func getSmall(i int) string {
	return fmt.Sprintf(`{"TableName":"Items","Key":{"p":{"S":"small%d"},"s":{"S":"0"}}}`, i%smallItems)
}

// queryPage returns a page of 1 MB.
func queryPage() string {
	return `{"TableName":"Items","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"large"}}}`
}

// batchGet asks for so many large items.
func batchGet(n int) string {
	var keys []string
	for i := range n {
		keys = append(keys, fmt.Sprintf(`{"p":{"S":"large"},"s":{"S":"%d"}}`, i))
	}
	return fmt.Sprintf(`{"RequestItems":{"Items":{"Keys":[%s]}}}`, strings.Join(keys, ","))
}

// batchWrite puts 25 items of so many bytes.
func batchWrite(i, bytes int) string {
	var puts []string
	for j := range 25 {
		puts = append(puts, fmt.Sprintf(`{"PutRequest":{"Item":{"p":{"S":"batch%d"},"s":{"S":"%d"},"v":{"S":"%s"}}}}`,
			i, j, strings.Repeat("v", bytes)))
	}
	return fmt.Sprintf(`{"RequestItems":{"Items":[%s]}}`, strings.Join(puts, ","))
}
