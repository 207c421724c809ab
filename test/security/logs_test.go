package security

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/gramme-db/gramme/test/process"
)

// TestNothingTellsSecrets sends requests of all kinds to a server at its most
// talkative, ends it in every way, and reads everything that it has said: no log
// and no page has a key, a signature, a token, or anything of what is stored.
func TestNothingTellsSecrets(t *testing.T) {
	dir := t.TempDir()
	key := secrets{}
	c := newCaller(t, key.mint("secret access key"))
	o := process.Options{
		Dir: filepath.Join(dir, "data"), Log: filepath.Join(dir, "log"), Static: true, TTLCooldown: "0s",
		Env: []string{"GRAMME_SECRET_KEY=" + c.keys.SecretAccessKey, "GRAMME_LOG_LEVEL=debug"},
	}
	c.visit(o, (*process.Server).Stop, (*caller).talk)
	o.Env = append(o.Env, "GRAMME_LOG_FORMAT=json")
	c.visit(o, (*process.Server).Kill, (*caller).talkBadly)
	c.visit(o, (*process.Server).Abort, (*caller).talk)
	o.TLS = newCertificate(t, dir)
	c.visit(o, (*process.Server).Stop, (*caller).talkInPlain)
	c.commandLines(dir, o.Dir)
	o.TLS = nil
	c.startDamaged(o)

	log, err := os.ReadFile(o.Log)
	check(t, err)
	for _, said := range []string{
		"operation=PutItem", `"operation":"PutItem"`, "code=InvalidSignatureException", "bytes_in", // the requests
		"index backfill", "draining", "Recovered", "SIGQUIT", "goroutine 1 ", "TLS handshake error", "damaged",
	} {
		if !bytes.Contains(log, []byte(said)) {
			t.Errorf("the log does not say %q: what the test is about has not happened", said)
		}
	}
	c.secrets.check(t, "the log", log)
}

func newCaller(t *testing.T, secret string) *caller {
	c := &caller{t: t, keys: aws.Credentials{AccessKeyID: process.AccessKey}, secrets: secrets{}, seen: map[string]string{}}
	c.keys.SecretAccessKey = c.secrets.add("secret access key", secret)
	return c
}

// visit starts a server, talks to it, reads its pages, and ends it.
func (c *caller) visit(o process.Options, end func(*process.Server) error, talk func(*caller, *process.Server)) {
	c.t.Helper()
	server := start(c.t, o)
	c.url, c.http = server.URL(), server.Client()
	defer c.http.CloseIdleConnections()
	talk(c, server)
	c.pages()
	_ = end(server) // says how it ended, which is as it was told to
}

// talk sends all calls in all ways, those that work first.
func (c *caller) talk(*process.Server) {
	calls, worked := readCalls(c.t), 0
	for _, way := range approaches() {
		for _, x := range calls {
			r, body := c.request(x)
			way.do(c, r, body)
			status, answer := c.send(r)
			if status >= 500 {
				c.t.Errorf("%s, %s: %d %s", x.operation, way.name, status, answer)
			}
			if status == http.StatusOK {
				worked++
			}
		}
	}
	if worked < 2*len(calls) {
		c.t.Errorf("only %d calls worked", worked)
	}
}

