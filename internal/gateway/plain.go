package gateway

import (
	"bytes"
	"maps"
	"net/http"
	"net/textproto"
	"strings"
	"sync"
	"sync/atomic"
)

// plainHead is the head of a request in the express lane, and reads it. It is
// used again for the next request: what a handler keeps of it are strings.
type plainHead struct {
	length        int // bytes, the empty line included
	host          string
	contentLength int
	header        http.Header // as net/http has it: Host is not in it

	values [plainHeadersMax]string // backs the header
	names  *headerNames            // of all connections
}

func (h *plainHead) init(names *headerNames) {
	h.header, h.names = make(http.Header, usualHeaders), names
}

// headerNames knows header names as clients write them in net/http's spelling.
// It is safe for concurrent use, and is read without a lock.
type headerNames struct {
	known atomic.Pointer[map[string]string] // never changed: replaced
	mu    sync.Mutex                        // held to replace it
}

func (n *headerNames) find(written string) (name string, known bool) {
	if all := n.known.Load(); all != nil {
		name, known = (*all)[written]
	}
	return name, known
}

// add remembers a name, as long as there are not many.
func (n *headerNames) add(written, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := map[string]string{}
	if known := n.known.Load(); known != nil {
		if len(*known) >= headerNamesMax {
			return
		}
		maps.Copy(all, *known)
	}
	all[strings.Clone(written)] = strings.Clone(name)
	n.known.Store(&all)
}

const plainRequestLine = "POST / HTTP/1.1\r\n"

// parse reads a head from the beginning of b. It reports false for whatever is
// not of the plain form, and then nothing of h is to be used.
func (h *plainHead) parse(b []byte) bool {
	if len(b) < len(plainRequestLine) || string(b[:len(plainRequestLine)]) != plainRequestLine {
		return false
	}
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		return false
	}
	h.length, h.host, h.contentLength = end+4, "", -1
	clear(h.header)
	if end < len(plainRequestLine) { // no headers
		return false
	}
	lines := string(b[len(plainRequestLine) : end+2])
	for n := 0; len(lines) > 0; n++ {
		line, rest, _ := strings.Cut(lines, "\r\n")
		if n == plainHeadersMax || !h.add(n, line) {
			return false
		}
		lines = rest
	}
	return h.host != "" && h.contentLength >= 0
}

// add reads the n-th header line.
func (h *plainHead) add(n int, line string) bool {
	colon := strings.IndexByte(line, ':')
	if colon <= 0 {
		return false
	}
	name, value := h.canonical(line[:colon]), strings.Trim(line[colon+1:], " \t")
	if name == "" || !isPlainText(value) {
		return false
	}
	switch name {
	case "Host":
		if h.host != "" || !isPlainHost(value) {
			return false
		}
		h.host = value
		return true
	case "Content-Length":
		if !h.setContentLength(value) {
			return false
		}
	case "Connection":
		if !strings.EqualFold(value, "keep-alive") {
			return false
		}
	case "Transfer-Encoding", "Expect", "Upgrade", "Trailer", "Te", "Pragma": // net/http has a word to say
		return false
	}
	if _, twice := h.header[name]; twice {
		return false
	}
	h.values[n] = value
	h.header[name] = h.values[n : n+1 : n+1]
	return true
}

// canonical returns a header name in net/http's spelling, empty when it is no
// name.
func (h *plainHead) canonical(written string) string {
	if name, known := h.names.find(written); known {
		return name
	}
	for i := range len(written) {
		if c := written[i]; c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return "" // net/http allows some more
		}
	}
	name := textproto.CanonicalMIMEHeaderKey(written)
	h.names.add(written, name)
	return name
}

// setContentLength takes a length of up to nine digits.
func (h *plainHead) setContentLength(value string) bool {
	const digitsMax = 9
	if value == "" || len(value) > digitsMax {
		return false
	}
	n := 0
	for i := range len(value) {
		if value[i] < '0' || value[i] > '9' {
			return false
		}
		n = 10*n + int(value[i]-'0')
	}
	h.contentLength = n
	return true
}

// isPlainText reports whether a value is of printable ASCII, spaces and tabs.
func isPlainText(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c > '~' {
			return false
		}
	}
	return true
}

// isPlainHost reports whether a Host is a name or an address, and perhaps a
// port.
func isPlainHost(value string) bool {
	for i := range len(value) {
		c := value[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && strings.IndexByte("-._:[]", c) < 0 {
			return false
		}
	}
	return value != ""
}
