package gateway

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// tell answers with all that a handler gets to know of a request.
func tell(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<10))
	told := fmt.Appendf(nil, "%s %s %q %q %d %v %t %q %v\n", r.Method, r.RequestURI, r.URL.Path, r.Host, r.ContentLength, r.TransferEncoding, r.Close, body, err != nil)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		told = fmt.Appendf(told, "%s: %q\n", name, r.Header[name])
	}
	w.Header()["Date"], w.Header()["Content-Type"] = nil, []string{"text/plain"}
	w.Header()["Content-Length"] = []string{fmt.Sprint(len(told))}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(told)
}

// ambiguous are requests that two readers may understand differently, which is
// what request smuggling lives on. Each is followed by a good one on the same
// connection; the statuses are those of all answers there.
var ambiguous = []struct{ name, request, statuses string }{
	{"good", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"two lengths, the same", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "400"},
	{"two lengths in one", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2, 2\r\n\r\n{}", "400"},
	{"length in another case besides", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\ncontent-length: 0\r\n\r\n{}", "400"},
	{"length with a sign", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\n{}", "400"},
	{"length below 0", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -2\r\n\r\n{}", "400"},
	{"length in hexadecimal", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x2\r\n\r\n{}", "400"},
	{"length with a space in it", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0 2\r\n\r\n{}", "400"},
	{"length beyond 63 bits", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n{}", "400"},
	{"length beyond 64 bits", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551618\r\n\r\n{}", "400"},
	{"length with zeros before it", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000000000002\r\n\r\n{}", "200 200"},
	{"length empty", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n", "400"},
	{"length and chunks", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "200 200"},
	{"chunks and length", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "200 200"},
	{"chunks of no form", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\n{}", "501"},
	{"chunked twice", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "501"},
	{"chunked and more", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "501"},
	{"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "200"},
	{"chunked behind a tab", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tchunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "200 200"},
	{"chunked behind a vertical tab", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \vchunked\r\nContent-Length: 2\r\n\r\n{}", "400"},
	{"chunks with extensions", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;a=\"b\"\r\n{}\r\n0;c\r\n\r\n", "200 200"},
	{"chunk beyond 64 bits", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n", "200"},
	{"chunk below 0", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n", "200"},
	{"chunk in hexadecimal of C", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n", "200"},
	{"chunk longer than it says", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n", "200"},
	{"chunks with bare line feeds", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n", "200"},
	{"chunks with a trailer", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n2\r\n{}\r\n0\r\nX-A: 1\r\nContent-Length: 5\r\n\r\n", "200 200"},
	{"bare line feeds", "POST / HTTP/1.1\nHost: a\nContent-Length: 2\n\n{}", "200 200"},
	{"a bare line feed", "POST / HTTP/1.1\r\nHost: a\r\nX-A: 1\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"a head that ends early", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nX-A: 1\n\nX-B: 2\r\n\r\n", "200 400"},
	{"a bare carriage return", "POST / HTTP/1.1\r\nHost: a\r\nX-A: 1\rContent-Length: 9\r\nContent-Length: 2\r\n\r\n{}", "400"},
	{"a folded header", "POST / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n 2\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"a folded length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 2\r\n\r\n{}", "200 200"},
	{"a folded first header", "POST / HTTP/1.1\r\n Host: a\r\nContent-Length: 2\r\n\r\n{}", "400"},
	{"NUL in a header", "POST / HTTP/1.1\r\nHost: a\r\nX-A: 1\x002\r\nContent-Length: 2\r\n\r\n{}", "400"},
	{"NUL in a name", "POST / HTTP/1.1\r\nHost: a\r\nX-\x00A: 1\r\nContent-Length: 2\r\n\r\n{}", "400"},
	{"space before the colon", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 2\r\n\r\n{}", "400"},
	{"tab before the colon", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\t: chunked\r\nContent-Length: 2\r\n\r\n{}", "400"},
	{"no colon", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length\r\n\r\n{}", "400"},
	{"no name", "POST / HTTP/1.1\r\nHost: a\r\n: 2\r\nContent-Length: 2\r\n\r\n{}", "400"},
	{"an underscore for a hyphen", "POST / HTTP/1.1\r\nHost: a\r\nContent_Length: 9\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"names in capitals", "POST / HTTP/1.1\r\nHOST: a\r\nCONTENT-LENGTH: 2\r\nX-AMZ-DATE: 1\r\n\r\n{}", "200 200"},
	{"no host", "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", "400"},
	{"two hosts", "POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 2\r\n\r\n{}", "400"},
	{"two hosts, the same", "POST / HTTP/1.1\r\nHost: a\r\nhost: a\r\nContent-Length: 2\r\n\r\n{}", "400"},
	{"a host with a path", "POST / HTTP/1.1\r\nHost: a/b\r\nContent-Length: 2\r\n\r\n{}", "400"},
	{"a host with a space", "POST / HTTP/1.1\r\nHost: a b\r\nContent-Length: 2\r\n\r\n{}", "400"},
	{"an empty host", "POST / HTTP/1.1\r\nHost:\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"an absolute URI", "POST http://b/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"an absolute URI with a user", "POST http://c:d@b/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"two slashes", "POST // HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"dots in the path", "POST /../%2e%2e/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"a fragment", "POST /#a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"two spaces", "POST  / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "400"},
	{"a space at the end", "POST / HTTP/1.1 \r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "400"},
	{"another version", "POST / HTTP/1.2\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"version 3", "POST / HTTP/3.0\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "505"},
	{"method in small letters", "post / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"empty lines before", "\r\n\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "400"},
	{"too many empty lines before", "\r\n\r\n\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "400"},
	{"a GET with a body", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"no length", "POST / HTTP/1.1\r\nHost: a\r\n\r\n", "200 200"},
	{"two signatures", "POST / HTTP/1.1\r\nHost: a\r\nAuthorization: 1\r\nAuthorization: 2\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"two dates", "POST / HTTP/1.1\r\nHost: a\r\nX-Amz-Date: 1\r\nX-AMZ-DATE: 2\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"two targets", "POST / HTTP/1.1\r\nHost: a\r\nX-Amz-Target: 1\r\nx-amz-target: 2\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"close", "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", "200"},
	{"keep-alive and close", "POST / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", "200"},
	{"connection names a header", "POST / HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
	{"upgrade to HTTP/2", "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 2\r\n\r\n{}", "200 200"},
}

// TestAmbiguousRequests sends each to our server, first on a connection and
// behind a good request, with TLS and without, and to net/http alone: what the
// handler is told, what the client is answered, and where the next request
// begins are the same.
func TestAmbiguousRequests(t *testing.T) {
	ours := serve(t, http.HandlerFunc(tell), ServerOptions{})
	theirs := serveNetHTTP(t, http.HandlerFunc(tell))
	config, trust := testCertificate(t)
	secured := serve(t, http.HandlerFunc(tell), ServerOptions{TLS: config})
	plainly := func(addr string) halfCloser { return dial(t, addr) }
	secretly := func(addr string) halfCloser { return tls.Client(dial(t, addr), trust) }
	const next = "POST / HTTP/1.1\r\nHost: next\r\nX-Next: 1\r\nContent-Length: 4\r\n\r\nnext"
	for _, c := range ambiguous {
		for _, before := range []string{"", "POST / HTTP/1.1\r\nHost: before\r\nContent-Length: 6\r\n\r\nbefore"} {
			statuses, got := allAnswers(plainly(ours), before+c.request+next)
			_, gotSecured := allAnswers(secretly(secured), before+c.request+next)
			if _, want := allAnswers(plainly(theirs), before+c.request+next); got != want || gotSecured != want {
				t.Errorf("%s:\n%q, with TLS\n%q, net/http answers\n%q", c.name, got, gotSecured, want)
			}
			if before == "" && statuses != c.statuses {
				t.Errorf("%s: answered %s, want %s", c.name, statuses, c.statuses)
			}
		}
	}
}

// serveNetHTTP serves with net/http alone, set up as ours is, and returns its
// address.
func serveNetHTTP(t *testing.T, handler http.Handler) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := newHTTPServer(ServerOptions{Handler: handler}.withDefaults())
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// halfCloser is a connection of TCP, or of TLS.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// allAnswers writes to a connection, ends our direction, and returns all answers,
// and their statuses.
func allAnswers(conn halfCloser, requests string) (statuses, answers string) {
	defer conn.Close()
	_, _ = io.WriteString(conn, requests) // whoever refuses may hang up before the end
	_ = conn.CloseWrite()                 // likewise
	var codes []string
	for in := bufio.NewReader(conn); ; {
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			return strings.Join(codes, " "), answers
		}
		body, _ := io.ReadAll(answer.Body) // a reset may be the end of the last one
		codes = append(codes, fmt.Sprint(answer.StatusCode))
		answers += fmt.Sprintln(answer.Status, answer.Header, answer.Close, string(body))
	}
}
