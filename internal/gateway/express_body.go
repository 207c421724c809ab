package gateway

import (
	"io"
	"time"
)

// expressBody is the body of the request under way.
type expressBody struct {
	desk   *desk
	left   int  // bytes of it that were not read
	length int  // of all of it
	timed  bool // the deadline for the rest of it is set
}

func (b *expressBody) begin(length int) {
	b.left, b.length, b.timed = length, length, false
	b.ended()
}

// ended lets the sentry listen, when all has come in.
func (b *expressBody) ended() {
	if b.left == 0 {
		b.desk.conn.sentry.allow(b.desk.cancel)
	}
}

// Read implements io.Reader.
func (b *expressBody) Read(p []byte) (n int, err error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(len(p), b.left)]
	d := b.desk
	if len(d.in) > 0 {
		n = copy(p, d.in)
		d.in = d.in[n:]
	} else {
		if !b.timed { // once: a body that trickles in gets no more time
			b.timed = true
			d.conn.setReadBy(b.readTime())
		}
		if n, err = d.conn.conn.Read(p); err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
	}
	b.left -= n
	b.ended()
	return n, err
}

// readTime returns how long the body may take: whoever sends little has no need
// of the time for the largest one.
func (b *expressBody) readTime() time.Duration {
	most := b.desk.conn.lane.options.RequestReadTimeMax
	least := min(bodyReadTimeMin, most)
	return least + time.Duration(int64(most-least)/bodyBytesMax*int64(min(b.length, bodyBytesMax)))
}

// Close implements io.Closer.
func (b *expressBody) Close() error { return nil }

// drain reads what the handler has left of the body, unless that is much: the
// next request comes behind it.
func (b *expressBody) drain() {
	if b.left == 0 || b.left > drainBytesMax {
		return
	}
	var room [512]byte
	for b.left > 0 {
		if _, err := b.Read(room[:]); err != nil {
			return
		}
	}
}
