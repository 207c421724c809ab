package gateway

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/gramme-db/gramme/internal/wire"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// FuzzGateway sends any request at all. Every answer is one of AWS's forms with
// the right checksum, none is a panic, and none is a 5xx: nothing that a client
// sends is a failure of ours.
func FuzzGateway(f *testing.F) {
	f.Add("POST", "/", "DynamoDB_20120810.Echo", "application/x-amz-json-1.0", testAuthorization, "", []byte("{}"), false)
	f.Add("POST", "/a?b=%", "DynamoDB_20120810.Parse", "application/json;x", "AWS4-HMAC-SHA256 Credential=a/b", "gzip", []byte("\x1f\x8b\x08"), true)
	f.Add("POST", "/?X-Amz-Algorithm=x", "TrentService.Echo", "application/x-amz-json-1.1", "", "deflate", []byte("x\x9c"), false)
	f.Add("GET", "/readyz", "", "", "", "", []byte(nil), false)
	f.Add("OPTIONS", "/", "", "", "", "", []byte(nil), true)
	options := testOptions()
	options.BodyBytesMax, options.MetricsPage = 64<<10, nil
	for _, e := range options.Endpoints {
		for name := range e.Operations {
			if name != "Echo" && name != "Parse" && name != "Large" {
				e.Operations[name] = wire.Operation{Name: name}
			}
		}
	}
	g := New(options)
	f.Fuzz(func(t *testing.T, method, target, amzTarget, contentType, authorization, encoding string, body []byte, chunked bool) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return // net/http answers 400 to it
		}
		r := &http.Request{
			Method: method, URL: u, RequestURI: target, Host: "localhost:8000", ProtoMajor: 1, ProtoMinor: 1,
			Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
			Header: http.Header{
				"X-Amz-Target": {amzTarget}, "Content-Type": {contentType}, "Authorization": {authorization},
				"X-Amz-Date": {"20261103T070809Z"}, "Origin": {contentType}, "Accept-Encoding": {encoding},
			},
		}
		if encoding != "" {
			r.Header.Set("Content-Encoding", encoding)
		}
		if chunked {
			r.ContentLength = -1
		}
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		checkAnswer(t, w)
		if used := g.bodies.used.Load(); used != 0 {
			t.Errorf("%d bytes were not given back", used)
		}
	})
}

func checkAnswer(t *testing.T, w *httptest.ResponseRecorder) {
	if w.Code < 200 || w.Code > 499 {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	h := map[string][]string(w.Header()) // some names are not in net/http's spelling
	if sum := fmt.Sprint(crc32.ChecksumIEEE(w.Body.Bytes())); h["x-amz-crc32"][0] != sum {
		t.Errorf("checksum %s, want %s", h["x-amz-crc32"], sum)
	}
	if len(h["x-amzn-RequestId"][0]) != 52 || h["Content-Length"][0] != fmt.Sprint(w.Body.Len()) {
		t.Errorf("headers %v", h)
	}
	if isJSON := w.Code == http.StatusBadRequest; isJSON && !awsjson.Valid(w.Body.Bytes()) {
		t.Errorf("status %d with %q", w.Code, w.Body)
	}
}
