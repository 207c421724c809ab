package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

var (
	errNotHTTP  = errors.New("the answer is not HTTP/1.1")
	errTooLarge = fmt.Errorf("the answer has more than %d bytes", answerBytesMax)
)

// answer is the answer to a request, in HTTP/1.1.
type answer struct {
	status int
	body   []byte // good until the next answer is read
	close  bool   // the server sends no more over this connection

	length  int64 // -1: not told
	chunked bool
}

// read reads the answer from a connection, into the memory of the one before.
func (a *answer) read(in *bufio.Reader) error {
	a.body = a.body[:0]
	for {
		if err := a.readHeader(in); err != nil {
			return err
		}
		if a.status >= 200 { // others come before the answer
			return a.readBody(in)
		}
	}
}

func (a *answer) readHeader(in *bufio.Reader) error {
	a.length, a.chunked, a.close = -1, false, false
	line, err := readLine(in)
	if err != nil {
		return err
	}
	if a.status = statusOf(line); a.status == 0 {
		return errNotHTTP
	}
	a.close = line[7] == '0' // HTTP/1.0
	for range headerLinesMax {
		line, err := readLine(in)
		if err != nil || len(line) == 0 {
			return err
		}
		if err := a.header(line); err != nil {
			return err
		}
	}
	return fmt.Errorf("the answer has more than %d lines of header", headerLinesMax)
}

// statusOf returns the status of "HTTP/1.1 200 OK"; 0: it is none.
func statusOf(line []byte) int {
	if len(line) < 12 || string(line[:7]) != "HTTP/1." || line[8] != ' ' {
		return 0
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil || status < 100 {
		return 0
	}
	return status
}

// header takes from a line what it needs. Names are compared by their length
// first, which settles it for nearly all.
func (a *answer) header(line []byte) error {
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		return errNotHTTP
	}
	name, value := line[:colon], bytes.TrimSpace(line[colon+1:])
	switch {
	case isName(name, "Content-Length"):
		n, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil || n < 0 {
			return errNotHTTP
		}
		a.length = n
	case isName(name, "Transfer-Encoding"):
		a.chunked = strings.EqualFold(string(value), "chunked")
	case isName(name, "Connection"):
		a.close = a.close || strings.EqualFold(string(value), "close")
	}
	return nil
}

func isName(name []byte, want string) bool {
	return len(name) == len(want) && strings.EqualFold(string(name), want)
}

func (a *answer) readBody(in *bufio.Reader) error {
	switch {
	case a.chunked:
		return a.readChunks(in)
	case a.length >= 0:
		return a.readBytes(in, a.length)
	case a.close: // the body ends with the connection
		body, err := io.ReadAll(io.LimitReader(in, answerBytesMax))
		a.body = body
		return err
	}
	return nil // 204 and 304 have none
}

func (a *answer) readChunks(in *bufio.Reader) error {
	for {
		line, err := readLine(in)
		if err != nil {
			return err
		}
		size, _, _ := strings.Cut(string(line), ";")
		n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 31)
		if err != nil {
			return errNotHTTP
		}
		if n == 0 {
			return skipTrailer(in)
		}
		if err := a.readBytes(in, int64(n)); err != nil {
			return err
		}
		if line, err := readLine(in); err != nil || len(line) > 0 {
			return errors.Join(errNotHTTP, err)
		}
	}
}

func skipTrailer(in *bufio.Reader) error {
	for range headerLinesMax {
		if line, err := readLine(in); err != nil || len(line) == 0 {
			return err
		}
	}
	return errNotHTTP
}

// readBytes appends n bytes to the body.
func (a *answer) readBytes(in *bufio.Reader, n int64) error {
	if n > answerBytesMax-int64(len(a.body)) {
		return errTooLarge
	}
	for n > 0 { // memory is taken as bytes come in
		part := int(min(n, 1<<20))
		at := len(a.body)
		if cap(a.body)-at < part {
			a.body = append(make([]byte, 0, max(2*cap(a.body), at+part)), a.body...)
		}
		a.body = a.body[:at+part]
		if _, err := io.ReadFull(in, a.body[at:]); err != nil {
			return err
		}
		n -= int64(part)
	}
	return nil
}

// readLine returns a line without its end. It is good until the next read.
func readLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		if err == bufio.ErrBufferFull {
			err = errNotHTTP
		}
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}
