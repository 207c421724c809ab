//go:build unix

package gateway

import (
	"io"
	"syscall"
	"time"
)

// receive reads the beginning of a request into a desk. While nothing comes the
// connection has none: a desk is taken to look, and given back if there was
// nothing to read.
func (c *expressConn) receive(atMost time.Duration) error {
	if c.raw == nil {
		return c.receiveAny(atMost)
	}
	c.setReadBy(atMost)
	if err := c.raw.Read(c.look); err != nil {
		return err
	}
	return c.lookErr
}

// lookFrom reads what there is, and reports false when that is nothing yet.
func (c *expressConn) lookFrom(socket uintptr) (done bool) {
	d := c.lane.takeDesk()
	n, err := syscall.Read(int(socket), d.room)
	for err == syscall.EINTR {
		n, err = syscall.Read(int(socket), d.room)
	}
	if n > 0 {
		d.seat(c, n)
		c.lookErr = nil
		return true
	}
	c.lane.giveBack(d)
	if err == nil {
		err = io.EOF
	}
	c.lookErr = err
	return err != syscall.EAGAIN
}
