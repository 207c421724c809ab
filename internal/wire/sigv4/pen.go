package sigv4

import "time"

// Pen signs the requests of a client that sends many of them: POSTs to "/", as
// AWS's JSON protocols have them. It derives the signing key once a day and
// allocates nothing. It is for one goroutine.
type Pen struct {
	signer Signer
	host   string
	prefix string // of X-Amz-Target, with the dot

	claim           claim
	second          int64 // for which claim.date was written
	key             signingKey
	canonical, text []byte
}

const (
	penHeaders      = "content-type;host;x-amz-date;x-amz-target"
	penTokenHeaders = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
)

// NewPen returns a Pen for one host and API. The prefix is the part of
// X-Amz-Target before the name of the operation: "DynamoDB_20120810.".
func NewPen(s Signer, host, prefix string) *Pen {
	p := &Pen{signer: s, host: host, prefix: prefix}
	p.claim.algorithm, p.claim.signedHeaders = algorithmHMAC, penHeaders
	if s.SessionToken != "" {
		p.claim.signedHeaders = penTokenHeaders
	}
	return p
}

// AppendHeader appends the header lines that name the host, the operation and
// the content type, and those that sign them and the body.
func (p *Pen) AppendHeader(dst []byte, operation string, body []byte, now time.Time) []byte {
	p.dip(now)
	token := string(p.signer.SessionToken)
	c := p.canonical[:0]
	c = append(c, "POST\n/\n\ncontent-type:application/x-amz-json-1.0\nhost:"...)
	c = append(append(c, p.host...), "\nx-amz-date:"...)
	c = append(c, p.claim.date...)
	if token != "" {
		c = append(append(c, "\nx-amz-security-token:"...), token...)
	}
	c = append(append(append(c, "\nx-amz-target:"...), p.prefix...), operation...)
	c = append(append(append(c, "\n\n"...), p.claim.signedHeaders...), '\n')
	c = appendHash(c, body)
	p.canonical = c
	signature := p.key.sign(c, &p.claim, p.text)

	dst = append(append(dst, "Host: "...), p.host...)
	dst = append(dst, "\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Date: "...)
	dst = append(dst, p.claim.date...)
	if token != "" {
		dst = append(append(dst, "\r\nX-Amz-Security-Token: "...), token...)
	}
	dst = append(append(append(dst, "\r\nX-Amz-Target: "...), p.prefix...), operation...)
	dst = append(append(dst, "\r\nAuthorization: "+algorithmHMAC+" Credential="...), p.claim.credential...)
	dst = append(append(dst, ", SignedHeaders="...), p.claim.signedHeaders...)
	dst = append(append(dst, ", Signature="...), signature[:]...)
	return append(dst, "\r\n"...)
}

// dip makes date and key those of now.
func (p *Pen) dip(now time.Time) {
	if now.Unix() == p.second {
		return
	}
	p.second = now.Unix()
	p.claim.date = iso(now)
	if day := p.claim.date[:len(isoDay)]; day != p.claim.scope.day {
		p.claim.scope = scope{p.signer.AccessKey, day, p.signer.Region, p.signer.Profile.Service, terminator}
		p.claim.credential = p.claim.scope.String()
		p.key = deriveKey(p.signer.Secret, &p.claim.scope)
	}
	if p.text == nil {
		p.text = make([]byte, 0, 1024)
	}
}
