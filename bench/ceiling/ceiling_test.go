package main

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/bench"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

// The ceiling answers what the load generator asks for, and refuses who signs
// with another secret.
func TestCeilingAnswersRightly(t *testing.T) {
	db, err := openStore("data", vfs.NewMem())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	h := newHandler("key", "secret")
	h.db = db
	server := httptest.NewServer(h)
	defer server.Close()
	options := bench.Options{
		Env:      base.RealEnv(),
		Signer:   sigv4.Signer{Profile: h.profile, Region: "us-east-1", AccessKey: "key", Secret: "secret"},
		Prefix:   "test-",
		Items:    bench.ItemsMin,
		Size:     900,
		Progress: func(string) {},
	}
	s, err := bench.Open(context.Background(), options, bench.Target{Name: "ceiling", URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	names, _ := bench.Workloads()
	for _, name := range names {
		r, err := s.Run(context.Background(), bench.Load{Workload: name, Connections: 4, Duration: time.Minute, Operations: 200, PageItems: 50})
		if err != nil || r.Errors > 0 || r.Requests < 200 {
			t.Errorf("%s: %v, %d requests, %d errors: %s", name, err, r.Requests, r.Errors, r.FirstError)
		}
	}
	if err := s.Close(context.Background(), false); err != nil {
		t.Error(err)
	}
	options.Signer.Secret = "guess"
	if _, err := bench.Open(context.Background(), options, bench.Target{Name: "ceiling", URL: server.URL}); err == nil {
		t.Error("a wrong secret is accepted")
	}
}
