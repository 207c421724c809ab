package gateway

import "time"

// receiveAny reads the beginning of a request into a desk, from a connection that
// cannot be looked into, as with TLS. While it waits it holds a desk for a while,
// and then none: of many connections most have nothing to say for long. TLS may
// tell of the end together with the last bytes: they count, and the next read
// tells of the end again.
func (c *expressConn) receiveAny(atMost time.Duration) error {
	d := c.lane.takeDesk()
	first := min(atMost, restPause)
	c.setReadBy(first)
	n, err := c.conn.Read(d.room)
	if err == nil || n > 0 {
		d.seat(c, n)
		return nil
	}
	c.lane.giveBack(d)
	if isTimeout(err) && first < atMost {
		return c.rest(atMost - first)
	}
	return err
}

// rest waits on without a desk.
func (c *expressConn) rest(atMost time.Duration) error {
	c.setReadBy(atMost)
	var first [restBytes]byte
	n, err := c.conn.Read(first[:])
	if n == 0 && err != nil {
		return err
	}
	d := c.lane.takeDesk()
	copy(d.room, first[:n])
	if n == restBytes { // there is more, most likely; if not, net/http waits for it
		c.readBy = time.Time{}
		c.setReadBy(restPause)
		more, _ := c.conn.Read(d.room[n:]) // an error comes again with the next read
		n += more
	}
	d.seat(c, n)
	return nil
}
