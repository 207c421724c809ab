package sigv4

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gramme-db/gramme/internal/wire"
)

const (
	codeIncomplete   = "IncompleteSignatureException"
	codeInvalid      = "InvalidSignatureException"
	codeMissing      = "MissingAuthenticationTokenException"
	codeUnrecognized = "UnrecognizedClientException"
)

func refuse(code, message string) *wire.Error {
	return &wire.Error{
		Code:          code,
		Namespace:     "com.amazon.coral.service",
		Status:        http.StatusBadRequest,
		Message:       message,
		MessageMember: "message",
	}
}

func errConflict() *wire.Error {
	return refuse(codeInvalid, "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
}

func errMissing() *wire.Error {
	return refuse(codeMissing, "Request is missing Authentication Token")
}

func errNotKeyValue(token, header string) *wire.Error {
	return refuse(codeIncomplete, fmt.Sprintf(
		"'%s' not a valid key=value pair (missing equal-sign) in Authorization header: '%s'.", token, header))
}

// errHeaderParts names what the Authorization header lacks, or is nil when
// nothing is empty.
func errHeaderParts(c *claim, header string) *wire.Error {
	var text string // concatenated, as a builder would be on the heap even where all is well
	for _, part := range [...]struct{ name, value string }{
		{"Credential", c.credential}, {"Signature", c.signature}, {"SignedHeaders", c.signedHeaders},
	} {
		if part.value == "" {
			text += fmt.Sprintf("Authorization header requires '%s' parameter. ", part.name)
		}
	}
	if c.date == "" {
		text += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
	}
	if text == "" {
		return nil
	}
	return refuse(codeIncomplete, text+"Authorization="+header)
}

// errQueryParts is errHeaderParts for the query string.
func errQueryParts(c *claim) *wire.Error {
	var text string
	for _, part := range [...]struct{ name, value string }{
		{paramAlgorithm, c.algorithm}, {paramCredential, c.credential}, {paramSignature, c.signature},
		{paramSignedHeaders, c.signedHeaders}, {paramDate, c.date},
	} {
		if part.value == "" {
			text += fmt.Sprintf("AWS query-string parameters must include '%s'. ", part.name)
		}
	}
	if text == "" {
		return nil
	}
	return refuse(codeIncomplete, text+"Re-examine the query-string parameters.")
}

func errDate(date string) *wire.Error {
	return refuse(codeIncomplete,
		"Date must be in ISO-8601 'basic format'. Got '"+date+"'. See http://en.wikipedia.org/wiki/ISO_8601")
}

func errExpired(signed, now time.Time, lifetime time.Duration) *wire.Error {
	return refuse(codeInvalid, fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %s.)",
		iso(signed), iso(now.Add(-lifetime)), iso(now), span(lifetime)))
}

func errNotYetCurrent(signed, now time.Time, skew time.Duration) *wire.Error {
	return refuse(codeInvalid, fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + %s.)",
		iso(signed), iso(now.Add(skew)), iso(now), span(skew)))
}

func iso(t time.Time) string { return t.UTC().Format(isoBasic) }

// span prints a window as AWS does, in minutes; only a presigned request can
// have one that is not whole minutes.
func span(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d sec", d/time.Second)
}

func errHostUnsigned() *wire.Error {
	return refuse(codeInvalid, "'Host' must be a 'SignedHeader' in the AWS Authorization.")
}

func errAlgorithm(algorithm string) *wire.Error {
	return refuse(codeIncomplete, "Unsupported AWS 'algorithm': '"+algorithm+"' (only AWS4-HMAC-SHA256 for now). ")
}

func errCredential(credential string) *wire.Error {
	return refuse(codeIncomplete,
		"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '"+credential+"'")
}

// errScope names everything that is wrong with the scope of the credential, or
// is nil when nothing is.
func errScope(c *claim, service string) *wire.Error {
	var text string
	if !validRegion(c.scope.region) {
		text += fmt.Sprintf("Credential should be scoped to a valid region, not '%s'. ", c.scope.region)
	}
	if c.scope.service != service {
		text += fmt.Sprintf("Credential should be scoped to correct service: '%s'. ", service)
	}
	if c.scope.terminator != terminator {
		text += fmt.Sprintf("Credential should be scoped with a valid terminator: 'aws4_request', not '%s'. ", c.scope.terminator)
	}
	if day := c.date[:len(isoDay)]; c.scope.day != day {
		text += fmt.Sprintf("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.",
			c.scope.day, day, c.date)
	}
	if text == "" {
		return nil
	}
	return refuse(codeInvalid, text)
}

// errUnrecognized answers for an unknown access key and for a bad session token.
func errUnrecognized() *wire.Error {
	return refuse(codeUnrecognized, "The security token included in the request is invalid.")
}

// errMismatch does not repeat the canonical request, as AWS once did: it can
// hold a session token.
func errMismatch() *wire.Error {
	return refuse(codeInvalid, "The request signature we calculated does not match the signature you provided. "+
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
}
