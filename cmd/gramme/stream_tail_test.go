package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const createStreamed = `{"TableName":"Music","BillingMode":"PAY_PER_REQUEST",
	"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
	"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}`

// tail is a running "gramme stream tail".
type tail struct {
	cmd   *exec.Cmd
	lines *bufio.Reader
	logs  *logBook
}

// startTail follows Music and returns when it is followed.
func startTail(t *testing.T, p *process, args ...string) *tail {
	t.Helper()
	cmd := gramme(t.TempDir(), []string{"AWS_ENDPOINT_URL=" + p.url}, append([]string{"stream", "tail", "Music"}, args...)...)
	s := &tail{cmd: cmd, logs: &logBook{}}
	cmd.Stderr = s.logs
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.lines = bufio.NewReader(stdout)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // fails if it has ended
		_ = cmd.Wait()         // likewise
	})
	s.logs.await("Ctrl-C ends it")
	return s
}

func (s *tail) line(t *testing.T) string {
	t.Helper()
	line, err := s.lines.ReadString('\n')
	if err != nil {
		t.Fatalf("%v; standard error: %s", err, s.logs)
	}
	return strings.TrimSuffix(line, "\n")
}

// rest returns what is still printed until the process ends, which it does with
// 0.
func (s *tail) rest(t *testing.T) string {
	t.Helper()
	text, err := io.ReadAll(s.lines)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, s.logs)
	}
	return string(text)
}

func put(t *testing.T, p *process, item string) {
	t.Helper()
	if got := p.call(t, "PutItem", `{"TableName":"Music","Item":`+item+`}`); !strings.HasPrefix(got, "200 ") {
		t.Fatal(got)
	}
}

// TestStreamTail follows a table whose shards rotate, across a restart of the
// server, until Ctrl-C.
func TestStreamTail(t *testing.T) {
	dir := t.TempDir()
	p := serve(t, dir, nil, "--stream-shard-rotation=100ms")
	p.call(t, "CreateTable", createStreamed)
	put(t, p, `{"pk":{"S":"old"}}`)
	s := startTail(t, p)
	expect := func(want string) {
		t.Helper()
		line := s.line(t)
		if ok, err := regexp.MatchString(`^\d\d:\d\d:\d\d `+regexp.QuoteMeta(want)+`$`, line); err != nil || !ok {
			t.Fatalf("%q, want the time and %q (%v); standard error: %s", line, want, err, s.logs)
		}
	}
	put(t, p, `{"pk":{"S":"a"},"n":{"N":"1"},"draft":{"BOOL":true}}`)
	expect(`INSERT pk="a"  n=1  draft=true`)
	put(t, p, `{"pk":{"S":"a"},"n":{"N":"2"},"the note":{"S":"\u001b[31m"}}`)
	expect(`MODIFY pk="a"  n: 1 -> 2  +"the note": "\u001B[31m"  -draft: true`)

	p.stop(t)
	s.logs.await("waiting for the server")
	address := "--addr=" + strings.TrimPrefix(p.url, "http://")
	p = serve(t, dir, nil, "--stream-shard-rotation=100ms", address)
	for n := range 8 { // through several shards
		put(t, p, fmt.Sprintf(`{"pk":{"S":"b%d"}}`, n))
		expect(fmt.Sprintf(`INSERT pk="b%d"`, n))
	}
	p.call(t, "DeleteItem", `{"TableName":"Music","Key":{"pk":{"S":"a"}}}`)
	expect(`REMOVE pk="a"  n=2  "the note"="\u001B[31m"`)

	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if rest := s.rest(t); rest != "" {
		t.Errorf("at the end: %q", rest)
	}
}

