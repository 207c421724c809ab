//go:build !race

// The race detector has sync.Pool forget at random, which costs allocations.

package sigv4

import (
	"net/http/httptest"
	"testing"
	"time"
)

// sampleRequest is GetItem as the Go SDK signs it.
func sampleRequest(now time.Time) *Request {
	body := []byte(`{"TableName":"Music","Key":{"Artist":{"S":"No One You Know"},"SongTitle":{"S":"Call Me Today"}}}`)
	r := httptest.NewRequest("POST", "http://localhost:8000/", nil)
	for name, value := range map[string]string{
		"Accept-Encoding": "identity", "Content-Length": "98", "Content-Type": "application/x-amz-json-1.0",
		"X-Amz-Target": "DynamoDB_20120810.GetItem", "Amz-Sdk-Request": "attempt=1; max=3",
		"Amz-Sdk-Invocation-Id": "5a5c3d7e-0a0e-4b4f-8a55-1e0f1f1f1f1f",
	} {
		r.Header.Set(name, value)
	}
	signer := Signer{Profile: profile, Region: "us-east-1", AccessKey: exampleKey, Secret: exampleSecret}
	signer.Sign(r, body, now)
	return request(r, body)
}

func TestVerifyDoesNotAllocate(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := sampleRequest(now)
	for name, auth := range map[string]authenticator{
		"any":    Any{Account: "000000000000"},
		"static": &Static{AccessKey: exampleKey, Secret: exampleSecret, Account: "123456789012"},
	} {
		allocs := testing.AllocsPerRun(100, func() {
			if _, err := auth.Authenticate(r, now); err != nil {
				t.Fatal(err)
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations, want none", name, allocs)
		}
	}
}

func BenchmarkAny(b *testing.B) {
	benchmark(b, Any{Account: "000000000000"})
}

func BenchmarkStatic(b *testing.B) {
	benchmark(b, &Static{AccessKey: exampleKey, Secret: exampleSecret, Account: "123456789012"})
}

func benchmark(b *testing.B, auth authenticator) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := sampleRequest(now)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := auth.Authenticate(r, now); err != nil {
			b.Fatal(err)
		}
	}
}

func TestPenDoesNotAllocate(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	signer := Signer{Profile: profile, Region: "us-east-1", AccessKey: exampleKey, Secret: exampleSecret}
	pen := NewPen(signer, "localhost:8000", "DynamoDB_20120810.")
	body := []byte(`{"TableName":"Music"}`)
	room := make([]byte, 0, 4096)
	allocs := testing.AllocsPerRun(100, func() { pen.AppendHeader(room, "GetItem", body, now) })
	if allocs != 0 {
		t.Errorf("%v allocations, want none", allocs)
	}
}
