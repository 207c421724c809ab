package gateway

import (
	"bytes"
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

// serveOperation reads a request, has it worked on when its turn has come, and
// sends the answer. Neither a client that is slow to send nor one that is slow to
// read keeps others from their turn.
func (g *Gateway) serveOperation(x *exchange) {
	body, held, refusal := g.readBody(x)
	defer g.bodies.release(&held)
	x.outcome.BytesIn = len(body)
	var a answer
	if refusal == nil {
		a, refusal = g.work(x, body, &held)
	}
	x.signed.Body = nil
	g.bodies.release(&held)
	if refusal != nil {
		x.refuse(refusal)
		x.excuseClient(refusal)
		return
	}
	defer g.ready.release(&a.held)
	x.outcome.Code = codeOK
	if a.zipped {
		x.w.Header()["Content-Encoding"] = g.fixed.gzip
	}
	x.answer(http.StatusOK, x.contentType, a.body)
	if a.buffer != nil && x.r.ProtoMajor < 2 { // net/http's HTTP/2 may still read it after a Write that failed
		g.answers.put(a.buffer)
	}
}

// work waits for the request's turn, and runs its operation.
func (g *Gateway) work(x *exchange, body []byte, held *int64) (answer, *wire.Error) {
	weight, err := x.enter(len(body))
	if err != nil {
		return answer{}, unavailable(err)
	}
	defer func() { x.load().gate.leave(weight) }()
	body, refusal := g.check(x, body, held)
	if refusal != nil {
		return answer{}, refusal
	}
	weight = x.lighten(weight, len(body))
	return g.run(x, body)
}

// check makes AWS's checks in AWS's order: a body that is not JSON is
// reported before an unknown target, that before a bad signature, and that
// before an empty body. So as to parse a good body only once, in the operation,
// the body is looked into here only when a later check has failed. It returns the
// body without its compression.
func (g *Gateway) check(x *exchange, body []byte, held *int64) ([]byte, *wire.Error) {
	if x.to == nil || x.to.operation.Call == nil {
		return nil, x.notJSON(body, awsjson.UnknownOperation())
	}
	if err := x.authenticate(body); err != nil {
		return nil, x.notJSON(body, err)
	}
	if len(body) == 0 {
		return nil, awsjson.Serialization()
	}
	return g.decompress(x, body, held)
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

// answer is what an operation has returned.
type answer struct {
	body   []byte
	zipped bool
	buffer *[]byte // has the memory of body; nil: nobody else wants it
	held   int64   // of the budget, until the client has it
}

// run runs the operation. Where many bytes wait for their clients already, one
// that may add many does not run in vain.
func (g *Gateway) run(x *exchange, body []byte) (answer, *wire.Error) {
	most := x.to.load.answerBytes
	if most >= answerManyBytesMin && !g.ready.hasRoom(most) {
		return answer{}, unavailable(errAnswersMax)
	}
	buffer := g.answers.get()
	text, err := call(wire.WithCaller(x.r.Context(), &x.caller), x.to.operation, body, *buffer)
	if err != nil {
		g.answers.put(buffer)
		return answer{}, g.toWire(err)
	}
	*buffer = text[:0]
	a := answer{body: text, buffer: buffer}
	if len(text) >= answerGzipBytesMin && acceptsGzip(x.r.Header["Accept-Encoding"]) {
		a = answer{body: g.zips.compress(text), zipped: true}
		g.answers.put(buffer)
	}
	refusal := g.hold(&a, x.to.load.refusable)
	return a, refusal
}

// hold counts the memory of an answer. A write is never said to have failed
// because of its answer; such answers are small. A small answer that lies in the
// memory of a large one moves out where there is no room for that.
func (g *Gateway) hold(a *answer, refusable bool) *wire.Error {
	size := int64(cap(a.body))
	if size <= answerFreeBytesMax {
		return nil
	}
	err := g.ready.reserve(&a.held, size)
	switch {
	case err == nil:
	case len(a.body) <= answerFreeBytesMax:
		a.body = bytes.Clone(a.body)
		if a.buffer != nil {
			g.answers.put(a.buffer)
			a.buffer = nil
		}
	case refusable:
		return unavailable(err)
	default:
		g.ready.take(&a.held, size)
	}
	return nil
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
func (x *exchange) excuseClient(refusal *wire.Error) {
	if errors.Is(refusal, context.Canceled) && x.r.Context().Err() != nil {
		x.outcome.Status, x.outcome.Code = statusClientGone, "ClientGone"
	}
}

// statusClientGone is for logs and metrics only; nginx made it up.
const statusClientGone = 499

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
