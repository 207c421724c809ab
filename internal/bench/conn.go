package bench

import (
	"bufio"
	"context"
	"net"
	"strconv"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

const targetPrefix = "DynamoDB_20120810."

// conn is a connection to a server, which it opens anew if need be. It is for
// one goroutine.
type conn struct {
	endpoint *endpoint
	env      base.Env
	pen      *sigv4.Pen

	net    net.Conn // nil: not connected
	in     *bufio.Reader
	out    []byte
	answer answer
}

func newConn(e *endpoint, env base.Env, signer sigv4.Signer) *conn {
	return &conn{
		endpoint: e,
		env:      env,
		pen:      sigv4.NewPen(signer, e.host, targetPrefix),
		in:       bufio.NewReaderSize(nil, readBufferBytes),
	}
}

// do sends a request and returns the answer, whose body is good until the next
// request. A server may end a connection that it has not used for a while, just
// when a request is on its way: then there is no byte of an answer, and the
// request is sent once more.
func (c *conn) do(ctx context.Context, operation string, body []byte) (*answer, error) {
	used := c.net != nil
	err := c.exchange(ctx, operation, body)
	if err != nil && used && c.in.Buffered() == 0 && c.answer.status == 0 {
		err = c.exchange(ctx, operation, body)
	}
	return &c.answer, err
}

func (c *conn) exchange(ctx context.Context, operation string, body []byte) error {
	c.answer.status = 0
	if err := c.connect(ctx); err != nil {
		return err
	}
	now := c.env.Now()
	out := append(c.out[:0], "POST / HTTP/1.1\r\n"...)
	out = c.pen.AppendHeader(out, operation, body, now)
	out = append(out, "Content-Length: "...)
	out = strconv.AppendInt(out, int64(len(body)), 10)
	out = append(out, "\r\n\r\n"...)
	c.out = append(out, body...)

	err := c.net.SetDeadline(now.Add(requestTimeMax))
	if err == nil {
		_, err = c.net.Write(c.out)
	}
	if err == nil {
		err = c.answer.read(c.in)
	}
	if err != nil || c.answer.close {
		c.close()
	}
	return err
}

func (c *conn) connect(ctx context.Context) error {
	if c.net != nil {
		return nil
	}
	opened, err := c.endpoint.dial(ctx)
	if err != nil {
		return err
	}
	c.net = opened
	c.in.Reset(opened)
	return nil
}

func (c *conn) close() {
	if c.net != nil {
		_ = c.net.Close() // whatever it says, the connection is of no more use
		c.net = nil
	}
}
