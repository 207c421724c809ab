package sigv4

import (
	"strconv"
	"strings"
	"time"

	"github.com/gramme-db/gramme/internal/wire"
)

const (
	algorithmHMAC = "AWS4-HMAC-SHA256"
	terminator    = "aws4_request"

	isoBasic = "20060102T150405Z"
	isoDay   = "20060102"

	paramAlgorithm     = "X-Amz-Algorithm"
	paramCredential    = "X-Amz-Credential"
	paramDate          = "X-Amz-Date"
	paramExpires       = "X-Amz-Expires"
	paramSignature     = "X-Amz-Signature"
	paramSignedHeaders = "X-Amz-SignedHeaders"
	paramToken         = "X-Amz-Security-Token"
)

// claim is what a request says about who signed it, and how. Nothing in it is
// proven.
type claim struct {
	presigned     bool
	algorithm     string
	credential    string // all of it: keyid/date/region/service/term
	scope         scope
	signedHeaders string
	signature     string
	token         string

	date    string                  // ISO-8601 basic
	time    time.Time               // date
	expires wire.Opt[time.Duration] // of a presigned request
}

// scope is the credential, taken apart.
type scope struct {
	accessKey, day, region, service, terminator string
}

// readClaim makes the checks that need neither our clock nor a secret, in AWS's
// order, up to the format of the date.
func readClaim(r *Request, c *claim) *wire.Error {
	header := r.first("authorization")
	algorithm, inQuery := queryParam(r.RawQuery, paramAlgorithm)
	switch {
	case header != "" && inQuery:
		return errConflict()
	case inQuery:
		c.algorithm = algorithm
		return c.readQuery(r)
	case strings.HasPrefix(header, "AWS4-"):
		return c.readHeader(r, header)
	}
	return errMissing()
}

func (c *claim) readHeader(r *Request, header string) *wire.Error {
	var rest string
	c.algorithm, rest, _ = strings.Cut(header, " ")
	for rest != "" {
		var pair string
		pair, rest = cutPair(rest)
		if pair == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return errNotKeyValue(pair, header)
		}
		switch name {
		case "Credential":
			c.credential = value
		case "SignedHeaders":
			c.signedHeaders = value
		case "Signature":
			c.signature = value
		}
	}
	c.token = r.first("x-amz-security-token")
	c.date = r.first("x-amz-date")
	if c.date == "" {
		c.date = isoFromHTTP(r.first("date"))
	}
	if err := errHeaderParts(c, header); err != nil {
		return err
	}
	return c.readDate()
}

// cutPair cuts at the first comma or space. AWS's own clients write ", ",
// others only one of the two.
func cutPair(s string) (pair, rest string) {
	if i := strings.IndexAny(s, ", "); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// isoFromHTTP brings a Date header in HTTP's form to the form that is signed.
// Anything else stays as it is.
func isoFromHTTP(date string) string {
	if t, err := time.Parse(time.RFC1123, date); err == nil {
		return iso(t)
	}
	return date
}

func (c *claim) readQuery(r *Request) *wire.Error {
	c.presigned = true
	c.credential, _ = queryParam(r.RawQuery, paramCredential)
	c.signature, _ = queryParam(r.RawQuery, paramSignature)
	c.signedHeaders, _ = queryParam(r.RawQuery, paramSignedHeaders)
	c.token, _ = queryParam(r.RawQuery, paramToken)
	c.date, _ = queryParam(r.RawQuery, paramDate)
	if err := errQueryParts(c); err != nil {
		return err
	}
	if err := c.readDate(); err != nil {
		return err
	}
	if expires, ok := queryParam(r.RawQuery, paramExpires); ok {
		return c.readExpires(expires)
	}
	return nil
}

func (c *claim) readDate() *wire.Error {
	t, err := time.Parse(isoBasic, c.date)
	if err != nil || len(c.date) != len(isoBasic) { // Parse also takes fractions of seconds
		return errDate(c.date)
	}
	c.time = t
	return nil
}

func (c *claim) readExpires(text string) *wire.Error {
	seconds, err := strconv.ParseInt(text, 10, 32)
	switch {
	case err != nil:
		return refuse(codeIncomplete, "X-Amz-Expires should be a number")
	case seconds < 0:
		return refuse(codeIncomplete, "X-Amz-Expires must be non-negative")
	case seconds > int64(presignedExpiresMax/time.Second):
		return refuse(codeIncomplete, "X-Amz-Expires must be less than a week (in seconds); "+
			"that is, the given X-Amz-Expires must be less than 604800 seconds")
	}
	c.expires = wire.Some(time.Duration(seconds) * time.Second)
	return nil
}

// checkWindow refuses a signature that is older or newer than the service
// takes. A presigned request lives as long as it says.
func (c *claim) checkWindow(now time.Time, skew time.Duration) *wire.Error {
	lifetime := c.expires.Or(skew)
	switch {
	case c.time.Before(now.Add(-lifetime)):
		return errExpired(c.time, now, lifetime)
	case c.time.After(now.Add(skew)):
		return errNotYetCurrent(c.time, now, skew)
	}
	return nil
}

// checkScope makes the checks from the signed host to the scope, in AWS's order.
func (c *claim) checkScope(service string) *wire.Error {
	if !signsHost(c.signedHeaders) {
		return errHostUnsigned()
	}
	if c.algorithm != algorithmHMAC {
		return errAlgorithm(c.algorithm)
	}
	if !c.scope.split(c.credential) {
		return errCredential(c.credential)
	}
	return errScope(c, service)
}

// String is the scope as a credential.
func (s *scope) String() string {
	return strings.Join([]string{s.accessKey, s.day, s.region, s.service, s.terminator}, "/")
}

func (s *scope) split(credential string) bool {
	if strings.Count(credential, "/") != 4 {
		return false
	}
	s.accessKey, credential, _ = strings.Cut(credential, "/")
	s.day, credential, _ = strings.Cut(credential, "/")
	s.region, credential, _ = strings.Cut(credential, "/")
	s.service, s.terminator, _ = strings.Cut(credential, "/")
	return true
}

func signsHost(signedHeaders string) bool {
	for name := range strings.SplitSeq(signedHeaders, ";") {
		if name == "host" || name == ":authority" {
			return true
		}
	}
	return false
}

// validRegion takes the names of AWS's regions and also those that people use
// with local databases (localhost, fakeRegion, local_test). Names are told
// apart by case. The characters that would break an ARN or a host name apart
// (colon, slash, dot) are not taken.
func validRegion(region string) bool {
	if region == "" || len(region) > regionLenMax {
		return false
	}
	for i := range len(region) {
		switch c := region[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// queryParam returns the decoded value of the first parameter called name, and
// whether there is one.
func queryParam(rawQuery, name string) (string, bool) {
	for rawQuery != "" {
		var pair string
		pair, rawQuery, _ = strings.Cut(rawQuery, "&")
		key, value, _ := strings.Cut(pair, "=")
		if key != name {
			continue
		}
		return unescape(value, true), true
	}
	return "", false
}
