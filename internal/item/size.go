package item

import "bytes"

// Size returns how many bytes DynamoDB counts for the item: its names and its
// values. It is what the 400 KB limit and capacity units measure, not the
// length of the stored form.
func (it Item) Size() int {
	n := 0
	for name, v := range it.All() {
		n += len(name) + v.Size()
	}
	return n
}

const (
	containerBytes = 3 // AWS: a list or map, before its elements
	elementBytes   = 1 // AWS: every element of a list, every field of a map
)

// Size returns how many bytes DynamoDB counts for the value.
func (v Value) Size() int {
	n := 0
	switch v.Kind() {
	case S, B:
		return len(v.payload())
	case N:
		return numberSize(v.payload())
	case NULL, BOOL:
		return 1
	case SS, BS:
		for m := range v.runs() {
			n += len(m)
		}
	case NS:
		for m := range v.runs() {
			n += numberSize(m)
		}
	case L:
		n = containerBytes
		for e := range v.Elements() {
			n += elementBytes + e.Size()
		}
	case M:
		n = containerBytes
		for name, f := range Item(v).All() {
			n += elementBytes + len(name) + f.Size()
		}
	}
	return n
}

// numberSize returns the size of a number from its stored text: one byte, one
// for a minus sign, and one for every pair of significant digits, counted
// apart before and behind the point.
func numberSize(text []byte) int {
	n := 1
	if len(text) > 0 && text[0] == '-' {
		n++
		text = text[1:]
	}
	if i := bytes.IndexByte(text, 'E'); i >= 0 { // all digits on one side of the point
		return n + pairs(text[:i])
	}
	whole, fraction, point := bytes.Cut(text, []byte{'.'})
	switch {
	case !point:
		return n + pairs(bytes.TrimRight(whole, "0"))
	case len(whole) == 1 && whole[0] == '0':
		return n + pairs(bytes.TrimLeft(fraction, "0"))
	}
	return n + pairs(whole) + pairs(fraction)
}

func pairs(digits []byte) int { return (len(digits) + 1) / 2 }

// Size returns how many bytes DynamoDB counts for the number.
func (d Decimal) Size() int {
	var text [2 * digitsMax]byte
	return numberSize(d.appendStored(text[:0]))
}
