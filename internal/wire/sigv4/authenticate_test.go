package sigv4

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/gramme-db/gramme/internal/wire"
)

var profile = Profile{Service: "dynamodb"}

// authenticator is what both modes are.
type authenticator interface {
	Authenticate(r *Request, now time.Time) (wire.Caller, *wire.Error)
}

// TestAuthenticate runs scripts of requests:
//
//	any|static [now=] [query=] [signed=time] [presigned=seconds] [key=] [secret=] [token=] [region=]
//	Header: put on after signing; "Header:" alone takes it off
//	----
//	who, or the refusal
//
// Times are 20150830T123600Z unless given.
func TestAuthenticate(t *testing.T) {
	modes := map[string]authenticator{
		"any":    Any{Account: "000000000000"},
		"static": &Static{AccessKey: exampleKey, Secret: exampleSecret, Account: "123456789012"},
	}
	datadriven.Walk(t, "testdata/scripts", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			auth, ok := modes[d.Cmd]
			if !ok {
				d.Fatalf(t, "unknown mode %s", d.Cmd)
			}
			caller, err := auth.Authenticate(scriptRequest(t, d), scriptTime(t, d, "now"))
			if err == nil {
				return fmt.Sprintf("account %s, region %s, key %s\n", caller.Account, caller.Region, caller.AccessKey)
			}
			if err.Status != http.StatusBadRequest || err.Namespace != "com.amazon.coral.service" {
				d.Fatalf(t, "status %d, namespace %s", err.Status, err.Namespace)
			}
			return err.Error() + "\n"
		})
	})
}

func scriptTime(t *testing.T, d *datadriven.TestData, arg string) time.Time {
	at, err := time.Parse(isoBasic, scriptArg(t, d, arg, exampleDate))
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	return at
}

func scriptArg(t *testing.T, d *datadriven.TestData, name, otherwise string) string {
	if d.HasArg(name) {
		d.ScanArgs(t, name, &otherwise)
	}
	return otherwise
}

func scriptRequest(t *testing.T, d *datadriven.TestData) *Request {
	r := httptest.NewRequest("POST", "http://localhost:8000/?"+scriptArg(t, d, "query", ""), nil)
	body := []byte(`{"TableName":"Music"}`)
	signer := Signer{
		Profile: profile, Region: scriptArg(t, d, "region", "us-east-1"),
		AccessKey: scriptArg(t, d, "key", exampleKey), Secret: Secret(scriptArg(t, d, "secret", string(exampleSecret))),
		SessionToken: Secret(scriptArg(t, d, "token", "")),
	}
	switch {
	case d.HasArg("presigned"):
		var seconds int
		d.ScanArgs(t, "presigned", &seconds)
		signer.Presign(r, body, time.Duration(seconds)*time.Second, scriptTime(t, d, "signed"))
	case d.HasArg("signed"):
		signer.Sign(r, body, scriptTime(t, d, "signed"))
	}
	for line := range strings.Lines(d.Input) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		r.Header.Del(name)
		if value = strings.TrimSpace(value); value != "" {
			r.Header.Set(name, value)
		}
	}
	return request(r, body)
}

// request is r as the gateway hands it over.
func request(r *http.Request, body []byte) *Request {
	return &Request{
		Profile: &profile, Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery,
		Host: r.Host, Header: HTTPHeader(r.Header), Body: body,
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	var log strings.Builder
	auth := &Static{AccessKey: exampleKey, Secret: exampleSecret}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("x", "secret", auth.Secret, "auth", auth)
	}
	fmt.Fprintf(&log, "%v %+v %#v %s %q", auth, auth, auth, auth.Secret, auth.Secret)
	if strings.Contains(log.String(), string(exampleSecret)) {
		t.Error(log.String())
	}
}

// TestKeyCacheIsBounded fills the cache past its limit, with proven keys; keys
// that were not proven never come in.
func TestKeyCacheIsBounded(t *testing.T) {
	auth := &Static{AccessKey: exampleKey, Secret: exampleSecret}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	send := func(secret Secret, region string) {
		r := httptest.NewRequest("POST", "/", nil)
		signer := Signer{Profile: profile, Region: region, AccessKey: exampleKey, Secret: secret}
		signer.Sign(r, nil, now)
		if _, err := auth.Authenticate(request(r, nil), now); (err == nil) != (secret == exampleSecret) {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		send("guess", fmt.Sprintf("r-%d", i))
	}
	if n := len(auth.keys.keys); n != 0 {
		t.Fatalf("%d keys of signatures that were wrong", n)
	}
	for i := range signingKeysMax + 10 {
		send(exampleSecret, fmt.Sprintf("r-%d", i))
	}
	if n := len(auth.keys.keys); n != 10 {
		t.Fatalf("%d keys after %d regions", n, signingKeysMax+10)
	}
}
