//go:build !unix

package gateway

import "time"

// receive reads the beginning of a request into a desk.
func (c *expressConn) receive(atMost time.Duration) error { return c.receiveAny(atMost) }

func (c *expressConn) lookFrom(uintptr) bool { return true }
