package sigv4

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// inQuery changes a part of the query string.
func inQuery(old, new string) func(*Request) {
	return func(r *Request) { r.RawQuery = strings.Replace(r.RawQuery, old, new, 1) }
}

// moreQuery adds to the query string, before it or behind it.
func moreQuery(before, behind string) func(*Request) {
	return func(r *Request) { r.RawQuery = before + r.RawQuery + behind }
}

// dropParam takes a parameter out of the query string.
func dropParam(name string) func(*Request) {
	return func(r *Request) {
		var kept []string
		for param := range strings.SplitSeq(r.RawQuery, "&") {
			if !strings.HasPrefix(param, name+"=") {
				kept = append(kept, param)
			}
		}
		r.RawQuery = strings.Join(kept, "&")
	}
}

var presignedTamperings = []tampering{
	{"method", func(r *Request) { r.Method = "GET" }},
	{"path", func(r *Request) { r.Path = "/other" }},
	{"host", func(r *Request) { r.Host = "localhost:8001" }},
	{"body", func(r *Request) { r.Body = []byte(`{"TableName":"Mucis"}`) }},
	{"body empty", func(r *Request) { r.Body = nil }},
	{"body declared unsigned", func(r *Request) {
		setHeader("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")(r)
		r.Body = []byte("{}")
	}},
	{"target", setHeader("X-Amz-Target", "DynamoDB_20120810.DeleteTable")},
	{"target twice", addHeader("X-Amz-Target", "DynamoDB_20120810.DeleteTable")},
	{"target gone", dropHeader("X-Amz-Target")},
	{"parameter added", moreQuery("", "&a=1")},
	{"parameter added before", moreQuery("a=1&", "")},
	{"parameter changed", inQuery("limit=5", "limit=6")},
	{"parameter gone", dropParam("limit")},
	{"longer life", inQuery("X-Amz-Expires=60", "X-Amz-Expires=600000")},
	{"longer life besides", moreQuery("", "&X-Amz-Expires=600000")},
	{"longer life before", moreQuery("X-Amz-Expires=600000&", "")},
	{"life not bounded", dropParam("X-Amz-Expires")},
	{"life not a number", inQuery("X-Amz-Expires=60", "X-Amz-Expires=6e1")},
	{"life below 0", inQuery("X-Amz-Expires=60", "X-Amz-Expires=-60")},
	{"life beyond a week", inQuery("X-Amz-Expires=60", "X-Amz-Expires=604801")},
	{"life beyond all numbers", inQuery("X-Amz-Expires=60", "X-Amz-Expires=99999999999999999999")},
	{"date", inQuery("X-Amz-Date=20150830T123600Z", "X-Amz-Date=20150830T123601Z")},
	{"date of another day", inQuery("X-Amz-Date=20150830", "X-Amz-Date=20150831")},
	{"date gone", dropParam("X-Amz-Date")},
	{"key", inQuery(exampleKey, "AKIDEXAMPLF")},
	{"day", inQuery("%2F20150830%2F", "%2F20150829%2F")},
	{"region", inQuery("us-east-1", "us-east-2")},
	{"service", inQuery("dynamodb%2F", "s3%2F")},
	{"terminator", inQuery("aws4_request", "aws5_request")},
	{"credential gone", dropParam("X-Amz-Credential")},
	{"algorithm", inQuery("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=AWS4-HMAC-SHA512")},
	{"algorithm gone", dropParam("X-Amz-Algorithm")},
	{"algorithm empty", inQuery("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=")},
	{"a header no longer signed", inQuery("%3Bx-amz-target", "")},
	{"host no longer signed", inQuery("host%3B", "")},
	{"headers signed out of order", inQuery("host%3Bx-amz-target", "x-amz-target%3Bhost")},
	{"signed headers gone", dropParam("X-Amz-SignedHeaders")},
	{"signature", func(r *Request) {
		last := r.RawQuery[len(r.RawQuery)-1]
		r.RawQuery = r.RawQuery[:len(r.RawQuery)-1] + string(rune(last^1))
	}},
	{"signature shorter", func(r *Request) { r.RawQuery = r.RawQuery[:len(r.RawQuery)-1] }},
	{"signature of another", moreQuery("X-Amz-Signature="+strings.Repeat("0", 64)+"&", "")},
	{"signature gone", dropParam("X-Amz-Signature")},
	{"token added", moreQuery("", "&X-Amz-Security-Token=T")},
	{"authorization besides", setHeader("Authorization", "AWS4-HMAC-SHA256 Signature=0")},
	{"all of it gone", func(r *Request) { r.RawQuery = "" }},
}

func presigned(t *testing.T, lifetime time.Duration) (*Request, time.Time) {
	t.Helper()
	now, err := time.Parse(isoBasic, exampleDate)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "http://localhost:8000/?limit=5", nil)
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810.GetItem")
	body := []byte(`{"TableName":"Music"}`)
	signer := Signer{Profile: profile, Region: "us-east-1", AccessKey: exampleKey, Secret: exampleSecret}
	signer.Presign(r, body, lifetime, now)
	return request(r, body), now
}

// A presigned request is protected as one with an Authorization header is, its
// lifetime included.
func TestPresignedTampering(t *testing.T) {
	auth := &Static{AccessKey: exampleKey, Secret: exampleSecret, Account: "123456789012"}
	good, now := presigned(t, time.Minute)
	if _, err := auth.Authenticate(good, now); err != nil {
		t.Fatal("the untouched request is refused:", err)
	}
	for _, tamper := range presignedTamperings {
		r, now := presigned(t, time.Minute)
		tamper.do(r)
		caller, err := auth.Authenticate(r, now)
		if err == nil {
			t.Errorf("%s: accepted", tamper.name)
		}
		if caller.AccessKey != "" {
			t.Errorf("%s: refused, but names %s", tamper.name, caller.AccessKey)
		}
	}
}

// A presigned request may be sent again for as long as it says, and not before
// its time.
func TestPresignedExpiry(t *testing.T) {
	auth := &Static{AccessKey: exampleKey, Secret: exampleSecret, Account: "123456789012"}
	const window = 15 * time.Minute
	for _, lifetime := range []time.Duration{time.Second, time.Minute, time.Hour, presignedExpiresMax} {
		r, now := presigned(t, lifetime)
		for _, c := range []struct {
			after time.Duration
			good  bool
		}{
			{-window - time.Second, false}, {-window, true}, {0, true}, {lifetime, true}, {lifetime + time.Second, false},
		} {
			if _, err := auth.Authenticate(r, now.Add(c.after)); (err == nil) != c.good {
				t.Errorf("lifetime %s, %s after it was signed: %v", lifetime, c.after, err)
			}
		}
	}
}
