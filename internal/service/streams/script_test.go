package streams_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/server"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

// TestScripts runs the conversations in testdata, with a whole server: its
// sharder looks all the time, and decides by the clock of the script.
//
//	OPERATION [pretty]       call an operation of either API with the JSON that follows
//	table NAME VIEW [sort]   create a table with a stream; its key is pk, or pk and sk
//	enable NAME VIEW         enable a stream
//	disable NAME             disable it
//	clock 5s                 turn the clock
//	as ACCOUNT REGION        be another caller from here on
//	restart                  end the server and start it over the same directory
//	shards [1 2]             wait until the stream has these shards, and print them
//	trimmed n                wait until the records of shard n are trimmed
//	records n                wait until shard 1 has n records
//	streams n                wait until there are n streams
//	read                     read the stream from its beginning, parents before children
//
// In what is sent, $stream is the ARN of the latest stream that was enabled,
// $iterator the latest iterator that was returned, $1 the id of shard 1.
// Iterators are not printed, as they are sealed with a secret.
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		w := newWorld(t, server.StreamOptions{})
		datadriven.RunTest(t, path, w.run)
	})
}

// world is a server with a clock of its own, and what its client remembers.
type world struct {
	options server.Options
	server  *server.Server
	account string
	region  string

	stream   string // its ARN
	iterator string
	shards   map[uint64]string // ids by number

	mu struct {
		sync.Mutex
		now   time.Time
		draws uint64
	}
}

const splitWindow = 2 * time.Millisecond // how often the sharder looks, too

func newWorld(t testing.TB, o server.StreamOptions) *world {
	t.Helper()
	o.SplitWindow = splitWindow
	if o.SplitWrites == 0 {
		o.SplitWrites = 1 << 30
	}
	w := &world{account: "000000000000", region: "us-east-1", shards: map[uint64]string{}}
	w.mu.now = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	w.options = server.Options{Dir: t.TempDir(), Stream: o, TTLInterval: splitWindow, Env: base.Env{Now: w.now, Rand: w.draw}}
	w.open(t)
	t.Cleanup(func() { w.close(t) })
	return w
}

func (w *world) open(t testing.TB) {
	t.Helper()
	var err error
	if w.server, err = server.Open(w.options); err != nil {
		t.Fatal(err)
	}
}

func (w *world) close(t testing.TB) {
	t.Helper()
	if err := w.server.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mu.now
}

func (w *world) turn(by time.Duration) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mu.now = w.mu.now.Add(by)
	return w.mu.now
}

func (w *world) draw() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mu.draws++
	return w.mu.draws
}

func (w *world) run(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "clock":
		by, err := time.ParseDuration(d.CmdArgs[0].String())
		if err != nil {
			t.Fatal(err)
		}
		return w.turn(by).Format(time.RFC3339Nano) + "\n"
	case "as":
		w.account, w.region = d.CmdArgs[0].String(), d.CmdArgs[1].String()
		return "ok\n"
	case "restart":
		w.close(t)
		w.open(t)
		return "ok\n"
	case "table":
		return w.table(t, d.CmdArgs[0].String(), d.CmdArgs[1].String(), d.HasArg("sort")) + "\n"
	case "enable":
		return w.enable(t, d.CmdArgs[0].String(), d.CmdArgs[1].String()) + "\n"
	case "disable":
		w.must(t, "UpdateTable", `{"TableName":"`+d.CmdArgs[0].String()+`","StreamSpecification":{"StreamEnabled":false}}`)
		return "ok\n"
	case "shards":
		return w.printShards(t, d)
	case "records":
		await(t, d.Pos, func() bool {
			records, _ := w.readShard(t, w.shards[1])
			return strconv.Itoa(len(records)) == d.CmdArgs[0].String()
		})
		return "ok\n"
	case "trimmed":
		number, err := strconv.ParseUint(d.CmdArgs[0].String(), 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		await(t, "a shard to be trimmed", func() bool { records, _ := w.readShard(t, w.shards[number]); return len(records) == 0 })
		return "ok\n"
	case "streams":
		return w.awaitStreams(t, d.CmdArgs[0].String())
	case "read":
		return w.printRecords(t)
	}
	return w.call(t, d.Cmd, d.Input, d.HasArg("pretty"))
}

