package gateway

import (
	"hash/crc32"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gramme-db/gramme/internal/wire"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

// exchange is one request and its answer. It is never reused: an operation may
// hold on to its caller.
type exchange struct {
	g     *Gateway
	w     http.ResponseWriter
	r     *http.Request
	id    string
	start time.Time

	to          *route   // nil: no operation has this target
	contentType []string // of the answer; a header value
	caller      wire.Caller
	signed      sigv4.Request

	outcome Outcome
	cause   error     // why the answer is a 5xx; for the log
	values  [3]string // backs the header values that differ by request
}

// route finds the operation and the content type. False: the request is in
// none of the protocols that are spoken here.
func (x *exchange) route() bool {
	x.to, x.contentType = x.g.routes.find(x.header("X-Amz-Target"), mediaType(x.header("Content-Type")))
	x.outcome.Operation = "unknown"
	if x.to != nil {
		x.outcome.Operation = x.to.operation.Name
	}
	return x.contentType != nil
}

// header returns the first value of a header, whose name is in net/http's
// spelling, without the allocations of http.Header.Get.
func (x *exchange) header(name string) string {
	if v := x.r.Header[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// fixedHeaders are header values that never change, so that they are not
// allocated for each answer. Only net/http reads them.
type fixedHeaders struct {
	server, text, json, gzip, any, exposed []string
}

func newFixedHeaders() fixedHeaders {
	return fixedHeaders{
		server:  []string{"Server"},
		text:    []string{"text/plain; charset=utf-8"},
		json:    []string{"application/x-amz-json-1.0"},
		gzip:    []string{"gzip"},
		any:     []string{"*"},
		exposed: []string{"x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"},
	}
}

// dateHeader is the Date of our own clock, which clients with a clock of their
// own correct themselves by. It is formatted once a second.
type dateHeader struct {
	last atomic.Pointer[dateValue]
}

type dateValue struct {
	second int64
	value  []string
}

func (d *dateHeader) at(now time.Time) []string {
	second := now.Unix()
	last := d.last.Load()
	if last == nil || last.second != second {
		last = &dateValue{second, []string{now.UTC().Format(http.TimeFormat)}}
		d.last.Store(last)
	}
	return last.value
}

// putCommonHeaders sets what every answer carries. Names that AWS does not
// write in net/http's spelling go into the map as they are.
func (x *exchange) putCommonHeaders() {
	h := x.w.Header()
	x.values[0] = x.id
	h["x-amzn-RequestId"] = x.values[0:1:1]
	h["Server"] = x.g.fixed.server
	h["Date"] = x.g.date.at(x.start)
	if _, ok := x.r.Header["Origin"]; ok && !x.foreign() {
		h["Access-Control-Allow-Origin"] = x.g.fixed.any
		h["Access-Control-Expose-Headers"] = x.g.fixed.exposed
	}
}

// answer writes the whole answer. The checksum is over the body as it is sent,
// so body is already compressed, if at all.
func (x *exchange) answer(status int, contentType []string, body []byte) {
	h := x.w.Header()
	x.values[1] = strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10)
	x.values[2] = strconv.Itoa(len(body))
	h["x-amz-crc32"] = x.values[1:2:2]
	h["Content-Length"] = x.values[2:3:3]
	h["Content-Type"] = contentType // nil: net/http is not to guess one
	x.outcome.Status, x.outcome.BytesOut = status, len(body)
	x.w.WriteHeader(status)
	x.write(body)
}

// write fails when the client is gone, and then there is nobody to tell. A
// client that takes a large answer has time for each piece of it: one that takes
// nothing does not keep the memory of it for long.
func (x *exchange) write(body []byte) {
	if len(body) <= answerPieceBytes {
		_, _ = x.w.Write(body)
		return
	}
	control := http.NewResponseController(x.w)
	end := x.g.now().Add(requestWriteTimeMax)
	for piece := range slices.Chunk(body, answerPieceBytes) {
		by := x.g.now().Add(x.g.options.AnswerPieceTimeMax)
		if end.Before(by) {
			by = end
		}
		_ = control.SetWriteDeadline(by) // fails where there is no connection, in tests
		if _, err := x.w.Write(piece); err != nil {
			return
		}
	}
}

// refuse answers with an error.
func (x *exchange) refuse(e *wire.Error) {
	x.outcome.Code = e.Code
	x.cause = e.Cause
	x.answer(e.Status, x.contentType, awsjson.AppendError(nil, e))
}

// noSuchPage is AWS's answer to what is not a request of its protocol.
func (x *exchange) noSuchPage() {
	x.outcome.Code = "UnknownOperationException"
	x.answer(http.StatusNotFound, nil, []byte("<UnknownOperationException/>\n"))
}
