package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificateLookPause is how often, at most, a handshake looks whether the
// files of the certificate have changed.
const certificateLookPause = time.Second

// certificate is what --tls-cert and --tls-key name. A handshake that finds the
// files changed reads them again, so a renewed certificate needs no restart and
// no signal. Files that do not go together, as while they are being replaced,
// change nothing. It is safe for concurrent use.
type certificate struct {
	cert, key string // files
	now       func() time.Time
	log       *slog.Logger

	mu struct {
		sync.Mutex
		pair   *tls.Certificate
		from   [2]fs.FileInfo // of what was read last, whether or not it was good; nil: of no file
		looked time.Time
	}
}

// openCertificate reads the files, and refuses what cannot be used.
func openCertificate(cert, key string, now func() time.Time, log *slog.Logger) (*certificate, error) {
	c := &certificate{cert: cert, key: key, now: now, log: log}
	c.mu.looked = now()
	c.mu.from = c.files()
	var err error
	c.mu.pair, err = c.read()
	return c, err
}

// config is TLS as it should be spoken today: 1.3, and 1.2 with ciphers that
// also authenticate what they hide.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		GetCertificate: c.get,
		MinVersion:     tls.VersionTLS12,
		CipherSuites: []uint16{ // of 1.2; those of 1.3 are all of this kind
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
	}
}

// get returns the certificate for a handshake.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.mu.looked) >= certificateLookPause {
		c.mu.looked = now
		c.renewLocked()
	}
	return c.mu.pair, nil
}

// renewLocked reads the files if they are others than before. It holds up the
// handshakes for as long as that takes.
func (c *certificate) renewLocked() {
	from := c.files()
	if same(from[0], c.mu.from[0]) && same(from[1], c.mu.from[1]) {
		return
	}
	c.mu.from = from
	pair, err := c.read()
	if err != nil {
		c.log.Error("the new certificate is not used; the one before it goes on", "err", err)
		return
	}
	c.mu.pair = pair
	c.log.Info("the certificate was renewed", "good until", pair.Leaf.NotAfter.UTC())
}

func (c *certificate) read() (*tls.Certificate, error) {
	if err := checkPrivate("--tls-key", c.key); err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	var file *fs.PathError
	switch {
	case errors.As(err, &file):
		return nil, fmt.Errorf("cannot use --tls-cert and --tls-key: %w; name files that this user can read", err)
	case err != nil:
		return nil, fmt.Errorf("cannot use --tls-cert=%s with --tls-key=%s: %w; "+
			"give a chain of certificates and the private key of its first one, both in PEM", c.cert, c.key, err)
	}
	return &pair, nil
}

// files returns what the files are now.
func (c *certificate) files() (found [2]fs.FileInfo) {
	for i, path := range []string{c.cert, c.key} {
		if info, err := os.Stat(path); err == nil {
			found[i] = info
		}
	}
	return found
}

// same tells whether a file is the one that had the name before, unchanged.
func same(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == b
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size() && a.Mode() == b.Mode()
}
