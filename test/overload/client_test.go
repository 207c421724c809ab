package overload

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gramme-db/gramme/test/process"
)

// client is one connection. It sends what it is told and no more, so that many
// of them leave the machine to the server.
type client struct {
	net.Conn
	answers *bufio.Reader
}

const dialTimeout = 10 * time.Second

func dial(server *process.Server) (*client, error) {
	conn, err := net.DialTimeout("tcp", server.Addr, dialTimeout)
	if err != nil {
		return nil, err
	}
	return &client{conn, bufio.NewReaderSize(conn, 4<<10)}, nil
}

func mustDial(t *testing.T, server *process.Server) *client {
	t.Helper()
	c, err := dial(server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// request returns a request as the SDKs send it, with more headers if wanted.
func request(operation, body string, headers ...string) string {
	return head(operation, len(body), headers...) + body
}

// head returns the request up to a body of some length.
func head(operation string, length int, headers ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810.%s\r\n"+
		"X-Amz-Date: %s\r\nAuthorization: AWS4-HMAC-SHA256 Credential=%s/%s/%s/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=%064d\r\n",
		operation, time.Now().UTC().Format("20060102T150405Z"), process.AccessKey, time.Now().UTC().Format("20060102"), process.Region, 0)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", length)
	return b.String()
}

// answer is what has come back.
type answer struct {
	status int
	bytes  int64
	start  string // of the body
}

func (a answer) String() string {
	if a.status == 0 {
		return "closed"
	}
	return fmt.Sprint(a.status)
}

// exchange sends a request and reads its answer.
func (c *client) exchange(request string) (answer, error) {
	if _, err := io.WriteString(c, request); err != nil {
		return answer{}, err
	}
	return c.read()
}

func (c *client) read() (answer, error) {
	got, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		return answer{}, err
	}
	start, err := io.ReadAll(io.LimitReader(got.Body, 512))
	if err != nil {
		return answer{}, err
	}
	rest, err := io.Copy(io.Discard, got.Body)
	return answer{got.StatusCode, int64(len(start)) + rest, string(start)}, err
}

// mustExchange is for requests that go well.
func mustExchange(t *testing.T, c *client, operation, body string) {
	t.Helper()
	got, err := c.exchange(request(operation, body))
	if err != nil || got.status != http.StatusOK {
		t.Fatalf("%s: %v %s (%v)", operation, got, got.start, err)
	}
}
