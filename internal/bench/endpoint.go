package bench

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"time"
)

// endpoint is where a server listens.
type endpoint struct {
	addr string      // to connect to
	host string      // the Host header, which is signed
	tls  *tls.Config // nil: without
}

// parseEndpoint reads a URL. A server on another machine is refused unless that
// is meant.
func parseEndpoint(ctx context.Context, text string, remote bool) (endpoint, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Path != "" && u.Path != "/" {
		return endpoint{}, fmt.Errorf("%q is no endpoint; write it as http://127.0.0.1:8000", text)
	}
	e := endpoint{host: u.Host}
	port := u.Port()
	if u.Scheme == "https" {
		e.tls = &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	}
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	e.addr = net.JoinHostPort(u.Hostname(), port)
	if remote {
		return e, nil
	}
	return e, checkLoopback(ctx, u.Hostname())
}

// checkLoopback refuses a host that is, or may be, another machine.
func checkLoopback(ctx context.Context, host string) error {
	addrs, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return fmt.Errorf("cannot find the host %s: %w", host, err)
	}
	for _, addr := range addrs {
		if !addr.IP.IsLoopback() {
			return fmt.Errorf("%s is not on this machine, and AWS charges for what a benchmark reads and writes; say --remote if that is meant", host)
		}
	}
	return nil
}

func (e *endpoint) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeMax)
	defer cancel()
	dialer := net.Dialer{KeepAlive: time.Minute}
	if e.tls == nil {
		return dialer.DialContext(ctx, "tcp", e.addr)
	}
	secure := tls.Dialer{NetDialer: &dialer, Config: e.tls}
	return secure.DialContext(ctx, "tcp", e.addr)
}
