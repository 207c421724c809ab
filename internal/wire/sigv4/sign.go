package sigv4

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signer signs requests as an AWS SDK does. It is not for the path of a request
// through the server.
type Signer struct {
	Profile      Profile
	Region       string
	AccessKey    string
	Secret       Secret
	SessionToken Secret // optional
}

// Sign adds the date, the session token and the Authorization header to r. It
// signs every other header that r has at that moment. Body is what r will send.
func (s *Signer) Sign(r *http.Request, body []byte, now time.Time) {
	r.Header.Del("Authorization")
	r.Header.Set("X-Amz-Date", iso(now))
	if s.SessionToken != "" {
		r.Header.Set("X-Amz-Security-Token", string(s.SessionToken))
	}
	c := s.claim(r, now)
	signature := s.signature(r, body, c)
	r.Header.Set("Authorization", algorithmHMAC+" Credential="+c.credential+
		", SignedHeaders="+c.signedHeaders+", Signature="+signature)
}

// Presign adds the signature to the query of r, for requests that somebody else
// sends. Body is what they will have to send.
func (s *Signer) Presign(r *http.Request, body []byte, expires time.Duration, now time.Time) {
	c := s.claim(r, now)
	c.presigned = true
	query := r.URL.Query()
	query.Del(paramSignature) // of another signer: the first one counts
	query.Set(paramAlgorithm, algorithmHMAC)
	query.Set(paramCredential, c.credential)
	query.Set(paramDate, c.date)
	query.Set(paramExpires, strconv.Itoa(int(expires/time.Second)))
	query.Set(paramSignedHeaders, c.signedHeaders)
	if s.SessionToken != "" {
		query.Set(paramToken, string(s.SessionToken))
	}
	r.URL.RawQuery = encodeQuery(query)
	r.URL.RawQuery += "&" + paramSignature + "=" + s.signature(r, body, c)
}

// encodeQuery writes spaces as %20: a plus sign means different things to
// different servers.
func encodeQuery(query url.Values) string {
	return strings.ReplaceAll(query.Encode(), "+", "%20")
}

func (s *Signer) claim(r *http.Request, now time.Time) *claim {
	c := &claim{algorithm: algorithmHMAC, date: iso(now)}
	c.scope = scope{s.AccessKey, c.date[:len(isoDay)], s.Region, s.Profile.Service, terminator}
	c.credential = c.scope.String()
	names := []string{"host"}
	for name := range r.Header {
		names = append(names, strings.ToLower(name))
	}
	slices.Sort(names)
	c.signedHeaders = strings.Join(names, ";")
	return c
}

func (s *Signer) signature(r *http.Request, body []byte, c *claim) string {
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	canonical := appendCanonical(nil, &Request{
		Profile:  &s.Profile,
		Method:   r.Method,
		Path:     r.URL.EscapedPath(),
		RawQuery: r.URL.RawQuery,
		Host:     host,
		Header:   HTTPHeader(r.Header),
		Body:     body,
	}, c)
	key := deriveKey(s.Secret, &c.scope)
	signature := key.sign(canonical, c, nil)
	return string(signature[:])
}
