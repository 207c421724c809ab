package gramme_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gramme-db/gramme"
)

// A Gramme in memory on a free port. An AWS SDK takes URL, Region, AccessKey and
// SecretKey from it; here it is only asked whether it is well.
func Example() {
	g, err := gramme.Open(gramme.Options{InMemory: true, Addr: "127.0.0.1:0"})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close()

	resp, err := http.Get(g.URL() + "/healthz")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status, g.Region())
	// Output: 200 OK us-east-1
}

// A Gramme as an http.Handler, without a port, and a request such as the SDKs
// send.
func ExampleGramme_Handler() {
	g, err := gramme.Open(gramme.Options{InMemory: true})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close()

	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{}`))
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "DynamoDB_20120810.ListTables")
	req.Header.Set("X-Amz-Date", "20260102T030405Z")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 "+
		"Credential=gramme/20260102/us-east-1/dynamodb/aws4_request, "+
		"SignedHeaders=host;x-amz-date, Signature="+strings.Repeat("0", 64))
	resp := httptest.NewRecorder()
	g.Handler().ServeHTTP(resp, req)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Code, string(body))
	// Output: 200 {"TableNames":[]}
}
