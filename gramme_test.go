package gramme_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gramme-db/gramme"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

func open(t *testing.T, o gramme.Options) *gramme.Gramme {
	t.Helper()
	g, err := gramme.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// call sends an operation to a URL as an SDK would that was set up with what g
// says of itself.
func call(t *testing.T, url string, g *gramme.Gramme, operation, body string) string {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	signer := sigv4.Signer{
		Profile:   sigv4.Profile{Service: "dynamodb"},
		Region:    g.Region(),
		AccessKey: g.AccessKey(),
		Secret:    sigv4.Secret(g.SecretKey()),
	}
	signer.Sign(r, []byte(body), time.Now())
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, answer)
}

const noTables = `200 {"TableNames":[]}`

func TestURL(t *testing.T) {
	for name, o := range map[string]gramme.Options{
		"everybody": {},
		"one key":   {AccessKey: "AKIDEXAMPLE", SecretKey: "secret", Region: "eu-central-1"},
	} {
		t.Run(name, func(t *testing.T) {
			o.InMemory, o.Addr = true, "127.0.0.1:0"
			g := open(t, o)
			if got := call(t, g.URL(), g, "ListTables", `{}`); got != noTables {
				t.Errorf("%s, want %s", got, noTables)
			}
		})
	}
}

func TestServe(t *testing.T) {
	g := open(t, gramme.Options{InMemory: true})
	if g.URL() != "" {
		t.Errorf("URL %q without Options.Addr", g.URL())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- g.Serve(l) }()
	if got := call(t, "http://"+l.Addr().String(), g, "ListTables", `{}`); got != noTables {
		t.Errorf("%s, want %s", got, noTables)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestOpenNeedsOneStore(t *testing.T) {
	const want = "gramme: set one of Options.Dir and Options.InMemory"
	for _, o := range []gramme.Options{{}, {Dir: t.TempDir(), InMemory: true}} {
		if _, err := gramme.Open(o); err == nil || err.Error() != want {
			t.Errorf("%+v: %v, want %s", o, err, want)
		}
	}
}

// A failure to listen leaves nothing open.
func TestOpenOnBusyPort(t *testing.T) {
	first := open(t, gramme.Options{InMemory: true, Addr: "127.0.0.1:0"})
	busy := gramme.Options{Dir: t.TempDir(), Addr: strings.TrimPrefix(first.URL(), "http://")}
	if _, err := gramme.Open(busy); err == nil {
		t.Fatal("listening on a busy port")
	}
	if _, err := gramme.Open(busy); errors.Is(err, kv.ErrLocked) {
		t.Error(err)
	}
}
