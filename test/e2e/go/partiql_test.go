package e2e

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// execute executes a statement, in which %s is the table.
func execute(t *testing.T, client *dynamodb.Client, table, statement string, parameters ...types.AttributeValue) (*dynamodb.ExecuteStatementOutput, error) {
	t.Helper()
	return client.ExecuteStatement(t.Context(), &dynamodb.ExecuteStatementInput{
		Statement: aws.String(strings.ReplaceAll(statement, "%s", `"`+table+`"`)), Parameters: parameters,
	})
}

func TestStatements(t *testing.T) {
	client := newClient(t)
	table := indexedTable(t, client)
	for i := range 3 {
		_, err := execute(t, client, table, "INSERT INTO %s VALUE {'OrderId':?,'Line':?,'OrderDate':?,'CustomerId':'c','Paid':1,'Tags':<<'a'>>,'To':{'City':'Bonn'}}",
			str("o"), str(fmt.Sprint(i)), str(fmt.Sprintf("2026-01-0%d", 3-i)))
		check(t, err)
	}
	_, err := execute(t, client, table, "INSERT INTO %s VALUE {'OrderId':'o','Line':'1'}")
	if duplicate := new(types.DuplicateItemException); !errors.As(err, &duplicate) {
		t.Errorf("a second INSERT: %v, want DuplicateItemException", err)
	}

	out, err := execute(t, client, table, `UPDATE %s SET Paid = Paid + ? SET Tags = set_add(Tags, <<'b'>>) SET "To".City = 'Kiel' WHERE OrderId = 'o' AND Line = '1' AND Paid = 1 RETURNING ALL NEW *`, num("4"))
	check(t, err)
	equal(t, "after UPDATE", out.Items[0]["Paid"], num("5"))
	equal(t, "its set", len(out.Items[0]["Tags"].(*types.AttributeValueMemberSS).Value), 2)
	_, err = execute(t, client, table, "UPDATE %s SET Paid = 0 WHERE OrderId = 'o' AND Line = 'none'")
	if failed := new(types.ConditionalCheckFailedException); !errors.As(err, &failed) {
		t.Errorf("an UPDATE of nothing: %v, want ConditionalCheckFailedException", err)
	}

	for statement, want := range map[string][]item{
		`SELECT Line, "To".City FROM %s WHERE OrderId = 'o' AND Line >= '1' ORDER BY Line DESC`: {{"Line": str("2"), "City": str("Bonn")}, {"Line": str("1"), "City": str("Kiel")}},
		"SELECT Line FROM %s.ByCustomer WHERE CustomerId = 'c' AND Paid BETWEEN 2 AND 5":        {{"Line": str("1")}},
		"SELECT Line FROM %s.ByDate WHERE OrderId = 'o' AND OrderDate < '2026-01-03'":           {{"Line": str("2")}, {"Line": str("1")}},
		"SELECT Line FROM %s WHERE contains(Tags, 'b') OR Nothing IS NOT MISSING":               {{"Line": str("1")}},
	} {
		out, err := execute(t, client, table, statement)
		check(t, err)
		equal(t, statement, out.Items, want)
	}

	out, err = execute(t, client, table, "DELETE FROM %s WHERE OrderId = 'o' AND Line = '0' RETURNING ALL OLD *")
	check(t, err)
	equal(t, "what was deleted", out.Items[0]["Line"], str("0"))
}

// Pages come by NextToken, which is good for its statement alone.
func TestStatementPages(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	const orders = 25
	for i := range orders {
		put(t, client, table, order(fmt.Sprint(i)))
	}
	in := &dynamodb.ExecuteStatementInput{Statement: aws.String(`SELECT * FROM "` + table + `"`), Limit: aws.Int32(10)}
	seen := 0
	for {
		out, err := client.ExecuteStatement(t.Context(), in)
		check(t, err)
		seen += len(out.Items)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
		_, err = client.ExecuteStatement(t.Context(), &dynamodb.ExecuteStatementInput{
			Statement: aws.String(`SELECT OrderId FROM "` + table + `"`), NextToken: out.NextToken,
		})
		if err == nil || !strings.Contains(err.Error(), "NextToken does not match request") {
			t.Errorf("the token of another statement: %v", err)
		}
	}
	equal(t, "items on all pages", seen, orders)
}

