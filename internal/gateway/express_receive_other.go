//go:build !unix

package gateway

// receive reads the beginning of a request into a desk.
func (c *expressConn) receive() error { return c.receiveAny() }

func (c *expressConn) lookFrom(uintptr) bool { return true }
