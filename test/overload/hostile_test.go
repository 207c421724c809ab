package overload

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gramme-db/gramme/test/process"
)

const (
	hostileLimit  = 512 << 20        // the memory limit of the server; the least that there is
	hostileCopies = 8                // of each request, at once
	hostileMax    = 20 * time.Second // for the slowest of them, on a machine that has other work
	sizeMax       = 16 << 20         // of a body
)

// attack is a request that is meant to cost much.
type attack struct {
	name    string
	request func() string
	want    string // the status, and what its body contains
}

func attacks() []attack {
	return []attack{
		{"10,000 headers", func() string {
			return request("ListTables", "{}", strings.Split(strings.Repeat("X-A: b\n", 10_000), "\n")[:10_000]...)
		}, "431"},
		{"a header of 1 MB", func() string { return request("ListTables", "{}", "X-A: "+strings.Repeat("b", 1<<20)) }, "431"},
		{"a body of 17 MB", func() string { return request("ListTables", strings.Repeat(" ", 17<<20)) }, "413 RequestEntityTooLarge"},
		{"gzip: 256 MB in 256 KB", func() string { return zipped(strings.Repeat(" ", 1<<20), 256) }, "413 RequestEntityTooLarge"},
		{"gzip: 16 MB of brackets in 16 KB", func() string { return zipped(strings.Repeat("[", 1<<20), 16) }, "400 SerializationException"},
		{"16 MB of [", func() string { return body("ListTables", strings.Repeat("[", sizeMax)) }, "400 SerializationException"},
		{"16 MB of [ in an unknown member", func() string { return body("ListTables", `{"x":`+strings.Repeat("[", sizeMax-5)) }, "400 SerializationException"},
		{`16 MB of {"a":`, func() string { return body("ListTables", strings.Repeat(`{"a":`, sizeMax/5)) }, "400 SerializationException"},
		{"an item 1,000,000 levels deep", func() string {
			return put(strings.Repeat(`{"L":[`, 1_000_000) + `{"N":"1"}` + strings.Repeat("]}", 1_000_000))
		}, "400 "},
		{"an item 33 levels deep", func() string { return put(strings.Repeat(`{"L":[`, 33) + `{"N":"1"}` + strings.Repeat("]}", 33)) }, "400 ValidationException"},
		{"an item 32 levels deep", func() string { return put(strings.Repeat(`{"L":[`, 31) + `{"N":"1"}` + strings.Repeat("]}", 31)) }, "200"},
		{"a member given 500,000 times", func() string { return body("ListTables", "{"+strings.Repeat(`"Limit":1,`, 500_000)+`"Limit":1}`) }, "200"},
		{"an attribute given 500,000 times", func() string { return putAll(strings.Repeat(`"a":{"N":"1"},`, 500_000) + `"a":{"N":"1"}`) }, ""},
		{"a name of 400 KB", func() string { return putAll(`"` + strings.Repeat("n", 400<<10) + `":{"N":"1"}`) }, "400 ValidationException"},
		{"40,000 attributes", func() string { return putAll(numbered(40_000, `"a%d":{"N":"1"}`)) }, "200"},
		{"500,000 attributes", func() string { return putAll(numbered(500_000, `"a%d":{"N":"1"}`)) }, "400 ValidationException"},
		{"a set of 60,000 numbers", func() string { return put(`{"NS":[` + numbered(60_000, `"%d"`) + `]}`) }, "200"},
		{"a set of 1,000,000 strings", func() string { return put(`{"SS":[` + numbered(1_000_000, `"%d"`) + `]}`) }, "400 ValidationException"},
		{"a set of 1,000,000 times the same", func() string { return put(`{"SS":[` + strings.Repeat(`"a",`, 1_000_000) + `"a"]}`) }, "400 ValidationException"},
		{"a list of 150,000 nulls", func() string { return put(`{"L":[` + strings.Repeat(`{"NULL":true},`, 150_000) + `{"N":"1"}]}`) }, "200"},
		{"a number of 16 MB", func() string { return put(`{"N":"` + strings.Repeat("1", sizeMax-100) + `"}`) }, "400 ValidationException"},
		{"a string of 2,000,000 escapes", func() string { return put(`{"S":"` + strings.Repeat(`\u0041`, 2_000_000) + `"}`) }, "400 ValidationException"},
		{"a condition 4 KB deep", func() string {
			return condition(strings.Repeat("(", 2000)+"a = :a"+strings.Repeat(")", 2000), `":a":{"N":"1"}`)
		}, "400 ValidationException"},
		{"a condition of NOT NOT NOT", func() string { return condition(strings.Repeat("NOT ", 1000)+"a = :a", `":a":{"N":"1"}`) }, "400 ValidationException"},
		{"a condition of 16 MB", func() string {
			return condition(strings.Repeat("a = :a OR ", sizeMax/10-100)+"a = :a", `":a":{"N":"1"}`)
		}, "400 ValidationException"},
		{"300,000 placeholders", func() string { return condition("a = :0", numbered(300_000, `":%d":{"N":"1"}`)) }, "400 ValidationException"},
		{"a filter that looks for 100 KB of v", func() string {
			return body("Query", `{"TableName":"Items","KeyConditionExpression":"p = :p","FilterExpression":"contains(v, :w) OR contains(:w, v) OR contains(v, :w)",
				"ExpressionAttributeValues":{":p":{"S":"large"},":w":{"S":"`+strings.Repeat("v", 100<<10)+`w"}}}`)
		}, "200"},
		{"a statement of 16 MB", func() string {
			return body("ExecuteStatement", `{"Statement":"SELECT * FROM Items WHERE p = `+strings.Repeat("(", sizeMax-100)+`"}`)
		}, "400 ValidationException"},
		{"a statement 8 KB deep", func() string {
			return body("ExecuteStatement", `{"Statement":"SELECT * FROM Items WHERE `+strings.Repeat("(", 4000)+"p = '1'"+strings.Repeat(")", 4000)+`"}`)
		}, ""},
	}
}