func TestStatementBatch(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	statement := func(text string, parameters ...types.AttributeValue) types.BatchStatementRequest {
		return types.BatchStatementRequest{Statement: aws.String(strings.ReplaceAll(text, "%s", `"`+table+`"`)), Parameters: parameters}
	}
	put(t, client, table, order("a"))
	out, err := client.BatchExecuteStatement(t.Context(), &dynamodb.BatchExecuteStatementInput{Statements: []types.BatchStatementRequest{
		statement("INSERT INTO %s VALUE {'OrderId':?}", str("a")),
		statement("INSERT INTO %s VALUE {'OrderId':?}", str("b")),
		statement("DELETE FROM nothing WHERE OrderId = 'a'"),
	}})
	check(t, err)
	var codes []types.BatchStatementErrorCodeEnum
	for _, r := range out.Responses {
		if r.Error == nil {
			r.Error = new(types.BatchStatementError)
		}
		codes = append(codes, r.Error.Code)
	}
	equal(t, "codes", codes, []types.BatchStatementErrorCodeEnum{types.BatchStatementErrorCodeEnumDuplicateItem, "", types.BatchStatementErrorCodeEnumResourceNotFound})
	out, err = client.BatchExecuteStatement(t.Context(), &dynamodb.BatchExecuteStatementInput{Statements: []types.BatchStatementRequest{
		statement("SELECT * FROM %s WHERE OrderId = 'b'"), statement("SELECT * FROM %s WHERE OrderId = 'none'"),
	}})
	check(t, err)
	equal(t, "found", out.Responses[0].Item, order("b"))
	equal(t, "missing", out.Responses[1].Item, nil)
}

func TestStatementTransaction(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	put(t, client, table, item{"OrderId": str("a"), "Paid": num("1")})
	transact := func(token *string, statements ...string) (*dynamodb.ExecuteTransactionOutput, error) {
		in := &dynamodb.ExecuteTransactionInput{ClientRequestToken: token}
		for _, text := range statements {
			in.TransactStatements = append(in.TransactStatements, types.ParameterizedStatement{Statement: aws.String(strings.ReplaceAll(text, "%s", `"`+table+`"`))})
		}
		return client.ExecuteTransaction(t.Context(), in)
	}
	for range 2 { // once, for the token is the same
		_, err := transact(aws.String("once"), "EXISTS(SELECT * FROM %s WHERE OrderId = 'a' AND Lost IS MISSING)", "INSERT INTO %s VALUE {'OrderId':'b','Paid':2}")
		check(t, err)
	}
	_, err := transact(nil, "UPDATE %s SET Paid = 9 WHERE OrderId = 'a'", "INSERT INTO %s VALUE {'OrderId':'b'}", "DELETE FROM %s WHERE OrderId = 'c' AND Paid = 1")
	codes, _ := reasonCodes(t, err)
	equal(t, "reasons", codes, []string{"None", "DuplicateItem", "ConditionalCheckFailed"})
	out, err := transact(nil, "SELECT Paid FROM %s WHERE OrderId = 'a'", "SELECT Paid FROM %s WHERE OrderId = 'b'", "SELECT * FROM %s WHERE OrderId = 'c'")
	check(t, err)
	equal(t, "a", out.Responses[0].Item, item{"Paid": num("1")})
	equal(t, "b", out.Responses[1].Item, item{"Paid": num("2")})
	equal(t, "c", out.Responses[2].Item, nil)
}

// Many clients count one item up, each step of each once.
func TestConcurrentStatements(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	put(t, client, table, item{"OrderId": str("a"), "Paid": num("0")})
	const clients, steps = 8, 10
	var running sync.WaitGroup
	for range clients {
		running.Go(func() {
			for range steps {
				if _, err := execute(t, client, table, "UPDATE %s SET Paid = Paid + 1 WHERE OrderId = 'a'"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	running.Wait()
	equal(t, "after all", get(t, client, table, order("a"))["Paid"], num(fmt.Sprint(clients*steps)))
}
