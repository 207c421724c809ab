package sigv4

import (
	"bufio"
	"bytes"
	"net/http"
	"testing"
	"time"
)

// penned returns the request that a pen writes, as a server reads it.
func penned(t *testing.T, p *Pen, body []byte, now time.Time) *http.Request {
	t.Helper()
	text := append(p.AppendHeader([]byte("POST / HTTP/1.1\r\n"), "GetItem", body, now), "\r\n"...)
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A pen signs as the Signer does, on both sides of midnight.
func TestPenSignsLikeSigner(t *testing.T) {
	body := []byte(`{"TableName":"Music"}`)
	for _, token := range []Secret{"", "temporary"} {
		signer := Signer{Profile: profile, Region: "us-east-1", AccessKey: exampleKey, Secret: exampleSecret, SessionToken: token}
		pen := NewPen(signer, "localhost:8000", "DynamoDB_20120810.")
		evening := time.Date(2026, 1, 1, 23, 59, 59, 0, time.UTC)
		for _, now := range []time.Time{evening, evening, evening.Add(time.Second)} {
			r := penned(t, pen, body, now)
			got := r.Header.Get("Authorization")
			signer.Sign(r, body, now)
			if want := r.Header.Get("Authorization"); got != want {
				t.Errorf("%s with token %t:\n%s\n%s", now, token != "", got, want)
			}
		}
	}
}

func TestPenIsAccepted(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	signer := Signer{Profile: profile, Region: "us-east-1", AccessKey: exampleKey, Secret: exampleSecret}
	auth := &Static{AccessKey: exampleKey, Secret: exampleSecret}
	r := penned(t, NewPen(signer, "localhost:8000", "DynamoDB_20120810."), []byte("{}"), now)
	if _, err := auth.Authenticate(request(r, []byte("{}")), now); err != nil {
		t.Error(err)
	}
	if _, err := auth.Authenticate(request(r, []byte("[]")), now); err == nil {
		t.Error("another body is signed too")
	}
}
