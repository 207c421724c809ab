// Package sigv4 checks and makes AWS Signature Version 4 signatures, in the
// Authorization header and in the query string of presigned requests. It
// answers who sent a request and in which words a bad signature is refused;
// what the caller may do is not its business, and it knows no service beyond a
// Profile. Called by internal/gateway for every request; the Signer is for
// tests, the benchmark program and debugging.
package sigv4

import (
	"log/slog"
	"time"
)

// PathMode says how a service canonicalises the request path.
type PathMode uint8

const (
	// PathNormalized removes dot and empty segments and encodes what was on
	// the wire once more. All services but S3.
	PathNormalized PathMode = iota
	// PathVerbatim keeps every segment and encodes the decoded path once. S3.
	PathVerbatim
)

// PayloadMode says which hash of the body a service puts under the signature.
type PayloadMode uint8

const (
	// PayloadHashed is the SHA-256 of the body as received, unless
	// x-amz-content-sha256 declares the payload unsigned. All services but S3.
	PayloadHashed PayloadMode = iota
	// PayloadDeclared is the text of x-amz-content-sha256, and an unsigned
	// payload without one; the service holds the body against it. S3.
	PayloadDeclared
)

// Profile is what the verifier has to know of a service.
type Profile struct {
	Service string        // as in the credential scope: dynamodb
	Skew    time.Duration // the window on each side of our clock; zero is 15 minutes
	Path    PathMode
	Payload PayloadMode
}

func (p *Profile) skew() time.Duration {
	if p.Skew == 0 {
		return skewDefault
	}
	return p.Skew
}

// Header is the header of a request. It is an interface so that a listener
// other than net/http can serve requests.
type Header interface {
	// Values returns the values of the header called name, which is in lower
	// case, in the order of the wire. The caller only reads them.
	Values(name string) []string
}

// Request is a request as the signature sees it. Everything is as on the wire:
// nothing decoded, nothing normalised.
type Request struct {
	Profile  *Profile // of the service that the request was routed to
	Method   string
	Path     string // up to the question mark, still percent-encoded
	RawQuery string // after the question mark
	Host     string // Host, or :authority in HTTP/2
	Header   Header
	Body     []byte // before content decoding
}

// first returns the first value of a header, or "".
func (r *Request) first(name string) string {
	if v := r.Header.Values(name); len(v) > 0 {
		return v[0]
	}
	return ""
}

// HTTPHeader looks lower-case names up in net/http's header map. It does not
// allocate, which http.Header.Values does for names that net/http has no
// spelling of at hand.
type HTTPHeader map[string][]string

// Values implements Header.
func (h HTTPHeader) Values(name string) []string {
	var canonical [headerNameBytesMax]byte
	if len(name) > len(canonical) {
		return nil
	}
	upper := true
	for i := range len(name) {
		c := name[i]
		if upper && 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		canonical[i] = c
		upper = c == '-'
	}
	return h[string(canonical[:len(name)])]
}

// Secret is a secret access key. It does not print.
type Secret string

const redacted = "[secret]"

func (Secret) String() string { return redacted }

// GoString keeps the secret out of %#v.
func (Secret) GoString() string { return redacted }

// LogValue keeps the secret out of structured logs.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText keeps the secret out of JSON.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
