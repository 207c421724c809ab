package security

import (
	"context"
	"crypto/tls"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/gramme-db/gramme/test/process"
)

// transport remembers which HTTP the last answer was in.
type transport struct {
	http.Transport
	proto string
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.Transport.RoundTrip(r)
	if err == nil {
		t.proto = resp.Proto
	}
	return resp, err
}

// TestSDKOverTLS works with a table over HTTPS, in HTTP/1.1 and in HTTP/2, with
// items small and large; then the certificate is renewed under the server.
func TestSDKOverTLS(t *testing.T) {
	dir := t.TempDir()
	cert := newCertificate(t, dir)
	server := start(t, process.Options{Dir: filepath.Join(dir, "data"), Log: filepath.Join(dir, "log"), Static: true, TLS: cert})
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		var way transport
		way.TLSClientConfig = &tls.Config{RootCAs: cert.Roots}
		way.ForceAttemptHTTP2 = proto == "HTTP/2.0"
		work(t, connect(server, &way), strings.NewReplacer("/", "-").Replace(proto))
		if way.proto != proto {
			t.Errorf("spoke %s, want %s", way.proto, proto)
		}
		way.CloseIdleConnections()
	}
	renewed := newCertificate(t, dir)
	deadline := time.Now().Add(20 * time.Second)
	for !trusts(server.Addr, renewed) {
		if time.Now().After(deadline) {
			t.Fatal("the renewed certificate is not used")
		}
		<-time.After(50 * time.Millisecond)
	}
	if trusts(server.Addr, cert) {
		t.Error("the old certificate is still used")
	}
	check(t, server.Stop())
}

func connect(server *process.Server, way *transport) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String(server.URL()),
		Region:       process.Region,
		Credentials:  credentials.NewStaticCredentialsProvider(process.AccessKey, process.SecretKey, ""),
		HTTPClient:   &http.Client{Transport: way},
	})
}

// work creates a table, writes items and reads them.
func work(t *testing.T, client *dynamodb.Client, table string) {
	t.Helper()
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}},
	})
	check(t, err)
	for _, size := range []int{1, 1000, 390_000} {
		item := map[string]types.AttributeValue{
			"pk":   &types.AttributeValueMemberS{Value: "a"},
			"text": &types.AttributeValueMemberS{Value: strings.Repeat("x", size)},
		}
		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: item})
		check(t, err)
		got, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{
			TableName: &table, Key: map[string]types.AttributeValue{"pk": item["pk"]}, ConsistentRead: aws.Bool(true),
		})
		check(t, err)
		if text, ok := got.Item["text"].(*types.AttributeValueMemberS); !ok || len(text.Value) != size {
			t.Errorf("read another item than the one with %d bytes", size)
		}
	}
}

// trusts tells whether a handshake succeeds with what trusts a certificate.
func trusts(addr string, cert *process.TLS) bool {
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: cert.Roots}}
	conn, err := dialer.DialContext(context.Background(), "tcp", addr)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}
