package item

import "github.com/gramme-db/gramme/internal/base"

// Builder writes the stored form of a value, from front to back:
//
//	b := item.NewBuilder(nil)
//	b.BeginMap()
//	b.NameString("Artist")
//	b.Value(item.String("A"))
//	b.EndMap()
//	it := b.Item()
//
// In a map every value comes behind its name, and no name comes twice. Update
// expressions and projections build what they return with it. The zero
// Builder is ready for use.
type Builder struct {
	buf   []byte
	start int   // where the value begins in buf
	open  []int // the runs of the containers that are not ended yet
}

// NewBuilder returns a Builder that appends to dst.
func NewBuilder(dst []byte) *Builder {
	return &Builder{buf: dst, start: len(dst)}
}

// Reset starts another value, which is appended to dst. The Builder keeps its
// own room, so that many values cost no more than one.
func (b *Builder) Reset(dst []byte) {
	b.buf, b.start, b.open = dst, len(dst), b.open[:0]
}

// BeginMap starts a map.
func (b *Builder) BeginMap() { b.begin(tagM) }

// EndMap ends the map that was started last.
func (b *Builder) EndMap() { b.end() }

// BeginList starts a list.
func (b *Builder) BeginList() { b.begin(tagL) }

// EndList ends the list that was started last.
func (b *Builder) EndList() { b.end() }

// Name writes the name of the next value in a map.
func (b *Builder) Name(name []byte) { b.buf = appendRun(b.buf, name) }

// NameString is Name for a string.
func (b *Builder) NameString(name string) { b.buf = appendRun(b.buf, name) }

// Value copies v, which is not absent.
func (b *Builder) Value(v Value) { b.buf = append(b.buf, v...) }

// Field writes a name and its value.
func (b *Builder) Field(name string, v Value) {
	b.NameString(name)
	b.Value(v)
}

// Finish returns the value that was built. It aliases the Builder's buffer,
// which is not to be written to again.
func (b *Builder) Finish() Value {
	base.Must(len(b.open) == 0, "every map and list is ended before its builder is")
	return Value(b.buf[b.start:len(b.buf):len(b.buf)])
}

// Item is Finish for a map.
func (b *Builder) Item() Item { return b.Finish().Map() }

func (b *Builder) begin(tag byte) {
	var start int
	b.buf, start = openRun(append(b.buf, tag))
	b.open = append(b.open, start)
}

func (b *Builder) end() {
	last := len(b.open) - 1
	b.buf = closeRun(b.buf, b.open[last])
	b.open = b.open[:last]
}
