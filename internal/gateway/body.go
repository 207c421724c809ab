package gateway

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"

	"github.com/gramme-db/gramme/internal/wire"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
)

// budget bounds the bytes of all bodies in memory, or of all answers.
type budget struct {
	max   int64
	spent error // what reserve returns beyond it
	used  atomic.Int64
}

func (b *budget) init(max int64, spent error) { b.max, b.spent = max, spent }

// reserve adds n to what the holder holds, unless that is too much. Where nobody
// else holds anything it never is: what is too large for all that there is would
// be refused for ever.
func (b *budget) reserve(held *int64, n int64) error {
	if used := b.used.Add(n); used > b.max && used > n+*held {
		b.used.Add(-n)
		return b.spent
	}
	*held += n
	return nil
}

// take adds n in any case.
func (b *budget) take(held *int64, n int64) {
	b.used.Add(n)
	*held += n
}

// hasRoom tells whether n would not be too much just now.
func (b *budget) hasRoom(n int64) bool {
	used := b.used.Load()
	return used == 0 || used+n <= b.max
}

// release gives back all that the holder holds.
func (b *budget) release(held *int64) {
	if *held > 0 {
		b.used.Add(-*held)
		*held = 0
	}
}

// errTooLarge is the error of a body beyond BodyBytesMax.
var errTooLarge = errors.New("body too large")

// readBody returns the body as it was sent. The body belongs to the operation,
// which may keep parts of it, so its memory is not reused. Held is what to give
// back to the budget when the request is over.
func (g *Gateway) readBody(x *exchange) (body []byte, held int64, refusal *wire.Error) {
	length := x.r.ContentLength // -1: unknown
	if length == 0 || x.r.Body == nil {
		return nil, 0, nil
	}
	err := error(errTooLarge)
	if length <= int64(g.options.BodyBytesMax) {
		body, err = g.readAll(x.r.Body, int(length), &held)
	}
	if err != nil {
		x.closeConnection()
		return nil, held, bodyError(err)
	}
	return body, held, nil
}

// closeConnection has the connection closed after the answer: what is left of
// the request would otherwise be read first.
func (x *exchange) closeConnection() {
	if x.r.ProtoMajor < 2 { // HTTP/2 ends the stream only
		x.w.Header().Set("Connection", "close")
	}
}

// readAll reads up to BodyBytesMax bytes. Length is exact, or -1.
func (g *Gateway) readAll(r io.Reader, length int, held *int64) (body []byte, err error) {
	for {
		if len(body) == cap(body) {
			if body, err = g.grow(body, length, held); err != nil {
				return nil, err
			}
		}
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > g.options.BodyBytesMax:
			return nil, errTooLarge
		case len(body) == length, err == io.EOF && length < 0:
			return body, nil
		case err != nil:
			return nil, err
		}
	}
}

// grow makes room in body. It believes a length only as far as bytes have come
// in: whoever announces 16 MiB and sends nothing gets little memory. What any
// connection may have is not counted, so that small requests come through when
// large ones have taken all that there is.
func (g *Gateway) grow(body []byte, length int, held *int64) ([]byte, error) {
	size := 2 * cap(body)
	if length >= 0 {
		size = min(max(2*size, bodyKnownFirstBytes), length)
	} else {
		size = max(size, bodyUnknownFirstBytes)
	}
	size = min(size, g.options.BodyBytesMax+1) // the byte that proves it too large
	if err := g.bodies.reserve(held, counted(size)-counted(cap(body))); err != nil {
		return nil, err
	}
	return append(make([]byte, 0, size), body...), nil
}

func counted(size int) int64 { return int64(max(0, size-bodyFreeBytesMax)) }

// bodyError is the answer to a body that did not come in whole.
func bodyError(err error) *wire.Error {
	switch {
	case errors.Is(err, errTooLarge):
		return &wire.Error{
			Code:      "RequestEntityTooLarge",
			Namespace: "com.amazon.coral.service",
			Status:    http.StatusRequestEntityTooLarge,
			Message:   "The request body is too large.",
		}
	case errors.Is(err, errBodiesMax):
		return unavailable(err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &wire.Error{
			Code:      "RequestTimeoutException",
			Namespace: "com.amazon.coral.service",
			Status:    http.StatusRequestTimeout,
			Message:   "The request body did not arrive in time.",
		}
	}
	return awsjson.Serialization() // cut off, or chunked wrongly
}

// decompress undoes the Content-Encoding of a body whose signature is good.
//
// AWS answers 500 InternalServerError to a body that cannot be decompressed. We
// answer 400, as to a body that cannot be parsed: it is the client's mistake,
// a retry will not mend it, and our 5xx are to mean that something is wrong
// with us.
func (g *Gateway) decompress(x *exchange, body []byte, held *int64) ([]byte, *wire.Error) {
	reader, err := decoder(x.r.Header["Content-Encoding"], body)
	switch {
	case err != nil:
		return nil, awsjson.Serialization()
	case reader == nil:
		return body, nil
	}
	plain, err := g.readAll(reader, -1, held)
	if err == nil && len(plain) == 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, bodyError(err)
	}
	return plain, nil
}

var errEncoding = errors.New("unknown content encoding")

// decoder returns nil where there is nothing to undo.
func decoder(encodings []string, body []byte) (io.Reader, error) {
	if len(encodings) == 0 {
		return nil, nil
	}
	if len(encodings) > 1 {
		return nil, errEncoding
	}
	switch strings.ToLower(strings.TrimSpace(encodings[0])) {
	case "", "identity":
		return nil, nil
	case "gzip":
		return gzip.NewReader(bytes.NewReader(body))
	case "deflate":
		if isZlib(body) {
			return zlib.NewReader(bytes.NewReader(body))
		}
		return flate.NewReader(bytes.NewReader(body)), nil
	}
	return nil, errEncoding
}

// isZlib tells the two things apart that clients mean by deflate: RFC 1950, as
// HTTP has it, and bare RFC 1951.
func isZlib(body []byte) bool {
	return len(body) >= 2 && body[0]&0x0f == 8 && (uint(body[0])<<8|uint(body[1]))%31 == 0
}
