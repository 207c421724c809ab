// Package constraint collects what a request breaks of its model's rules, in
// the words of AWS's service framework. It holds no rule: the generated code
// in internal/api walks the request and reports each failure with its text.
// It knows no protocol either; how the answer is encoded is the caller's.
package constraint

import (
	"bytes"
	"strconv"
	"unicode"
	"unicode/utf8"
)

const (
	failuresMax   = 10      // AWS: the rest of the request is not looked at
	pathMax       = 24      // ours: the models stay far below; a deeper path is printed cut off
	valueBytesMax = 8 << 10 // ours: a longer value or key is printed cut off
)

// Checker stands somewhere in a request and collects the failures there. Its
// zero value stands at the first member of the input; a request without
// failures costs no memory. It is used for one request.
type Checker struct {
	path     [pathMax]step
	depth    int // of the container that the check is in
	failures int
	text     []byte // what was collected, without its head
	refusal  string
}

// step is one part of a path.
type step struct {
	name  string // of a member, or the key of a map's entry
	index int    // of a list's element, from 1; 0 elsewhere
	entry bool   // name is a key
}

// Member moves to a member of the structure. name is as on the wire.
func (c *Checker) Member(name string) { c.move(step{name: name}) }

// Element moves to an element of the list, counted from 0.
func (c *Checker) Element(i int) { c.move(step{index: i + 1}) }

// Entry moves to an entry of the map.
func (c *Checker) Entry(key string) { c.move(step{name: key, entry: true}) }

func (c *Checker) move(s step) {
	if c.depth < pathMax {
		c.path[c.depth] = s
	}
}

// Enter goes into the structure, list or map that the check stands at; a
// Member, Element or Entry follows. Leave goes back to it.
func (c *Checker) Enter() { c.depth++ }

// Leave is described at Enter.
func (c *Checker) Leave() { c.depth-- }

// Required reports whether a required member is there, and its absence as a
// failure.
func (c *Checker) Required(set bool) bool {
	if !set {
		c.fail("Value null at '", "Member must not be null")
	}
	return set
}

// Fail reports a failure of the value that the check stands at. text is the
// constraint in AWS's words.
func (c *Checker) Fail(value, text string) {
	c.fail("Value '"+clip(value)+"' at '", text)
}

// clip bounds what is printed of a value or key.
func clip(value string) string {
	if len(value) > valueBytesMax {
		return value[:valueBytesMax] + "..."
	}
	return value
}

func (c *Checker) fail(head, text string) {
	if c.begin() {
		c.text = append(c.text, head...)
		c.appendPath(lowerFirst)
		c.finish(text)
	}
}

// FailTerse is Fail for the few constraints that AWS reports without the
// value, and with the path as it is written on the wire.
func (c *Checker) FailTerse(text string) {
	if c.begin() {
		c.text = append(c.text, "Value at '"...)
		c.appendPath(asWritten)
		c.finish(text)
	}
}

// begin makes room for one more failure, if there may be one.
func (c *Checker) begin() bool {
	if c.failures == failuresMax {
		return false
	}
	if c.failures > 0 {
		c.text = append(c.text, "; "...)
	}
	c.failures++
	return true
}

func (c *Checker) finish(text string) {
	c.text = append(c.text, "' failed to satisfy constraint: "...)
	c.text = append(c.text, text...)
}

// Refuse ends the check with an answer of its own, which is printed alone and
// as it is.
func (c *Checker) Refuse(text string) { c.refusal = text }

// Failures returns how many failures there are so far.
func (c *Checker) Failures() int { return c.failures }

// Text returns what the client is told, and false if there is nothing.
func (c *Checker) Text() (string, bool) {
	switch {
	case c.refusal != "":
		return c.refusal, true
	case c.failures == 0:
		return "", false
	case c.failures == 1:
		return "1 validation error detected: " + string(c.text), true
	}
	return strconv.Itoa(c.failures) + " validation errors detected: " + string(c.text), true
}

// appendPath appends the path: names joined by points, elements as
// <index>.member, entries as <key>.member.
func (c *Checker) appendPath(name func(dst []byte, name string) []byte) {
	for i, s := range c.path[:min(c.depth+1, pathMax)] {
		if i > 0 {
			c.text = append(c.text, '.')
		}
		switch {
		case s.index > 0:
			c.text = strconv.AppendInt(c.text, int64(s.index), 10)
			c.text = append(c.text, ".member"...)
		case s.entry:
			c.text = append(c.text, clip(s.name)...)
			c.text = append(c.text, ".member"...)
		default:
			c.text = name(c.text, s.name)
		}
	}
}

func asWritten(dst []byte, name string) []byte { return append(dst, name...) }

// lowerFirst appends a name as AWS's Java calls the member.
func lowerFirst(dst []byte, name string) []byte {
	r, size := utf8.DecodeRuneInString(name)
	dst = utf8.AppendRune(dst, unicode.ToLower(r))
	return append(dst, name[size:]...)
}

// Length returns the length of a string as AWS's Java counts it, in UTF-16
// units.
func Length(s string) int64 {
	n := int64(0)
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

// Buffer is how AWS's Java prints a blob: without its bytes.
func Buffer(b []byte) string {
	n := strconv.Itoa(len(b))
	return "java.nio.HeapByteBuffer[pos=0 lim=" + n + " cap=" + n + "]"
}

// Close ends the printed form of a list, map or structure, in place of the
// separator after its last part.
func Close(dst []byte, bracket byte) []byte {
	return append(bytes.TrimSuffix(dst, []byte(", ")), bracket)
}