// talkBadly sends what no SDK sends, over connections of its own.
func (c *caller) talkBadly(server *process.Server) {
	large := strings.Repeat(c.secrets.mint("large value"), 20<<10)
	for _, x := range []call{
		{"PutItem", `{"TableName":"Vault","Item":{"pk":{"S":"a"},"sk":{"N":"1"},"large":{"S":"` + large + `"}}}`},
		{"PutItem", `{"a":"` + strings.Repeat(large, 36) + `"}`},
	} {
		r, body := c.request(x)
		c.sign(r, body, c.keys, time.Now())
		if status, answer := c.send(r); status != http.StatusBadRequest && status != http.StatusRequestEntityTooLarge {
			c.t.Errorf("%d bytes: %d %s", len(body), status, answer)
		}
	}
	for _, request := range []string{
		"POST / HTTP/1.1\r\nHost: a\r\nAuthorization: $malformed-header\r\nBroken $broken-line\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nAuthorization: $cut-off",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\nAuthorization: $without-body\r\n\r\n{\"a\":\"$half-a-body\"",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n$chunk\r\n",
		"POST /?X-Amz-Signature=$bad-escape%zz HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST http://a/?X-Amz-Security-Token=$absolute HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /$page?token=$page-query HTTP/1.1\r\nHost: $host\r\nCookie: $page-cookie\r\n\r\n",
		"OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: http://$preflight\r\nAccess-Control-Request-Headers: $asked\r\n\r\n",
		"$method / HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT $tunnel:443 HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nX-Large: " + strings.Repeat("$large-header", 9<<10) + "\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n$no-frame", "$no-http",
	} {
		c.exchange(server.Addr, c.secrets.fill(request))
	}
}

// exchange sends bytes and reads until the server hangs up.
func (c *caller) exchange(addr, request string) {
	c.t.Helper()
	conn, err := net.Dial("tcp", addr)
	check(c.t, err)
	defer conn.Close()
	check(c.t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, _ = io.WriteString(conn, request) // the server may hang up before the end
	check(c.t, conn.(*net.TCPConn).CloseWrite())
	_, _ = io.Copy(io.Discard, conn) // likewise
}

// talkInPlain talks to a server that expects TLS without it, and then with it.
func (c *caller) talkInPlain(server *process.Server) {
	c.exchange(server.Addr, c.secrets.fill("POST / HTTP/1.1\r\nHost: a\r\nAuthorization: $in-plain\r\n\r\n"))
	c.exchange(server.Addr, c.secrets.fill("$no-handshake"))
	c.talk(server)
}

// pages reads what is not for SDKs.
func (c *caller) pages() {
	for _, path := range []string{"/", "/ping", "/healthz", "/readyz", "/metrics", "/metrics?X-Amz-Signature=$in-query", "/debug/pprof/", "/debug/vars"} {
		r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.url+c.secrets.fill(path), nil)
		check(c.t, err)
		r.Header.Set("Authorization", c.secrets.mint("header of a page"))
		_, text := c.send(r)
		c.secrets.check(c.t, path, []byte(text))
	}
}

// commandLines runs commands that are given secrets and fail, and those that
// show data, which show no keys.
func (c *caller) commandLines(dir, data string) {
	secret := c.secrets.mint("secret on the command line")
	env := []string{
		"GRAMME_SECRET_KEY=" + c.keys.SecretAccessKey,
		"AWS_SECRET_ACCESS_KEY=" + c.secrets.mint("secret in the environment"), "AWS_SESSION_TOKEN=" + c.secrets.mint("token in the environment"),
	}
	for _, line := range []string{
		"serve --help", "serve --secret-key=" + secret, "serve --auth=static --secret-key " + secret, "serve --auth=bad --secret-key=" + secret,
		"serve --auth=static --access-key=a --secret-key=" + secret + " --addr=nowhere", "serve --secret-key=" + secret + " --cache-size=bad",
		"serve --secret-key=" + secret + " --data=" + dir + " --in-memory", "serve --secret-kez=" + secret, "serve --secret-key " + secret + " --no-such-flag",
		"stream tail Vault --endpoint=http://127.0.0.1:1 --session-token=" + secret, "stream tail --help", "bench --help",
		"bench run http://127.0.0.1:1 --secret-key=" + secret, "bench run --session-token=" + secret + " --no-such-flag", "version",
	} {
		c.secrets.check(c.t, line[:strings.IndexAny(line+" ", " ")]+" on the command line", output(dir, env, strings.Fields(line)...))
	}
	for _, command := range []string{"keys", "check"} {
		keys := c.secrets.of("sec")
		for _, more := range []secrets{c.secrets.of("sig"), c.secrets.of("session"), c.secrets.of("password"), c.secrets.of("token in")} {
			for value, what := range more {
				keys.add(what, value)
			}
		}
		keys.check(c.t, "debug "+command, output(dir, env, "debug", command, data))
	}
}

// output returns all that a command prints.
func output(dir string, env []string, args ...string) []byte {
	cmd := exec.Command(os.Getenv("GRAMME_BIN"), args...)
	cmd.Dir, cmd.Env = dir, env
	text, err := cmd.CombinedOutput()
	return fmt.Appendf(text, "%v", err)
}

// startDamaged overwrites a part of each file of sorted data. The server refuses
// to start, or finds out when it reads.
func (c *caller) startDamaged(o process.Options) {
	c.t.Helper()
	files, err := filepath.Glob(filepath.Join(o.Dir, "*.sst"))
	check(c.t, err)
	if len(files) == 0 {
		c.t.Fatal("there is no file to damage")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		check(c.t, err)
		copy(data[len(data)/4:], strings.Repeat("?", len(data)/4))
		check(c.t, os.WriteFile(file, data, 0o600))
	}
	if server, err := process.Start(os.Getenv("GRAMME_BIN"), o); err == nil {
		check(c.t, server.Kill())
	}
}
