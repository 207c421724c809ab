package gateway

// receiveAny reads from a connection into a desk that it holds while it waits.
func (c *expressConn) receiveAny() error {
	d := c.lane.takeDesk()
	n, err := c.conn.Read(d.room)
	if err != nil {
		c.lane.giveBack(d)
		return err
	}
	d.seat(c, n)
	return nil
}
