package sigv4

import (
	"crypto/subtle"
	"sync"
	"time"

	"github.com/gramme-db/gramme/internal/wire"
)

// Any takes every well-formed signature for whoever it says it is from; nothing
// is verified. An access key of 12 digits names the account. All checks up to
// the scope of the credential are made, so that a client that works here signs
// as AWS wants it, but for the time window: with nothing verified it would
// protect nothing, and only refuse the client whose clock is off.
type Any struct {
	Account string // of every access key that is not 12 digits
}

// Authenticate tells who sent r, in the caller's words.
func (a Any) Authenticate(r *Request, _ time.Time) (wire.Caller, *wire.Error) {
	var c claim
	if err := readClaim(r, &c); err != nil {
		return wire.Caller{}, err
	}
	if err := c.checkScope(r.Profile.Service); err != nil {
		return wire.Caller{}, err
	}
	accessKey := c.scope.accessKey
	if accessKey == "" || len(accessKey) > accessKeyLenMax {
		return wire.Caller{}, errUnrecognized()
	}
	account := a.Account
	if isAccount(accessKey) {
		account = accessKey
	}
	return wire.Caller{Account: account, Region: c.scope.region, AccessKey: accessKey}, nil
}

func isAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Static verifies signatures made with one long-term access key and knows no
// other. The first three fields must be set. It is safe for concurrent use.
type Static struct {
	AccessKey string
	Secret    Secret
	Account   string

	keys    keyCache
	buffers sync.Pool // of *scratch
}

// scratch is the memory of one verify.
type scratch struct {
	canonical, text []byte
}

// Authenticate verifies r and tells who sent it.
func (s *Static) Authenticate(r *Request, now time.Time) (wire.Caller, *wire.Error) {
	var c claim
	if err := readClaim(r, &c); err != nil {
		return wire.Caller{}, err
	}
	if err := c.checkWindow(now, r.Profile.skew()); err != nil {
		return wire.Caller{}, err
	}
	if err := c.checkScope(r.Profile.Service); err != nil {
		return wire.Caller{}, err
	}
	if c.scope.accessKey != s.AccessKey {
		return wire.Caller{}, errUnrecognized()
	}
	if !s.verify(r, &c) {
		return wire.Caller{}, errMismatch()
	}
	if c.token != "" { // AWS: a token is for temporary keys only
		return wire.Caller{}, errUnrecognized()
	}
	return wire.Caller{Account: s.Account, Region: c.scope.region, AccessKey: s.AccessKey}, nil
}

func (s *Static) verify(r *Request, c *claim) bool {
	if !ascending(c.signedHeaders) {
		return false
	}
	key, cached := s.keys.get(&c.scope)
	if !cached {
		key = deriveKey(s.Secret, &c.scope)
	}
	b, ok := s.buffers.Get().(*scratch)
	if !ok {
		b = &scratch{text: make([]byte, 0, 1024)}
	}
	b.canonical = appendCanonical(b.canonical[:0], r, c)
	want := key.sign(b.canonical, c, b.text)
	s.buffers.Put(b)
	if subtle.ConstantTimeCompare(want[:], []byte(c.signature)) != 1 {
		return false
	}
	if !cached {
		s.keys.keep(&c.scope, key)
	}
	return true
}
