package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// writeCertificate writes a certificate for 127.0.0.1 with a serial number, and
// its key, to cert.pem and key.pem, and returns what trusts it.
func writeCertificate(t *testing.T, dir string, serial int64) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	for name, text := range map[string][]byte{"cert.pem": certPEM, "key.pem": keyPEM} {
		path := filepath.Join(dir, name)
		writeFile(t, path, string(text))
		at := time.Unix(serial, 0) // two that are written at once differ all the same
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return pool
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	pool := writeCertificate(t, dir, 1)
	p := serve(t, dir, nil, "--tls-cert=cert.pem", "--tls-key=key.pem")
	client := http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: pool},
		ForceAttemptHTTP2: true,
	}}
	resp, err := client.Do(signed(p.url+"/", "ListTables", `{}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := answer(t, resp), `200 {"TableNames":[]}`; got != want || resp.ProtoMajor != 2 {
		t.Errorf("%s in HTTP/%d, want %s in HTTP/2", got, resp.ProtoMajor, want)
	}
	client.CloseIdleConnections()
	for _, c := range []struct {
		name   string
		client *tls.Config
		want   uint16 // the version; 0: refused
		alpn   string
	}{
		{"what is usual", &tls.Config{NextProtos: []string{"h2", "http/1.1"}}, tls.VersionTLS13, "h2"},
		{"HTTP/1.1", &tls.Config{NextProtos: []string{"http/1.1"}}, tls.VersionTLS13, "http/1.1"},
		{"no word of HTTP", &tls.Config{}, tls.VersionTLS13, ""},
		{"another protocol", &tls.Config{NextProtos: []string{"imap"}}, 0, ""},
		{"1.2", &tls.Config{MaxVersion: tls.VersionTLS12}, tls.VersionTLS12, ""},
		{"1.2 with AES-256", suite(tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384), tls.VersionTLS12, ""},
		{"1.2 with ChaCha20", suite(tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256), tls.VersionTLS12, ""},
		{"1.2 with CBC", suite(tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA), 0, ""},
		{"1.2 with CBC and SHA-256", suite(tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256), 0, ""},
		{"1.2 with RC4", suite(tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA), 0, ""},
		{"1.1", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, 0, ""},
		{"1.0", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, 0, ""},
	} {
		c.client.RootCAs = pool
		conn, err := tls.Dial("tcp", strings.TrimPrefix(p.url, "https://"), c.client)
		if err != nil {
			if c.want != 0 {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if got := conn.ConnectionState(); got.Version != c.want || got.NegotiatedProtocol != c.alpn {
			t.Errorf("%s: %s with %q, want %s with %q", c.name, tls.VersionName(got.Version), got.NegotiatedProtocol, tls.VersionName(c.want), c.alpn)
		}
		_ = conn.Close()
	}
	p.stop(t)
}

// suite is a client of TLS 1.2 that knows one cipher suite.
func suite(id uint16) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{id}}
}

// TestTailOverTLS follows a table of a server with a certificate of its own, which
// is said not to be trusted, or is.
func TestTailOverTLS(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SSL_CERT_FILE is for systems that keep certificates in files")
	}
	dir := t.TempDir()
	writeCertificate(t, dir, 1)
	p := serve(t, dir, nil, "--tls-cert=cert.pem", "--tls-key=key.pem")
	for _, c := range []struct{ variable, want string }{
		{"SSL_CERT_DIR=none", "gramme: the certificate of " + p.url + " is not trusted; if it is yours, set SSL_CERT_FILE to the file with it: x509: "},
		{"SSL_CERT_FILE=cert.pem", "gramme: there is no table Music in region us-east-1 at " + p.url + "; "},
	} {
		out, err := gramme(dir, []string{c.variable}, "stream", "tail", "--endpoint="+p.url, "Music").CombinedOutput()
		if err == nil || !strings.HasPrefix(string(out), c.want) {
			t.Errorf("%s: %q, %v, want %q", c.variable, out, err, c.want)
		}
	}
	p.stop(t)
}

// TestCertificateIsRenewed replaces the files, also by such as cannot be used.
func TestCertificateIsRenewed(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var log strings.Builder
	writeCertificate(t, dir, 1)
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	c, err := openCertificate(cert, key, func() time.Time { return now }, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	serial := func(what string, later time.Duration, want int64, logged string) {
		t.Helper()
		now = now.Add(later)
		for range 2 { // the second time there is nothing new
			pair, err := c.get(nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := pair.Leaf.SerialNumber.Int64(); got != want {
				t.Errorf("%s: certificate %d, want %d", what, got, want)
			}
			now = now.Add(certificateLookPause)
		}
		if lines := strings.Split(log.String(), "\n"); logged == "" && log.Len() > 0 || logged != "" && len(lines) != 2 || !strings.Contains(lines[0], logged) {
			t.Errorf("%s: logged %q, want one line with %q", what, lines, logged)
		}
		log.Reset()
	}
	serial("at first", 0, 1, "")
	writeCertificate(t, dir, 2)
	now = now.Add(-2 * certificateLookPause)
	c.mu.looked = now
	if pair, _ := c.get(nil); pair.Leaf.SerialNumber.Int64() != 1 {
		t.Error("the files are looked at in each handshake")
	}
	serial("renewed", certificateLookPause, 2, "the certificate was renewed")
	good, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	writeCertificate(t, other, 3)
	if err := os.Rename(filepath.Join(other, "key.pem"), key); err != nil {
		t.Fatal(err)
	}
	serial("half renewed", 0, 2, "private key does not match public key")
	if err := os.Rename(filepath.Join(other, "cert.pem"), cert); err != nil {
		t.Fatal(err)
	}
	serial("renewed in two steps", 0, 3, "the certificate was renewed")
	writeFile(t, key, string(good)+" ")
	serial("another key", 0, 3, "the one before it goes on")
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	serial("gone", 0, 3, "no such file")
	writeCertificate(t, dir, 4)
	serial("there again", 0, 4, "the certificate was renewed")
	if runtime.GOOS == "windows" {
		return
	}
	writeCertificate(t, dir, 5)
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	serial("open to all", 0, 4, "every user of this machine can read")
}

// TestSecretFiles is what serve says of files with secrets that it cannot, or
// must not, use.
func TestSecretFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes of files say nothing on Windows")
	}
	dir := t.TempDir()
	writeCertificate(t, dir, 1)
	for name, text := range map[string]string{"empty": "\n", "two": "one\ntwo\n", "long": strings.Repeat("x", secretFileBytesMax+1), "good": "hidden\n", "open": "hidden", "other.pem": "no PEM"} {
		writeFile(t, filepath.Join(dir, name), text)
	}
	writeFile(t, filepath.Join(dir, "open.pem"), "")
	for _, name := range []string{"open", "open.pem"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o604); err != nil {
			t.Fatal(err)
		}
	}
	const static = "serve --in-memory --addr=127.0.0.1:0 --auth=static --access-key=a "
	const secure = "serve --in-memory --addr=127.0.0.1:0 "
	for _, c := range []struct{ line, want string }{
		{static + "--secret-key-file=none", "cannot use --secret-key-file: open none: no such file or directory; name a file that this user can read"},
		{static + "--secret-key-file=.", "cannot use --secret-key-file: read .: is a directory; name a file that this user can read"},
		{static + "--secret-key-file=empty", "--secret-key-file=empty does not hold a secret access key; write it there as the only line"},
		{static + "--secret-key-file=two", "--secret-key-file=two does not hold a secret access key; write it there as the only line"},
		{static + "--secret-key-file=long", "--secret-key-file=long does not hold a secret access key; write it there as the only line"},
		{static + "--secret-key-file=open", "every user of this machine can read --secret-key-file=open; run: chmod 600 open"},
		{static + "--secret-key-file=good --secret-key=x", "--secret-key and --secret-key-file exclude each other; leave one out"},
		{"serve --secret-key-file=good", "with --auth=any an access key protects nothing; say --auth=static, or leave --access-key and --secret-key out"},
		{"serve --auth=static --secret-key-file=good", "--auth=static needs --access-key and --secret-key; set GRAMME_ACCESS_KEY and GRAMME_SECRET_KEY"},
		{secure + "--tls-cert=none --tls-key=key.pem", "cannot use --tls-cert and --tls-key: open none: no such file or directory; name files that this user can read"},
		{secure + "--tls-cert=cert.pem --tls-key=none", "cannot use --tls-cert and --tls-key: open none: no such file or directory; name files that this user can read"},
		{secure + "--tls-cert=cert.pem --tls-key=open.pem", "every user of this machine can read --tls-key=open.pem; run: chmod 600 open.pem"},
		{secure + "--tls-cert=cert.pem --tls-key=other.pem", "cannot use --tls-cert=cert.pem with --tls-key=other.pem: tls: failed to find any PEM data in key input; " +
			"give a chain of certificates and the private key of its first one, both in PEM"},
		{secure + "--tls-cert=key.pem --tls-key=cert.pem", "cannot use --tls-cert=key.pem with --tls-key=cert.pem: tls: failed to find certificate PEM data in certificate input, " +
			"but did find a private key; PEM inputs may have been switched; give a chain of certificates and the private key of its first one, both in PEM"},
	} {
		if got, want := runLine(t, dir, c.line), "gramme: "+c.want+"\nexit 1\n"; got != want {
			t.Errorf("%s:\n%swant\n%s", c.line, got, want)
		}
	}
}
