package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// process is a running "gramme serve".
type process struct {
	cmd   *exec.Cmd
	ready string // what it printed to standard output
	url   string
	logs  *logBook
}

// logBook keeps what a process writes to standard error.
type logBook struct {
	mu struct {
		sync.Mutex
		text  bytes.Buffer
		wait  string        // what awaitLog waits for
		found chan struct{} // closed when wait has come
	}
}

// Write implements io.Writer.
func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.text.Write(p)
	l.lookLocked()
	return len(p), nil
}

func (l *logBook) lookLocked() {
	if l.mu.found != nil && strings.Contains(l.mu.text.String(), l.mu.wait) {
		close(l.mu.found)
		l.mu.found = nil
	}
}

// await returns when text has been logged.
func (l *logBook) await(text string) {
	found := make(chan struct{})
	l.mu.Lock()
	l.mu.wait, l.mu.found = text, found
	l.lookLocked()
	l.mu.Unlock()
	<-found
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mu.text.String()
}

// serve starts a server in a folder on a free port and returns when it is
// ready. The test's end kills it if it still runs.
func serve(t testing.TB, dir string, env []string, args ...string) *process {
	t.Helper()
	cmd := gramme(dir, env, append([]string{"serve", "--addr=127.0.0.1:0"}, args...)...)
	p := &process{cmd: cmd, logs: &logBook{}}
	cmd.Stderr = p.logs
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // fails if it has ended
		_ = cmd.Wait()         // likewise
	})
	lines := bufio.NewReader(stdout)
	for !strings.Contains(p.ready, "AWS_REGION=") {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%v after %q; standard error: %s", err, p.ready, p.logs)
		}
		p.ready += line
	}
	p.url = regexp.MustCompile(`https?://[0-9.:]+[0-9]`).FindString(p.ready)
	return p
}

// end waits for the process and returns its exit status, -1 for a signal.
func (p *process) end(t testing.TB) int {
	t.Helper()
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// stop ends the process in order.
func (p *process) stop(t testing.TB) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	if code := p.end(t); code != 0 {
		t.Fatalf("exit status %d: %s", code, p.logs)
	}
}

// call sends an operation and returns status and body.
func (p *process) call(t testing.TB, operation, body string) string {
	t.Helper()
	resp, err := http.DefaultClient.Do(signed(p.url+"/", operation, body))
	if err != nil {
		t.Fatal(err)
	}
	return answer(t, resp)
}

func answer(t testing.TB, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, body)
}

const createTable = `{"TableName":"Music","BillingMode":"PAY_PER_REQUEST",` +
	`"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],` +
	`"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}`

// readyLines returns what the process printed, with what differs from run to
// run replaced.
func (p *process) readyLines(dir string) string {
	s := strings.ReplaceAll(p.ready, p.url, "URL")
	s = strings.ReplaceAll(s, dir, "DIR")
	return regexp.MustCompile(`read \d+ bytes of log in [0-9.]+[µm]?s`).ReplaceAllString(s, "read N bytes of log in T")
}

const exports = `
export AWS_ENDPOINT_URL=URL
export AWS_ACCESS_KEY_ID=gramme AWS_SECRET_ACCESS_KEY=gramme
export AWS_REGION=us-east-1
`

func TestReadyLines(t *testing.T) {
	dir := t.TempDir()
	secret := dir + "/it's"
	if err := os.WriteFile(secret, []byte("hidden\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		env  []string
		args []string
		want string
	}{
		{
			name: "no flags",
			want: "Gramme is ready at URL, data in ./gramme-data, region us-east-1.\n" +
				"Point an AWS SDK or the AWS CLI at it with\n" + exports,
		}, {
			name: "in memory",
			args: []string{"--in-memory", "--region=eu-central-1"},
			want: "Gramme is ready at URL, data in memory, region eu-central-1.\n" +
				"Point an AWS SDK or the AWS CLI at it with\n" +
				strings.ReplaceAll(exports, "us-east-1", "eu-central-1"),
		}, {
			name: "one key",
			env:  []string{"GRAMME_AUTH=static", "GRAMME_ACCESS_KEY=AKIDEXAMPLE", "GRAMME_SECRET_KEY=hidden", "GRAMME_DATA=" + dir},
			want: "Gramme is ready at URL, data in DIR, region us-east-1.\n" +
				"Point an AWS SDK or the AWS CLI at it with\n" +
				strings.ReplaceAll(exports, "gramme AWS_SECRET_ACCESS_KEY=gramme", `AKIDEXAMPLE AWS_SECRET_ACCESS_KEY="$GRAMME_SECRET_KEY"`),
		}, {
			name: "one key, in a file",
			args: []string{"--in-memory", "--auth=static", "--access-key=AKIDEXAMPLE", "--secret-key-file=" + secret},
			want: "Gramme is ready at URL, data in memory, region us-east-1.\n" +
				"Point an AWS SDK or the AWS CLI at it with\n" +
				strings.ReplaceAll(exports, "gramme AWS_SECRET_ACCESS_KEY=gramme", `AKIDEXAMPLE AWS_SECRET_ACCESS_KEY="$(cat 'DIR/it'\''s')"`),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := serve(t, t.TempDir(), c.env, c.args...)
			if got := p.readyLines(dir); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			p.stop(t)
		})
	}
}