// TestStreamTailJSON reads a disabled stream from its beginning to its end.
func TestStreamTailJSON(t *testing.T) {
	p := serve(t, t.TempDir(), nil)
	p.call(t, "CreateTable", createStreamed)
	put(t, p, `{"pk":{"S":"a"}}`)
	put(t, p, `{"pk":{"S":"b"}}`)
	p.call(t, "UpdateTable", `{"TableName":"Music","StreamSpecification":{"StreamEnabled":false}}`)
	s := startTail(t, p, "--from=oldest", "--json")
	var keys []string
	for line := range strings.Lines(s.rest(t)) {
		var r struct {
			EventName, EventVersion, EventSource, AwsRegion, EventID string
			Dynamodb                                                 struct {
				Keys, NewImage struct{ Pk struct{ S string } }
				SequenceNumber string
			}
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if r.EventName != "INSERT" || r.EventVersion != "1.1" || r.EventSource != "aws:dynamodb" || r.AwsRegion != "us-east-1" ||
			len(r.EventID) != 32 || len(r.Dynamodb.SequenceNumber) < 21 || r.Dynamodb.NewImage != r.Dynamodb.Keys {
			t.Errorf("%s", line)
		}
		keys = append(keys, r.Dynamodb.Keys.Pk.S)
	}
	if fmt.Sprint(keys) != "[a b]" {
		t.Errorf("the keys are %v, want a and b", keys)
	}
	s.logs.await("the stream is disabled, and read to its end")
}

// TestStreamTailRefusals tells what to do.
func TestStreamTailRefusals(t *testing.T) {
	p := serve(t, t.TempDir(), nil)
	p.call(t, "CreateTable", strings.Replace(createStreamed, `"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"`, `"StreamEnabled":false`, 1))
	for _, c := range []struct{ table, want string }{
		{"Music", "gramme: table Music has no stream; enable one with: aws dynamodb update-table --endpoint-url " + p.url +
			" --table-name Music --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES\n"},
		{"Bands", "gramme: there is no table Bands in region us-east-1 at " + p.url + "; choose another with --region or --endpoint\n"},
	} {
		out, err := gramme(t.TempDir(), nil, "stream", "tail", "--endpoint="+p.url, c.table).CombinedOutput()
		if err == nil || string(out) != c.want {
			t.Errorf("%q, %v, want %q", out, err, c.want)
		}
	}
	p.signal(t, syscall.SIGTERM)
	p.end(t)
	out, err := gramme(t.TempDir(), nil, "stream", "tail", "--endpoint="+p.url, "Music").CombinedOutput()
	want := "gramme: nobody answers at " + p.url + "; start a server with gramme serve, or say where one is with --endpoint: "
	if err == nil || !strings.HasPrefix(string(out), want) {
		t.Errorf("%q, %v, want %q", out, err, want)
	}
}

// TestRecover tells what is not shown: it went because of its age, or nothing
// says where the shard was being read.
func TestRecover(t *testing.T) {
	for _, c := range []struct {
		code        string
		shard, want followedShard
		note        string
	}{
		{"ExpiredIteratorException", followedShard{iterator: "x", last: "3", latest: true}, followedShard{last: "3", latest: true}, ""},
		{"ExpiredIteratorException", followedShard{iterator: "x"}, followedShard{}, ""},
		{"ExpiredIteratorException", followedShard{iterator: "x", latest: true}, followedShard{latest: true},
			"what was written to a shard while its iterator expired is not shown\n"},
		{"TrimmedDataAccessException", followedShard{iterator: "x", last: "3", latest: true}, followedShard{},
			"some records were trimmed because of their age before they were read\n"},
		{"ResourceNotFoundException", followedShard{iterator: "x"}, followedShard{iterator: "x", done: true},
			"a shard is gone because of its age, and was not read to its end\n"},
	} {
		var notes strings.Builder
		f := &streamFollower{notes: &notes}
		err := f.recover(&c.shard, &apiError{Code: c.code})
		if err != nil || c.shard != c.want || notes.String() != c.note {
			t.Errorf("%s: %+v, %v, noted %q, want %+v and %q", c.code, c.shard, err, notes.String(), c.want, c.note)
		}
	}
}

// TestPrintRecord prints what each view has, in colour too.
func TestPrintRecord(t *testing.T) {
	const keys = `"Keys":{"pk":{"S":"a"},"sk":{"N":"1"}}`
	const old = `,"OldImage":{"pk":{"S":"a"},"sk":{"N":"1"},"x":{"N":"1"},"tags":{"SS":["a","b"]}}`
	const now = `,"NewImage":{"sk":{"N":"1"},"pk":{"S":"a"},"x":{"N":"2"},"tags":{"SS":["b","a"]},"y":{"L":[{"NULL":true}]}}`
	for _, c := range []struct {
		event, images string
		colored       bool
		want          string
	}{
		{`"MODIFY"`, "", false, `01:02:03 MODIFY pk="a" sk=1`},
		{`"MODIFY"`, old, false, `01:02:03 MODIFY pk="a" sk=1  was x=1  was tags=<<"a" "b">>`},
		{`"MODIFY"`, now, false, `01:02:03 MODIFY pk="a" sk=1  x=2  tags=<<"b" "a">>  y=[null]`},
		{`"MODIFY"`, old + now, false, `01:02:03 MODIFY pk="a" sk=1  x: 1 -> 2  +y: [null]`},
		{`"INSERT"`, now, true, dim + "01:02:03" + plain + " " + green + "INSERT" + plain + ` pk="a" sk=1  x=2  tags=<<"b" "a">>  y=[null]`},
		{`"REMOVE","userIdentity":{"Type":"Service","PrincipalId":"dynamodb.amazonaws.com"}`, old, false,
			`01:02:03 REMOVE pk="a" sk=1  x=1  tags=<<"a" "b">>  (its time to live was over)`},
		{`"INSERT"`, `,"NewImage":{"x":{"S":"` + strings.Repeat("x", 400) + `"}}`, false, `01:02:03 INSERT pk="a" sk=1  x="` + strings.Repeat("x", valueRunesMax-1) + "..."},
		{`"INSERT"`, `,"NewImage":{"x":{"S":"\u009b1m"}}`, false, "01:02:03 INSERT pk=\"a\" sk=1  x=\"\ufffd1m\""},
	} {
		r := new(streamRecord)
		text := `{"eventName":` + c.event + `,"dynamodb":{"ApproximateCreationDateTime":3723,` + keys + c.images + `}}`
		if err := json.Unmarshal([]byte(text), r); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		p := &recordPrinter{out: &out, zone: time.UTC, colored: c.colored}
		if err := p.print(r); err != nil || out.String() != c.want+"\n" {
			t.Errorf("%q, %v, want %q", out.String(), err, c.want)
		}
	}
}
