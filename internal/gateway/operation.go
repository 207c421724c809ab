package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/gramme-db/gramme/internal/wire"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

// serveOperation makes AWS's checks in AWS's order: a body that is not JSON is
// reported before an unknown target, that before a bad signature, and that
// before an empty body. So as to parse a good body only once, in the operation,
// the body is looked into here only when a later check has failed.
func (g *Gateway) serveOperation(x *exchange) {
	body, held, err := g.readBody(x)
	defer g.bodies.release(&held)
	x.outcome.BytesIn = len(body)
	if err != nil {
		x.refuse(err)
		return
	}
	if x.to == nil || x.to.operation.Call == nil {
		x.refuse(x.notJSON(body, awsjson.UnknownOperation()))
		return
	}
	if err := x.authenticate(body); err != nil {
		x.refuse(x.notJSON(body, err))
		return
	}
	if len(body) == 0 {
		x.refuse(awsjson.Serialization())
		return
	}
	body, err = g.decompress(x, body, &held)
	if err != nil {
		x.refuse(err)
		return
	}
	g.run(x, body)
}

// notJSON returns later, or the error that comes before it if the body is not
// JSON. A compressed body is not opened for somebody we do not know.
func (x *exchange) notJSON(body []byte, later *wire.Error) *wire.Error {
	if len(body) > 0 && x.header("Content-Encoding") == "" && !awsjson.Valid(body) {
		return awsjson.Serialization()
	}
	return later
}

func (x *exchange) authenticate(body []byte) *wire.Error {
	path, _, _ := strings.Cut(x.r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") { // a proxy's form, or a request made in our process
		path = x.r.URL.EscapedPath()
	}
	x.signed = sigv4.Request{
		Profile:  x.to.profile,
		Method:   x.r.Method,
		Path:     path,
		RawQuery: x.r.URL.RawQuery,
		Host:     x.r.Host,
		Header:   sigv4.HTTPHeader(x.r.Header),
		Body:     body,
	}
	caller, err := x.g.options.Auth.Authenticate(&x.signed, x.start)
	x.caller = caller
	x.caller.RequestID, x.caller.Host, x.caller.Operation = x.id, x.r.Host, x.to.operation.Name
	return err
}

// run runs the operation and answers with what it returns.
func (g *Gateway) run(x *exchange, body []byte) {
	defer g.running.Add(-1)
	if g.running.Add(1) > g.options.RequestsMax {
		x.refuse(unavailable(errRequestsMax))
		return
	}
	buffer := g.answers.get()
	answer, err := call(wire.WithCaller(x.r.Context(), &x.caller), x.to.operation, body, *buffer)
	if err != nil {
		x.refuse(g.toWire(err))
		x.excuseClient(err)
		g.answers.put(buffer)
		return
	}
	var held int64
	defer g.large.release(&held)
	if len(answer) > answerKeepBytesMax { // as those of reads are; with a small one, a write is never said to have failed
		if err := g.large.reserve(&held, int64(cap(answer))); err != nil {
			x.refuse(unavailable(err))
			return
		}
	}
	x.outcome.Code = codeOK
	g.send(x, answer)
	*buffer = answer[:0]
	if x.r.ProtoMajor < 2 { // net/http's HTTP/2 may still read it after a Write that failed
		g.answers.put(buffer)
	}
}

// send answers 200, compressed if the client wants it and it is worth it.
func (g *Gateway) send(x *exchange, body []byte) {
	if len(body) < answerGzipBytesMin || !acceptsGzip(x.r.Header["Accept-Encoding"]) {
		x.answer(http.StatusOK, x.contentType, body)
		return
	}
	x.w.Header()["Content-Encoding"] = g.fixed.gzip
	x.answer(http.StatusOK, x.contentType, g.zips.compress(body))
}

// panicError is an operation's panic as an error.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// call turns a panic into an error, so that it costs one request and is logged
// with the id of that request.
func call(ctx context.Context, op wire.Operation, body, dst []byte) (answer []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{v, debug.Stack()}
		}
	}()
	return op.Call(ctx, body, dst)
}

// toWire is what the client sees of an operation's error.
func (g *Gateway) toWire(err error) *wire.Error {
	var e *wire.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), g.options.Unavailable(err):
		return unavailable(err)
	}
	e = awsjson.Internal()
	e.Cause = err
	return e
}

// excuseClient keeps requests that were given up by their client from counting
// as failures of ours. The 503 has been written all the same: the client may
// have closed only its own direction of the connection.
func (x *exchange) excuseClient(err error) {
	if errors.Is(err, context.Canceled) && x.r.Context().Err() != nil {
		x.outcome.Status, x.outcome.Code = statusClientGone, "ClientGone"
	}
}

// statusClientGone is for logs and metrics only; nginx made it up.
const statusClientGone = 499

var (
	errRequestsMax = errors.New("too many operations are running")
	errAnswersMax  = errors.New("too many bytes of answers wait for their clients")
	errBodiesMax   = errors.New("too many bytes of request bodies are in memory")
)

// unavailable asks the client to retry, which every SDK does by itself.
func unavailable(cause error) *wire.Error {
	return &wire.Error{
		Code:      "ServiceUnavailable",
		Namespace: "com.amazon.coral.service",
		Status:    http.StatusServiceUnavailable,
		Message:   "The service is currently unavailable. This should be a temporary state.",
		Cause:     cause,
	}
}
