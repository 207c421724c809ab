package awsjson

// Remaining returns how many bytes of the body are not consumed yet: what a
// caller reads from here on is no longer than that, so it knows how much room
// to make.
func (d *Decoder) Remaining() int { return len(d.body) - d.pos }
