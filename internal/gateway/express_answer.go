package gateway

import (
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// expressAnswer is the http.ResponseWriter of the express lane. The handler
// writes a whole answer in one Write, with its Content-Length: then head and
// body go out together. Another answer is the last of its connection.
type expressAnswer struct {
	desk   *desk
	header http.Header
	status int  // 0: not set yet
	sent   bool // the head
	left   int  // bytes of the body that are still to come
	last   bool // the connection ends with this answer
	failed bool // the client is gone
	timed  bool // the handler has set a deadline
	names  []string
	parts  [2][]byte
}

func (a *expressAnswer) reset() {
	clear(a.header)
	a.status, a.sent, a.left, a.last, a.failed, a.timed = 0, false, 0, false, false, false
}

// Header implements http.ResponseWriter.
func (a *expressAnswer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *expressAnswer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements http.ResponseWriter.
func (a *expressAnswer) Write(body []byte) (int, error) {
	if a.failed {
		return 0, net.ErrClosed
	}
	if a.sent {
		return a.writeMore(body)
	}
	room := a.desk.conn.lane.heads.get()
	defer a.desk.conn.lane.heads.put(room)
	head := a.appendHead((*room)[:0], len(body))
	if body = body[:min(len(body), a.left)]; len(body) <= answerJoinBytesMax {
		head = append(head, body...)
	}
	*room = head
	a.left -= len(body)
	if len(body) > answerJoinBytesMax {
		return len(body), a.send(head, body)
	}
	return len(body), a.send(head, nil)
}

// writeMore writes what a handler has not written at once.
func (a *expressAnswer) writeMore(body []byte) (int, error) {
	if len(body) > a.left {
		return 0, http.ErrContentLength
	}
	a.left -= len(body)
	return len(body), a.send(body, nil)
}

// send writes one or two parts.
func (a *expressAnswer) send(first, second []byte) (err error) {
	c := a.desk.conn
	if !a.timed {
		c.setWriteBy(c.lane.options.RequestWriteTimeMax)
	}
	if second == nil {
		_, err = c.conn.Write(first)
	} else {
		a.parts = [2][]byte{first, second}
		parts := net.Buffers(a.parts[:])
		_, err = parts.WriteTo(c.conn)
		a.parts = [2][]byte{}
	}
	a.failed = a.failed || err != nil
	return err
}

// SetWriteDeadline is for http.ResponseController. It holds for this answer.
func (a *expressAnswer) SetWriteDeadline(by time.Time) error {
	c := a.desk.conn
	a.timed, c.writeBy = true, by
	return c.conn.SetWriteDeadline(by)
}

// finish sends an answer without a body, and notes one that was cut short.
func (a *expressAnswer) finish() {
	if !a.sent && !a.failed {
		_, _ = a.Write(nil)
	}
	a.last = a.last || a.left > 0
}

// appendHead appends the head of an answer whose first write has so many bytes.
func (a *expressAnswer) appendHead(dst []byte, bytes int) []byte {
	a.sent = true
	a.desk.body.drain()
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if length, err := strconv.Atoi(a.header.Get("Content-Length")); err == nil {
		a.left = length
	} else {
		a.left, a.last = bytes, true
		a.header["Content-Length"] = []string{strconv.Itoa(bytes)}
	}
	if a.last || a.header.Get("Connection") == "close" || a.desk.conn.lane.closing.Load() || a.desk.body.left > 0 {
		a.last = true
		a.header["Connection"] = []string{"close"}
	}
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(a.status), 10)
	dst = append(append(append(dst, ' '), http.StatusText(a.status)...), "\r\n"...)
	a.names = a.names[:0]
	for name := range a.header {
		a.names = append(a.names, name)
	}
	slices.Sort(a.names)
	for _, name := range a.names {
		for _, value := range a.header[name] {
			dst = append(append(append(append(dst, name...), ": "...), value...), "\r\n"...)
		}
	}
	return append(dst, "\r\n"...)
}
