package awsjson

// Remaining returns how many bytes of the body are not consumed yet: what a
// caller reads from here on is no longer than that, so it knows how much room
// to make.
func (d *Decoder) Remaining() int { return len(d.body) - d.pos }

// Room returns an empty buffer that the values of one body share, nil to begin
// with. Whoever fills a part of it hands the rest back with KeepRoom.
func (d *Decoder) Room() []byte { return d.room }

// KeepRoom makes what is behind filled, in the same array, the room of the value
// that is read next. filled stays its holder's.
func (d *Decoder) KeepRoom(filled []byte) { d.room = filled[len(filled):] }
