package awsjson

import "unsafe"

// Position says where a structure stands; AWS words a wrong type differently
// for each.
type Position uint8

const (
	Root    Position = iota // the body itself
	Member                  // a structure's member
	Element                 // in a list, or the value of a map's entry
)

// Decoder reads one body from front to back: a container is entered with
// Struct, MapOf or List, stepped through with Next or More, and every value in
// it is consumed by exactly one call, Skip included. A JSON null is an absent
// value everywhere.
//
// The first error is kept and ends the walk: a failed Decoder stands at the
// end of the body, so Next and More return false and every value is absent.
// The caller looks at End alone.
//
// Strings and names alias the body where it writes them without escapes, so
// the body must not be changed as long as they live. A Decoder is one value,
// meant for the stack; it is not safe for concurrent use.
type Decoder struct {
	body  []byte
	pos   int
	depth int  // open containers
	kept  int  // elements and entries that callers keep
	first bool // the innermost container has just been entered: no comma is due
	name  []byte
	room  []byte // empty; what is left of the caller's buffer

	syntax   bool   // the body is not JSON
	mismatch string // a value has the wrong type: AWS's text for it
}

// NewDecoder returns a Decoder at the start of body.
func NewDecoder(body []byte) Decoder { return Decoder{body: body} }

// Failed reports whether an error has ended the walk.
func (d *Decoder) Failed() bool { return d.syntax || d.mismatch != "" }

// End returns the outcome of the walk: nil, or the *wire.Error the client
// sees. A body that is not JSON is reported before a value of the wrong type,
// wherever in the body the two stand, as AWS parses before it converts.
func (d *Decoder) End() error {
	switch {
	case d.mismatch != "" && Valid(d.body):
		return SerializationMessage(d.mismatch)
	case d.Failed() || d.peek() != 0 || d.pos < len(d.body):
		return Serialization()
	}
	return nil
}

// Struct enters a structure. It returns false where the value is null, and
// where it is no object. class is the structure's Java class, with its
// package, as AWS's message names it.
func (d *Decoder) Struct(class string, at Position) bool {
	switch d.peek() {
	case '{':
		return d.enter()
	case '[':
		d.refuse("Unrecognized collection type class " + class)
	case 'n':
		if at != Root {
			d.null()
			return false
		}
		d.fail()
	default:
		d.refuse(scalarText(at))
	}
	return false
}

// scalarText is what AWS says of a scalar where a structure belongs.
func scalarText(at Position) string {
	if at == Element {
		return "Unexpected value type in payload"
	}
	return "Unexpected field type"
}

// MapOf enters a map: an object whose names are keys. It returns false where
// the value is null, and where it is no object. javaType is the map's type as
// AWS's message names it: java.util.Map<java.lang.String, java.lang.String>.
func (d *Decoder) MapOf(javaType string) bool {
	switch d.peek() {
	case '{':
		return d.enter()
	case 'n':
		d.null()
	case '[':
		d.refuse("Unrecognized collection type " + javaType)
	default:
		d.refuse("Unexpected field type")
	}
	return false
}

// List enters a list. It returns false where the value is null, and where it
// is no array.
func (d *Decoder) List() bool {
	switch d.peek() {
	case '[':
		return d.enter()
	case 'n':
		d.null()
	case '{':
		d.refuse(structureText)
	default:
		d.refuse("Unexpected field type")
	}
	return false
}

// Generic refuses a scalar where the next value must be a list or map that is
// itself an element of a list or map. It comes before List or MapOf there:
// AWS's decoder trips over Java's generic types at that place.
func (d *Decoder) Generic() {
	switch d.peek() {
	case '{', '[', 'n':
	default:
		d.refuse("class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class" +
			" (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of loader 'bootstrap')")
	}
}

// Next steps to the next member of the innermost object; false at its end,
// which it consumes.
func (d *Decoder) Next() bool {
	if !d.step('}') {
		return false
	}
	if d.peek() != '"' {
		return d.fail()
	}
	d.name = d.text()
	if d.Failed() || d.peek() != ':' {
		return d.fail()
	}
	d.pos++
	return true
}

// Name returns the name that Next has stepped to. It lives as long as the body.
func (d *Decoder) Name() []byte { return d.name }

// Key returns the name that Next has stepped to, where it is a map's key.
func (d *Decoder) Key() string { return view(d.name) }

// More steps to the next element of the innermost list; false at its end,
// which it consumes.
func (d *Decoder) More() bool { return d.step(']') }

// Null consumes a null, if one is next.
func (d *Decoder) Null() bool { return d.peek() == 'n' && d.null() }

// Skip consumes a value of any type without looking into it.
func (d *Decoder) Skip() {
	s := scanner{body: d.body, pos: d.pos, outside: d.depth}
	if !s.value() {
		d.fail()
		return
	}
	d.pos = s.pos
}

// enter consumes the bracket that opens a container.
func (d *Decoder) enter() bool {
	if d.depth == depthMax {
		return d.fail()
	}
	d.depth++
	d.pos++
	d.first = true
	return true
}

// step moves over a comma to the next member or element, or over the bracket
// that ends the container.
func (d *Decoder) step(end byte) bool {
	c := d.peek()
	first := d.first
	d.first = false
	switch {
	case c == end:
		d.depth--
		d.pos++
		return false
	case first:
		return !d.Failed()
	case c != ',':
		return d.fail()
	}
	d.pos++
	if d.peek() == end {
		return d.fail()
	}
	return true
}

// peek returns the next byte that is not white space, or 0 at the end.
func (d *Decoder) peek() byte {
	d.pos = skipSpace(d.body, d.pos)
	if d.pos == len(d.body) {
		return 0
	}
	return d.body[d.pos]
}

func (d *Decoder) null() bool {
	end, ok := scanWord(d.body, d.pos, "null")
	if !ok {
		return d.fail()
	}
	d.pos = end
	return true
}

// fail ends the walk: the body is not JSON. It always returns false.
func (d *Decoder) fail() bool {
	if !d.Failed() {
		d.syntax = true
	}
	d.pos = len(d.body)
	return false
}

// refuse ends the walk: the next value is of the wrong type, or is no value.
// End finds out which.
func (d *Decoder) refuse(text string) {
	if !d.Failed() {
		d.mismatch = text
	}
	d.pos = len(d.body)
}

// view returns b as a string without copying it.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
