package proof

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/kv/pebble"
	"github.com/gramme-db/gramme/internal/server"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

// dataDir is where stores lie on the file systems of the tests.
const dataDir = "data"

// memtableBytes makes flushes, and compactions of what was flushed, common.
const memtableBytes = 64 << 10

// lazyInterval is how long writes that are not durable stay so.
const lazyInterval = 20 * time.Millisecond

// records returns the keys that a server has written once.
func records() pebble.KeyRange { return pebble.KeyRange(layout.AllChanges()) }

// openEngine opens the engine of a server on a file system.
func openEngine(fs vfs.FS) (*pebble.DB, error) {
	return pebble.Open(pebble.Options{Dir: dataDir, FS: fs, MemtableBytes: memtableBytes, CacheBytes: 1 << 20, Once: records()})
}

// openLazy opens the engine of a server whose writes are answered before they
// are durable.
func openLazy(fs vfs.FS, durability pebble.Durability) (*pebble.DB, error) {
	return pebble.Open(pebble.Options{
		Dir: dataDir, FS: fs, MemtableBytes: memtableBytes, CacheBytes: 1 << 20,
		Durability: durability, SyncInterval: lazyInterval, Once: records(),
	})
}

// openServer opens a server on an engine, with all that it does in the
// background. Time to live looks often.
func openServer(engine driver.Driver) (*server.Server, error) {
	return server.Open(server.Options{Engine: engine, TTLInterval: 20 * time.Millisecond})
}

// open opens a server on a file system.
func open(fs vfs.FS) (*server.Server, error) {
	engine, err := openEngine(fs)
	if err != nil {
		return nil, err
	}
	return openServer(engine)
}

func mustOpen(t testing.TB, fs vfs.FS) *server.Server {
	t.Helper()
	s, err := open(fs)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// answer is what a call was answered with.
type answer struct {
	status int
	body   []byte
}

// ok reports whether the call has done what it was to do.
func (a answer) ok() bool { return a.status == http.StatusOK }

// kind returns the type of an error, as in "ResourceInUseException".
func (a answer) kind() string {
	var e struct {
		Type string `json:"__type"`
	}
	_ = json.Unmarshal(a.body, &e)
	return e.Type[strings.LastIndexByte(e.Type, '#')+1:]
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, bytes.TrimSpace(a.body)) }

// call sends a signed request through the gateway, in our process.
func call(h http.Handler, operation, body string) answer {
	prefix := "DynamoDB_20120810."
	switch operation {
	case "ListStreams", "DescribeStream", "GetShardIterator", "GetRecords":
		prefix = "DynamoDBStreams_20120810."
	}
	r := httptest.NewRequest(http.MethodPost, "http://localhost/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", prefix+operation)
	signer := sigv4.Signer{Profile: sigv4.Profile{Service: "dynamodb"}, Region: "us-east-1", AccessKey: "proof", Secret: "proof"}
	signer.Sign(r, []byte(body), base.RealEnv().Now())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return answer{w.Code, w.Body.Bytes()}
}

// shut ends a server. What it says is of no interest where its disk is broken.
func shut(s *server.Server) error { return s.Shutdown(context.Background()) }
