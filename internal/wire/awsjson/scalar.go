package awsjson

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"github.com/gramme-db/gramme/internal/wire"
)

const structureText = "Start of structure or map found where not expected"

// String reads a string.
func (d *Decoder) String() wire.Opt[string] {
	s, ok := d.StringBytes()
	return wire.Opt[string]{Value: view(s), Set: ok}
}

// StringBytes reads a string as bytes, which alias the body where it writes
// them without escapes.
func (d *Decoder) StringBytes() ([]byte, bool) {
	switch d.peek() {
	case '"':
		s := d.text()
		return s, !d.Failed()
	case 'n':
		d.null()
	default:
		d.refuseScalar("java.lang.String", " cannot be converted to String")
	}
	return nil, false
}

// Bool reads a boolean; like AWS it takes the words for one as strings too.
func (d *Decoder) Bool() wire.Opt[bool] {
	switch d.peek() {
	case 't', 'f':
		value := d.body[d.pos] == 't'
		return wire.Opt[bool]{Value: value, Set: d.scalar() != nil}
	case '"':
		value, ok := boolWord(d.text())
		if !ok {
			d.refuse("Unexpected token received from parser")
		}
		return wire.Opt[bool]{Value: value, Set: !d.Failed()}
	case 'n':
		d.null()
	default:
		d.refuseScalar("java.lang.Boolean", " cannot be converted to Boolean")
	}
	return wire.Opt[bool]{}
}

func boolWord(word []byte) (value, ok bool) {
	switch strings.ToLower(string(word)) {
	case "true", "1", "yes":
		return true, true
	case "false", "0", "no":
		return false, true
	}
	return false, false
}

// Integer reads a 32-bit number. A fraction is rounded down, as AWS does; a
// number beyond the type's range becomes its limit, which is our choice.
func (d *Decoder) Integer() wire.Opt[int64] {
	v := d.whole("java.lang.Integer", " cannot be converted to Integer")
	v.Value = min(max(v.Value, math.MinInt32), math.MaxInt32)
	return v
}

// Long reads a 64-bit number, with Integer's rules.
func (d *Decoder) Long() wire.Opt[int64] {
	return d.whole("java.lang.Long", " cannot be converted to Long")
}

func (d *Decoder) whole(class, convert string) wire.Opt[int64] {
	number := d.number(class, convert)
	if number == nil {
		return wire.Opt[int64]{}
	}
	n, err := strconv.ParseInt(view(number), 10, 64)
	if err != nil {
		n = saturate(math.Floor(parseFloat(number)))
	}
	return wire.Some(n)
}

// saturate converts a whole number to an int64, or to the limit it exceeds.
func saturate(f float64) int64 {
	switch {
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

// Double reads a number. Beyond the range of a double it is an infinity.
func (d *Decoder) Double() wire.Opt[float64] {
	return d.float("java.lang.Double", " cannot be converted to Double")
}

// Timestamp reads a time: seconds since 1970 in UTC.
func (d *Decoder) Timestamp() wire.Opt[float64] {
	return d.float("java.util.Date", " can not be converted to milliseconds since epoch")
}

func (d *Decoder) float(class, convert string) wire.Opt[float64] {
	number := d.number(class, convert)
	if number == nil {
		return wire.Opt[float64]{}
	}
	return wire.Some(parseFloat(number))
}

// Blob reads bytes, which JSON carries in base64.
func (d *Decoder) Blob() wire.Opt[[]byte] {
	b, ok := d.AppendBlob([]byte{})
	if !ok {
		return wire.Opt[[]byte]{}
	}
	return wire.Some(b)
}

// AppendBlob reads bytes, which JSON carries in base64, and appends them to dst.
func (d *Decoder) AppendBlob(dst []byte) ([]byte, bool) {
	switch d.peek() {
	case '"':
		text := d.text()
		if d.Failed() {
			return dst, false
		}
		if len(text)%4 != 0 {
			d.refuse("Base64 encoded length is expected a multiple of 4 bytes but found: " + strconv.Itoa(len(text)))
			return dst, false
		}
		return d.appendBase64(dst, text)
	case 'n':
		d.null()
	case '[', '{':
		d.refuseScalar("java.nio.ByteBuffer", "")
	default:
		d.refuse("only base-64-encoded strings are convertible to bytes")
	}
	return dst, false
}

func (d *Decoder) appendBase64(dst, text []byte) ([]byte, bool) {
	if bytes.ContainsAny(text, "\r\n") { // which Go would pass over
		text = nil
		d.refuse(base64Text)
	}
	out, err := base64.StdEncoding.Strict().AppendDecode(dst, text)
	if err != nil {
		d.refuse(base64Text)
	}
	if d.Failed() {
		return dst, false
	}
	return out, true
}

const base64Text = "Invalid last non-pad Base64 character dectected" // sic

// text consumes the string that is next and returns its value.
func (d *Decoder) text() []byte {
	start := d.pos + 1
	end, escaped, ok := scanString(d.body, d.pos)
	if !ok {
		d.fail()
		return nil
	}
	d.pos = end
	s := d.body[start : end-1 : end-1]
	if escaped {
		return unescape(s)
	}
	return s
}

// number consumes the number that is next and returns its digits; nil where
// the value is null or no number.
func (d *Decoder) number(class, convert string) []byte {
	switch c := d.peek(); {
	case c == '-' || '0' <= c && c <= '9':
		return d.scalar()
	case c == 'n':
		d.null()
	default:
		d.refuseScalar(class, convert)
	}
	return nil
}

// scalar consumes the scalar that is next and returns its bytes, nil if they
// are malformed.
func (d *Decoder) scalar() []byte {
	start := d.pos
	end, ok := scanScalar(d.body, start)
	if !ok {
		d.fail()
		return nil
	}
	d.pos = end
	return d.body[start:end]
}

// refuseScalar refuses a value that is not of the scalar type that belongs
// here. class is the type's Java class, convert what AWS says of a scalar of
// another type after naming it.
func (d *Decoder) refuseScalar(class, convert string) {
	switch c := d.peek(); c {
	case '[':
		d.refuse("Unrecognized collection type class " + class)
	case '{':
		d.refuse(structureText)
	case '"':
		d.refuse("STRING_VALUE" + convert)
	case 't':
		d.refuse("TRUE_VALUE" + convert)
	case 'f':
		d.refuse("FALSE_VALUE" + convert)
	default:
		if _, fractional, _ := scanNumber(d.body, d.pos); fractional {
			d.refuse("DECIMAL_VALUE" + convert)
			return
		}
		d.refuse("NUMBER_VALUE" + convert)
	}
}