func (w *world) table(t testing.TB, name, view string, sort bool) string {
	t.Helper()
	attributes, keys := `{"AttributeName":"pk","AttributeType":"S"}`, `{"AttributeName":"pk","KeyType":"HASH"}`
	if sort {
		attributes += `,{"AttributeName":"sk","AttributeType":"N"}`
		keys += `,{"AttributeName":"sk","KeyType":"RANGE"}`
	}
	answer := w.must(t, "CreateTable", `{"TableName":"`+name+`","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[`+attributes+`],"KeySchema":[`+keys+`],
		"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"`+view+`"}}`)
	return w.keepStream(t, answer)
}

func (w *world) enable(t testing.TB, name, view string) string {
	t.Helper()
	return w.keepStream(t, w.must(t, "UpdateTable",
		`{"TableName":"`+name+`","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"`+view+`"}}`))
}

// keepStream remembers the stream that a TableDescription tells of.
func (w *world) keepStream(t testing.TB, answer []byte) string {
	t.Helper()
	var out struct {
		TableDescription struct{ LatestStreamArn string }
	}
	if err := json.Unmarshal(answer, &out); err != nil {
		t.Fatal(err)
	}
	w.stream, w.shards = out.TableDescription.LatestStreamArn, map[uint64]string{}
	w.lookForShards(t)
	return w.stream
}

// call calls an operation and prints its answer.
func (w *world) call(t *testing.T, operation, body string, pretty bool) string {
	w.lookForShards(t)
	answer, status := w.send(operation, w.expand(body))
	answer = w.keepIterator(answer)
	if pretty {
		var b bytes.Buffer
		if err := json.Indent(&b, answer, "", "  "); err != nil {
			t.Fatalf("not JSON: %s", answer)
		}
		answer = b.Bytes()
	}
	if status != http.StatusOK {
		return fmt.Sprintf("%d %s\n", status, answer)
	}
	return string(answer) + "\n"
}

var variables = regexp.MustCompile(`\$[a-z0-9]+`)

// expand puts in what $names stand for.
func (w *world) expand(body string) string {
	return variables.ReplaceAllStringFunc(body, func(name string) string {
		switch name {
		case "$stream":
			return w.stream
		case "$iterator":
			return w.iterator
		}
		number, _ := strconv.ParseUint(name[1:], 10, 32)
		if id, ok := w.shards[number]; ok {
			return id
		}
		return name
	})
}

var iterators = regexp.MustCompile(`(ShardIterator":")([^"]*)"`)

// keepIterator remembers the iterator in an answer, and takes it out.
func (w *world) keepIterator(answer []byte) []byte {
	if found := iterators.FindSubmatch(answer); found != nil {
		w.iterator = string(found[2])
	}
	return iterators.ReplaceAll(answer, []byte(`$1..."`))
}

// must calls an operation that is not refused.
func (w *world) must(t testing.TB, operation, body string) []byte {
	t.Helper()
	answer, status := w.send(operation, body)
	if status != http.StatusOK {
		t.Fatalf("%s %s: %d %s", operation, body, status, answer)
	}
	return answer
}

// send sends an operation of either API through the server's handler.
func (w *world) send(operation, body string) (answer []byte, status int) {
	target := "DynamoDB_20120810."
	switch operation {
	case "ListStreams", "DescribeStream", "GetShardIterator", "GetRecords":
		target = "DynamoDBStreams_20120810."
	}
	r := httptest.NewRequest(http.MethodPost, "http://localhost/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", target+operation)
	signer := sigv4.Signer{Profile: sigv4.Profile{Service: "dynamodb"}, Region: w.region, AccessKey: w.account, Secret: "any"}
	signer.Sign(r, []byte(body), w.now())
	answered := httptest.NewRecorder()
	w.server.Handler().ServeHTTP(answered, r)
	return answered.Body.Bytes(), answered.Code
}

// await calls look until it is content, for half a minute at most.
func await(t testing.TB, what string, look func() bool) {
	t.Helper()
	over := time.After(30 * time.Second)
	for tick := time.NewTicker(splitWindow); !look(); {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("waited for %s in vain", what)
		}
	}
}