// TestSecretIsNotLogged looks for the secret in all that a server says at its
// most talkative, a refused request included.
func TestSecretIsNotLogged(t *testing.T) {
	env := []string{"GRAMME_AUTH=static", "GRAMME_ACCESS_KEY=AKIDEXAMPLE", "GRAMME_SECRET_KEY=hidden", "GRAMME_LOG_LEVEL=debug"}
	p := serve(t, t.TempDir(), env)
	if got := p.call(t, "ListTables", `{}`); !strings.HasPrefix(got, "400 ") {
		t.Errorf("a request with another key: %s", got)
	}
	p.stop(t)
	if all := p.ready + p.logs.String(); strings.Contains(all, "hidden") || !strings.Contains(all, "ListTables") {
		t.Errorf("the secret is in, or the request is not:\n%s", all)
	}
}

func TestKillAndRecover(t *testing.T) {
	dir := t.TempDir()
	p := serve(t, dir, nil)
	if got := p.call(t, "CreateTable", createTable); !strings.HasPrefix(got, "200 ") {
		t.Fatal(got)
	}
	p.signal(t, syscall.SIGKILL)
	if code := p.end(t); code != -1 {
		t.Fatalf("exit status %d of a process that was killed", code)
	}

	p = serve(t, dir, nil)
	const line = "\nRecovered after an unclean stop: read N bytes of log in T.\n"
	if got := p.readyLines(dir); !strings.Contains(got, line) {
		t.Errorf("got\n%s\nwant it to hold\n%s", got, line)
	}
	if got, want := p.call(t, "ListTables", `{}`), `200 {"TableNames":["Music"]}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	p.stop(t)

	p = serve(t, dir, nil)
	if got := p.readyLines(dir); strings.Contains(got, "Recovered") {
		t.Errorf("recovered after a stop in order:\n%s", got)
	}
	p.stop(t)
}

// halfRequest sends the header of ListTables, and returns when the server has
// begun to read its body: then the request is in flight.
func (p *process) halfRequest(t *testing.T) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	r := signed(p.url+"/", "ListTables", `{}`)
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 2\r\nExpect: 100-continue\r\n", r.Host)
	if err := r.Header.Write(conn); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "\r\n")
	answers := bufio.NewReader(conn)
	for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
		if line, err := answers.ReadString('\n'); err != nil || line != want {
			t.Fatalf("%q, %v, want %q", line, err, want)
		}
	}
	return conn, answers
}

func TestSignalDrains(t *testing.T) {
	for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(s.String(), func(t *testing.T) {
			p := serve(t, t.TempDir(), nil)
			conn, answers := p.halfRequest(t)
			p.signal(t, s)
			p.logs.await("msg=draining")

			fmt.Fprint(conn, `{}`)
			resp, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := answer(t, resp), `200 {"TableNames":[]}`; got != want {
				t.Errorf("%s, want %s", got, want)
			}
			if code := p.end(t); code != 0 {
				t.Errorf("exit status %d", code)
			}
		})
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	p := serve(t, t.TempDir(), nil, "--drain-timeout=1h")
	p.halfRequest(t)
	p.signal(t, syscall.SIGTERM)
	p.logs.await("msg=draining")
	p.signal(t, syscall.SIGTERM)
	if code := p.end(t); code != -1 {
		t.Errorf("exit status %d, want to be ended by the signal", code)
	}
}

func TestDrainTimeout(t *testing.T) {
	p := serve(t, t.TempDir(), nil, "--drain-timeout=1ms")
	p.halfRequest(t)
	p.stop(t)
	if logs := p.logs.String(); !strings.Contains(logs, "cutting off requests") {
		t.Errorf("no word of the request that was cut off:\n%s", logs)
	}
}

func TestBusy(t *testing.T) {
	dir := t.TempDir()
	p := serve(t, dir, nil)
	addr := strings.TrimPrefix(p.url, "http://")
	for _, c := range []struct{ args, want string }{
		{"serve --addr=127.0.0.1:0", "gramme: the data directory ./gramme-data is in use by another gramme; stop that one, or choose another directory\n"},
		{"debug keys gramme-data", "gramme: the data directory gramme-data is in use by another gramme; stop that one, or choose another directory\n"},
		{"serve --in-memory --addr=" + addr, "gramme: " + addr + " is in use by another program; stop it, or choose another port with --addr\n"},
	} {
		if got, want := runLine(t, dir, c.args), c.want+"exit 1\n"; got != want {
			t.Errorf("%s:\n%swant\n%s", c.args, got, want)
		}
	}
	p.stop(t)
}
