package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// The SDK checks x-amz-crc32 of every response in this package; this test adds
// the compressed ones.
func TestCompressedResponses(t *testing.T) {
	var seen recorder
	client := newClient(t, func(o *dynamodb.Options) {
		o.EnableAcceptEncodingGzip = true
		o.HTTPClient = &seen
	})
	table := ordersTable(t, client)
	want := item{"OrderId": str("1"), "Note": str(strings.Repeat("Vor dem Gesetz steht ein Türhüter. ", 5000))}
	put(t, client, table, want)
	equal(t, "item", get(t, client, table, order("1")), want)
	if seen.encoding != "gzip" {
		t.Errorf("Content-Encoding of a response of 180 kB: got %q, want gzip", seen.encoding)
	}
}

// recorder remembers the encoding of the last response.
type recorder struct{ encoding string }

func (r *recorder) Do(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err == nil {
		r.encoding = resp.Header.Get("Content-Encoding")
	}
	return resp, err
}

// The SDK compresses requests of services whose model says so, and DynamoDB's
// does not; a program may do it itself, before the signature.
func TestCompressedRequests(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	want := item{"OrderId": str("1"), "Note": str(strings.Repeat("Vor dem Gesetz steht ein Türhüter. ", 5000))}
	_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: want}, dynamodb.WithAPIOptions(compress))
	check(t, err)
	equal(t, "item", get(t, client, table, order("1")), want)
}

func compress(stack *middleware.Stack) error {
	return stack.Build.Add(middleware.BuildMiddlewareFunc("compress", gzipBody), middleware.Before)
}

func gzipBody(
	ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler,
) (out middleware.BuildOutput, metadata middleware.Metadata, err error) {
	req, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return out, metadata, errors.New("not an HTTP request")
	}
	var body bytes.Buffer
	w := gzip.NewWriter(&body)
	if _, err := io.Copy(w, req.GetStream()); err != nil {
		return out, metadata, err
	}
	if err := w.Close(); err != nil {
		return out, metadata, err
	}
	if req, err = req.SetStream(bytes.NewReader(body.Bytes())); err != nil {
		return out, metadata, err
	}
	req.Header.Set("Content-Encoding", "gzip")
	in.Request = req
	return next.HandleBuild(ctx, in)
}

func TestLargestItem(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	largest := 400<<10 - len("OrderId") - len("1") - len("Note")
	want := item{"OrderId": str("1"), "Note": str(strings.Repeat("x", largest))}
	put(t, client, table, want)
	equal(t, "item", get(t, client, table, order("1")), want)
	_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: &table, Key: order("1"),
		UpdateExpression:          aws.String("SET B = :b"),
		ExpressionAttributeValues: item{":b": str("")},
	})
	apiError(t, err, "ValidationException", "Item size to update has exceeded the maximum allowed size")
}
