package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// FuzzAuthenticate feeds both modes with anything: they must answer, and what
// they answer must not depend on the mode up to the scope.
func FuzzAuthenticate(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0", "", exampleDate, "/", "x")
	f.Add("", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20150830%2Fr%2Fdynamodb%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Signature=00&X-Amz-Expires=5", "", "/a/../%zz", "")
	now, err := time.Parse(isoBasic, exampleDate)
	if err != nil {
		f.Fatal(err)
	}
	static := &Static{AccessKey: exampleKey, Secret: exampleSecret, Account: "123456789012"}
	f.Fuzz(func(t *testing.T, authorization, query, date, path, value string) {
		r := &Request{
			Profile: &profile, Method: "POST", Path: path, RawQuery: query, Host: value,
			Header: HTTPHeader{"Authorization": {authorization}, "X-Amz-Date": {date}, "X-Note": {value}},
		}
		_, anyErr := Any{}.Authenticate(r, now)
		_, staticErr := static.Authenticate(r, now)
		if anyErr != nil && staticErr == nil {
			t.Errorf("verified, but not well formed: %v", anyErr)
		}
	})
}

// FuzzRoundTrip signs what it is given: it must verify, and no longer with
// another body.
func FuzzRoundTrip(f *testing.F) {
	f.Add("/a b/%2e/ሴ", "a=1&b=%20+&&=", "X-Note", "  a   b ", "", []byte("{}"), false)
	f.Add("//x/../y", "X-Amz-Signature=1", "x_y", "", "ü", []byte(nil), true)
	f.Add("", "X-Amz-Signature", "x", "", "r", []byte(nil), true)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	auth := &Static{AccessKey: exampleKey, Secret: exampleSecret, Account: "123456789012"}
	f.Fuzz(func(t *testing.T, path, query, name, value, region string, body []byte, presign bool) {
		r := httptest.NewRequest("POST", "http://localhost:8000/", nil)
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = "/"+path, "", query
		if _, inQuery := queryParam(query, paramAlgorithm); inQuery || !validHeader(name) || !validRegion(region) {
			return
		}
		r.Header.Set(name, value)
		signer := Signer{Profile: profile, Region: region, AccessKey: exampleKey, Secret: exampleSecret}
		if presign {
			signer.Presign(r, body, time.Minute, now)
		} else {
			signer.Sign(r, body, now)
		}
		if _, err := auth.Authenticate(request(r, body), now); err != nil {
			t.Fatal(err)
		}
		if unsigned := r.Header.Get("X-Amz-Content-Sha256") == unsignedPayload; unsigned {
			return
		}
		if _, err := auth.Authenticate(request(r, append(body, 'x')), now); err == nil {
			t.Fatal("body is not signed")
		}
	})
}

// validHeader takes the names that Signer may be given: tokens, and none that
// it sets itself.
func validHeader(name string) bool {
	if name == "" || len(name) > headerNameBytesMax {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !isUnreserved(c) {
			return false
		}
	}
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Host", "X-Amz-Date", "X-Amz-Security-Token":
		return false
	}
	return true
}

// FuzzSum holds our HMAC to crypto/hmac.
func FuzzSum(f *testing.F) {
	f.Add([]byte("key"), []byte("message"))
	f.Fuzz(func(t *testing.T, seed, message []byte) {
		key := signingKey(sha256.Sum256(seed))
		want := hmac.New(sha256.New, key[:])
		want.Write(message)
		if got := key.sum(message, nil); !hmac.Equal(got[:], want.Sum(nil)) {
			t.Errorf("key %x, message %x: %x", key, message, got)
		}
	})
}
