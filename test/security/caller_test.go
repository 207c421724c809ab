package security

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/gramme-db/gramme/test/process"
)

// call is an operation, and the body of its request.
type call struct{ operation, body string }

// readCalls reads testdata/calls.txt.
func readCalls(t *testing.T) []call {
	t.Helper()
	text, err := os.ReadFile("testdata/calls.txt")
	check(t, err)
	var all []call
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		operation, body, _ := strings.Cut(strings.TrimSpace(line), " ")
		all = append(all, call{operation, body})
	}
	return all
}

// caller sends requests that are full of secrets, and remembers these.
type caller struct {
	t       *testing.T
	url     string
	http    *http.Client
	keys    aws.Credentials
	secrets secrets
	seen    map[string]string // what calls may name as @name
}

// request makes a call into a request that is not signed yet.
func (c *caller) request(x call) (r *http.Request, body []byte) {
	c.t.Helper()
	operation, text := c.secrets.fill(x.operation), c.secrets.fill(x.body)
	for name, value := range c.seen {
		text = strings.ReplaceAll(text, "@"+name, value)
	}
	target := "DynamoDB_20120810." + operation
	if stream, ok := strings.CutPrefix(operation, "Streams."); ok {
		target = "DynamoDBStreams_20120810." + stream
	}
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url+"/", strings.NewReader(text))
	check(c.t, err)
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", target)
	return r, []byte(text)
}

// sign signs with keys at a time.
func (c *caller) sign(r *http.Request, body []byte, keys aws.Credentials, at time.Time) {
	c.t.Helper()
	check(c.t, v4.NewSigner().SignHTTP(c.t.Context(), keys, r, hash(body), "dynamodb", process.Region, at))
	_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	c.secrets.add("signature", signature)
}

// presign puts the signature into the URL.
func (c *caller) presign(r *http.Request, body []byte, keys aws.Credentials, at time.Time) {
	c.t.Helper()
	url, header, err := v4.NewSigner().PresignHTTP(c.t.Context(), keys, r, hash(body), "dynamodb", process.Region, at)
	check(c.t, err)
	for name := range header {
		r.Header[name] = header[name]
	}
	r.URL, err = r.URL.Parse(url)
	check(c.t, err)
	c.secrets.add("signature in a URL", r.URL.Query().Get("X-Amz-Signature"))
}

func hash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// send sends a request, and returns status and body of the answer.
func (c *caller) send(r *http.Request) (status int, text string) {
	c.t.Helper()
	resp, err := c.http.Do(r)
	check(c.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	check(c.t, err)
	c.look(string(body))
	return resp.StatusCode, string(body)
}

// look remembers what an answer has for later calls.
func (c *caller) look(answer string) {
	for _, part := range []struct{ member, name, secret string }{
		{"LatestStreamArn", "stream", ""},
		{"ShardId", "shard", ""},
		{"ShardIterator", "iterator", "shard iterator"},
		{"NextShardIterator", "iterator", "next shard iterator"},
		{"NextToken", "next", "next token"},
	} {
		found := regexp.MustCompile(`"` + part.member + `":"([^"]+)"`).FindStringSubmatch(answer)
		if found == nil {
			continue
		}
		c.seen[part.name] = found[1]
		if part.secret != "" {
			c.secrets.add(part.secret, found[1])
		}
	}
}

// approach is one way to send a call.
type approach struct {
	name string
	do   func(c *caller, r *http.Request, body []byte)
}

// approaches are right and wrong ways to send a call; each has secrets of its own.
func approaches() []approach {
	const day = 24 * time.Hour
	return []approach{
		{"signed", func(c *caller, r *http.Request, body []byte) { c.sign(r, body, c.keys, time.Now()) }},
		{"presigned", func(c *caller, r *http.Request, body []byte) { c.presign(r, body, c.keys, time.Now()) }},
		{"long ago", func(c *caller, r *http.Request, body []byte) { c.sign(r, body, c.keys, time.Now().Add(-day)) }},
		{"presigned long ago", func(c *caller, r *http.Request, body []byte) { c.presign(r, body, c.keys, time.Now().Add(-day)) }},
		{"session token", func(c *caller, r *http.Request, body []byte) {
			c.sign(r, body, c.with(c.keys.SecretAccessKey, c.secrets.mint("session token")), time.Now())
		}},
		{"session token in the URL", func(c *caller, r *http.Request, body []byte) {
			c.presign(r, body, c.with(c.keys.SecretAccessKey, c.secrets.mint("session token in a URL")), time.Now())
		}},
		{"wrong key", func(c *caller, r *http.Request, body []byte) {
			c.sign(r, body, c.with(c.secrets.mint("another secret access key"), ""), time.Now())
		}},
		{"both", func(c *caller, r *http.Request, body []byte) {
			c.presign(r, body, c.keys, time.Now())
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Signature="+c.secrets.mint("signature of two"))
		}},
		{"unsigned", func(*caller, *http.Request, []byte) {}},
		{"no pair", func(c *caller, r *http.Request, _ []byte) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 "+c.secrets.mint("no pair"))
		}},
		{"password", func(c *caller, r *http.Request, _ []byte) { r.SetBasicAuth("me", c.secrets.mint("password")) }},
		{"bearer", func(c *caller, r *http.Request, _ []byte) {
			r.Header.Set("Authorization", "Bearer "+c.secrets.mint("bearer token"))
			r.Header.Set("Cookie", "session="+c.secrets.mint("cookie"))
			r.Header.Set("Origin", "https://"+c.secrets.mint("origin")+".example")
		}},
		{"body changed", func(c *caller, r *http.Request, body []byte) {
			c.sign(r, body, c.keys, time.Now())
			setBody(r, append(body, ' '))
		}},
		{"half the body", func(c *caller, r *http.Request, body []byte) {
			setBody(r, body[:len(body)-2])
			c.sign(r, body[:len(body)-2], c.keys, time.Now())
		}},
		{"compressed", func(c *caller, r *http.Request, body []byte) {
			var small bytes.Buffer
			w := gzip.NewWriter(&small)
			_, err := w.Write(body)
			check(c.t, err)
			check(c.t, w.Close())
			r.Header.Set("Content-Encoding", "gzip")
			setBody(r, small.Bytes())
			c.sign(r, small.Bytes(), c.keys, time.Now())
		}},
		{"compressed wrongly", func(c *caller, r *http.Request, body []byte) {
			r.Header.Set("Content-Encoding", "gzip")
			c.sign(r, body, c.keys, time.Now())
		}},
		{"in chunks", func(c *caller, r *http.Request, body []byte) {
			r.ContentLength = -1
			c.sign(r, body, c.keys, time.Now())
		}},
		{"another method", func(c *caller, r *http.Request, body []byte) {
			r.Method = http.MethodPut
			c.sign(r, body, c.keys, time.Now())
		}},
		{"another path", func(c *caller, r *http.Request, body []byte) {
			r.URL.Path = "/" + c.secrets.mint("path")
			c.sign(r, body, c.keys, time.Now())
		}},
	}
}

// with returns the server's keys with another secret or a token.
func (c *caller) with(secret, token string) aws.Credentials {
	return aws.Credentials{AccessKeyID: c.keys.AccessKeyID, SecretAccessKey: secret, SessionToken: token}
}

func setBody(r *http.Request, body []byte) {
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.GetBody = nil
}
