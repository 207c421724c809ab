package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"
)

// signingKey signs for one access key, day, region and service.
type signingKey [sha256.Size]byte

func deriveKey(secret Secret, s *scope) signingKey {
	key := []byte("AWS4" + string(secret))
	for _, step := range [...]string{s.day, s.region, s.service, s.terminator} {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(step))
		key = h.Sum(nil)
	}
	return signingKey(key)
}

// sum is HMAC-SHA256, without the allocations of crypto/hmac: a verify makes
// one. The scratch is overwritten.
func (k *signingKey) sum(message, scratch []byte) [sha256.Size]byte {
	var inner, outer [sha256.BlockSize]byte
	copy(inner[:], k[:])
	copy(outer[:], k[:])
	for i := range inner {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	hash := sha256.Sum256(append(append(scratch[:0], inner[:]...), message...))
	return sha256.Sum256(append(append(scratch[:0], outer[:]...), hash[:]...))
}

// sign returns the signature of a canonical request, in hexadecimal. It uses
// the capacity of the scratch and overwrites it.
func (k *signingKey) sign(canonical []byte, c *claim, scratch []byte) [2 * sha256.Size]byte {
	text := append(scratch[:0], algorithmHMAC...)
	text = append(text, '\n')
	text = append(text, c.date...)
	text = append(text, '\n')
	for _, part := range [...]string{c.scope.day, c.scope.region, c.scope.service} {
		text = append(text, part...)
		text = append(text, '/')
	}
	text = append(text, c.scope.terminator...)
	text = append(text, '\n')
	text = appendHash(text, canonical)
	mac := k.sum(text, text[len(text):])
	var signature [2 * sha256.Size]byte
	hex.Encode(signature[:], mac[:])
	return signature
}

// keyCache keeps signing keys, which are good for a day and cost four HMACs. The
// zero value is ready. It is safe for concurrent use.
type keyCache struct {
	mu   sync.RWMutex
	keys map[scope]signingKey
}

func (c *keyCache) get(s *scope) (signingKey, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	key, ok := c.keys[*s]
	return key, ok
}

// keep is for keys whose signature has been proven right, so that nobody
// without the secret can fill the cache.
func (c *keyCache) keep(s *scope, key signingKey) {
	own := scope{ // the scope of a request points into its header
		accessKey:  strings.Clone(s.accessKey),
		day:        strings.Clone(s.day),
		region:     strings.Clone(s.region),
		service:    strings.Clone(s.service),
		terminator: terminator,
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil || len(c.keys) >= signingKeysMax {
		c.keys = make(map[scope]signingKey)
	}
	c.keys[own] = key
}
