package sigv4

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// tampering is one change made to a good request on its way. It is refused
// with a code of its own if it breaks the form, and else as a bad signature.
type tampering struct {
	name string
	do   func(r *Request)
}

func setHeader(name, value string) func(*Request) {
	return func(r *Request) { r.Header.(HTTPHeader)[name] = []string{value} }
}

func addHeader(name, value string) func(*Request) {
	return func(r *Request) {
		h := r.Header.(HTTPHeader)
		h[name] = append(h[name], value)
	}
}

func dropHeader(name string) func(*Request) {
	return func(r *Request) { delete(r.Header.(HTTPHeader), name) }
}

// inAuthorization changes a part of the Authorization header.
func inAuthorization(old, new string) func(*Request) {
	return func(r *Request) {
		h := r.Header.(HTTPHeader)["Authorization"]
		h[0] = strings.Replace(h[0], old, new, 1)
	}
}

var tamperings = []tampering{
	{"method", func(r *Request) { r.Method = "PUT" }},
	{"path", func(r *Request) { r.Path = "/other" }},
	{"query added", func(r *Request) { r.RawQuery = "a=1" }},
	{"host", func(r *Request) { r.Host = "localhost:8001" }},
	{"body", func(r *Request) { r.Body = []byte(`{"TableName":"Mucis"}`) }},
	{"body longer", func(r *Request) { r.Body = append(r.Body[:len(r.Body):len(r.Body)], ' ') }},
	{"body empty", func(r *Request) { r.Body = nil }},
	{"body declared unsigned", func(r *Request) {
		setHeader("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")(r)
		r.Body = []byte("{}")
	}},
	{"target", setHeader("X-Amz-Target", "DynamoDB_20120810.DeleteTable")},
	{"target twice", addHeader("X-Amz-Target", "DynamoDB_20120810.DeleteTable")},
	{"target gone", dropHeader("X-Amz-Target")},
	{"content type", setHeader("Content-Type", "application/json")},
	{"content type twice", addHeader("Content-Type", "application/x-amz-json-1.0")},
	{"date within the window", setHeader("X-Amz-Date", "20150830T123601Z")},
	{"date outside the window", setHeader("X-Amz-Date", "20150830T133600Z")},
	{"date gone", dropHeader("X-Amz-Date")},
	{"key", inAuthorization(exampleKey, "AKIDEXAMPLF")},
	{"day", inAuthorization("/20150830/", "/20150829/")},
	{"region", inAuthorization("/us-east-1/", "/us-east-2/")},
	{"service", inAuthorization("/dynamodb/", "/s3/")},
	{"terminator", inAuthorization("aws4_request", "aws5_request")},
	{"algorithm", inAuthorization("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512")},
	{"a header no longer signed", inAuthorization(";x-amz-target", "")},
	{"host no longer signed", inAuthorization("host;", "")},
	{"a header signed twice", inAuthorization("host;", "host;host;")},
	{"signature in capitals", func(r *Request) {
		h := r.Header.(HTTPHeader)["Authorization"]
		head, signature, _ := strings.Cut(h[0], "Signature=")
		h[0] = head + "Signature=" + strings.ToUpper(signature)
	}},
	{"signature shorter", func(r *Request) {
		h := r.Header.(HTTPHeader)["Authorization"]
		h[0] = h[0][:len(h[0])-1]
	}},
	{"signature empty", func(r *Request) {
		h := r.Header.(HTTPHeader)["Authorization"]
		head, _, _ := strings.Cut(h[0], "Signature=")
		h[0] = head + "Signature="
	}},
	{"authorization gone", dropHeader("Authorization")},
}

func signedForTampering(t *testing.T) (*Request, time.Time) {
	t.Helper()
	now, err := time.Parse(isoBasic, exampleDate)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "http://localhost:8000/", nil)
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810.GetItem")
	body := []byte(`{"TableName":"Music"}`)
	signer := Signer{Profile: profile, Region: "us-east-1", AccessKey: exampleKey, Secret: exampleSecret}
	signer.Sign(r, body, now)
	return request(r, body), now
}

// Whatever is changed of a signed request, it is refused; also when the key is
// in the cache because the untouched request came first.
func TestTampering(t *testing.T) {
	auth := &Static{AccessKey: exampleKey, Secret: exampleSecret, Account: "123456789012"}
	good, now := signedForTampering(t)
	if _, err := auth.Authenticate(good, now); err != nil {
		t.Fatal("the untouched request is refused:", err)
	}
	for _, tamper := range tamperings {
		r, now := signedForTampering(t)
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

// A request that is sent again is good for as long as AWS's window, and no more.
func TestReplay(t *testing.T) {
	auth := &Static{AccessKey: exampleKey, Secret: exampleSecret, Account: "123456789012"}
	r, now := signedForTampering(t)
	const window = 15 * time.Minute
	for _, c := range []struct {
		after time.Duration
		good  bool
	}{
		{-window - time.Second, false}, {-window + time.Second, true}, {0, true},
		{window - time.Second, true}, {window + time.Second, false}, {24 * time.Hour, false},
	} {
		if _, err := auth.Authenticate(r, now.Add(c.after)); (err == nil) != c.good {
			t.Errorf("%s after it was signed: %v", c.after, err)
		}
	}
}