func body(operation, text string) string { return request(operation, text) }

func put(value string) string { return putAll(`"v":` + value) }

func putAll(attributes string) string {
	return body("PutItem", `{"TableName":"Items","Item":{"p":{"S":"hostile"},"s":{"S":"0"},`+attributes+`}}`)
}

func condition(expression, values string) string {
	return body("PutItem", `{"TableName":"Items","Item":{"p":{"S":"hostile"},"s":{"S":"0"}},"ConditionExpression":"`+expression+
		`","ExpressionAttributeValues":{`+values+`}}`)
}

// numbered writes a format with 0, 1, 2 and so on, with commas between.
func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// zipped is a request with a compressed body, a piece so many times.
func zipped(piece string, times int) string {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	for range times {
		_, _ = w.Write([]byte(piece))
	}
	_ = w.Close()
	return request("ListTables", b.String(), "Content-Encoding: gzip")
}

// TestHostileRequests sends requests that are meant to cost much, each several
// times at once, to a server with little memory. Some may be refused because of
// the others.
func TestHostileRequests(t *testing.T) {
	server := start(t, fmt.Sprintf("GRAMME_MEMORY_LIMIT=%d", hostileLimit))
	fill(t, server)
	t.Logf("%-36s %9s %9s %10s  %s", fmt.Sprintf("%d times at once", hostileCopies), "slowest", "CPU", "memory", "answers")
	for _, a := range attacks() {
		text := a.request()
		stop, worked := watch(t, server), cpu(server)
		answers, slowest := volley(t, server, text)
		most := stop()
		t.Logf("%-36s %9v %9v %10s  %v", a.name, slowest.Round(time.Millisecond), cpu(server)-worked, megabytes(most), count(answers))
		if slowest > hostileMax || most > hostileLimit {
			t.Errorf("%s: %v, %s", a.name, slowest, megabytes(most))
		}
		checkAnswers(t, a, answers)
	}
	mustExchange(t, mustDial(t, server), "GetItem", getSmall(1))
}

// volley sends copies of a request at once.
func volley(t *testing.T, server *process.Server, text string) (answers []answer, slowest time.Duration) {
	t.Helper()
	answers = make([]answer, hostileCopies)
	times := make([]time.Duration, hostileCopies)
	var wg sync.WaitGroup
	for i := range answers {
		c := mustDial(t, server)
		wg.Go(func() {
			start := time.Now()
			_ = c.SetDeadline(start.Add(hostileMax))
			go func() { _, _ = c.Write([]byte(text)) }() // the answer may come before all is written
			answers[i], _ = c.read()                     // none: status 0
			times[i] = time.Since(start)
		})
	}
	wg.Wait()
	return answers, quantile(times, 1)
}

func count(answers []answer) map[string]int {
	n := map[string]int{}
	for _, a := range answers {
		n[a.String()]++
	}
	return n
}

// checkAnswers wants each answer to be as it should, or the 503 of a server that
// has too much to do, but not all of them.
func checkAnswers(t *testing.T, a attack, answers []answer) {
	t.Helper()
	status, text, _ := strings.Cut(a.want, " ")
	good := 0
	for _, got := range answers {
		switch {
		case (status == "" || got.String() == status) && got.status != 0 && got.status != 500 && strings.Contains(got.start, text):
			good++
		case got.status != 503:
			t.Errorf("%s: %v %.200s, want %s", a.name, got, got.start, a.want)
			return
		}
	}
	if good == 0 {
		t.Errorf("%s: all refused", a.name)
	}
}
