package item

import "github.com/gramme-db/gramme/internal/wire/awsjson"

// Attributes is a map of attribute values as it came in a request.
type Attributes struct {
	// Item is never nil if Set. If Err is set too, a value that is none is
	// NULL in it: only its names may be looked at.
	Item Item
	Err  *ValueError // the first in the order of the request
	Set  bool        // false: absent, or null
}

// Input is one attribute value as it came in a request.
type Input struct {
	Value Value       // NULL if Err is set
	Err   *ValueError // the first in the order of the request
	Set   bool        // false: absent, or null
}

// Java's names of the shapes, for AWS's message about an array in their place.
const (
	javaValue = "com.amazonaws.dynamodb.v20120810.AttributeValue"
	javaMap   = "java.util.Map<java.lang.String, " + javaValue + ">"
)

// DecodeAttributes reads a map of attribute values. It goes on behind a value
// that is wrong, as d keeps JSON of the wrong type, and AWS reports that first
// wherever it stands. Of attributes of one name the last one counts.
func DecodeAttributes(d *awsjson.Decoder) Attributes {
	if !d.MapOf(javaMap) {
		return Attributes{}
	}
	dst, err := appendFields(room(d, itemRoomBytes), d, 0)
	d.KeepRoom(dst)
	return Attributes{Item: dst[:len(dst):len(dst)], Err: err, Set: true}
}

// DecodeInput reads one attribute value. A null is absent as a member, and an
// empty value as an element.
func DecodeInput(d *awsjson.Decoder, at awsjson.Position) Input {
	if at == awsjson.Member && d.Null() {
		return Input{}
	}
	dst, err := appendValue(room(d, valueRoomBytes), d, at, 1)
	if err != nil {
		err.Key = "" // of a map inside
	}
	d.KeepRoom(dst)
	return Input{Value: dst[:len(dst):len(dst)], Err: err, Set: !d.Failed()}
}

// room returns an empty buffer that a value of so many bytes fits into: what the
// values before it have left of theirs, or one for all that are to come. A
// stored form is never longer than its JSON.
func room(d *awsjson.Decoder, bytes int) []byte {
	rest := d.Remaining() + runHeadBytes
	if left := d.Room(); cap(left) >= min(bytes, rest) {
		return left
	}
	return make([]byte, 0, min(roomBytesMax, rest))
}

// appendFields appends the M value whose object d has entered. level is that
// of the map itself, 0 for an item.
func appendFields(dst []byte, d *awsjson.Decoder, level int) ([]byte, *ValueError) {
	var first *ValueError
	dst, start := openRun(append(dst, tagM))
	for d.Next() {
		name := d.Name()
		dst = appendRun(dst, name)
		if first == nil {
			first = nameError(name)
		}
		var err *ValueError
		dst, err = appendValue(dst, d, awsjson.Element, level+1)
		if err != nil && first == nil {
			first = err
			first.Key = string(name) // the outermost map is the last to set it
		}
	}
	dst = dropReplacedFields(dst, start+1)
	return closeRun(dst, start), first
}

// appendElements appends the L value whose array d has entered.
func appendElements(dst []byte, d *awsjson.Decoder, level int) ([]byte, *ValueError) {
	var first *ValueError
	dst, start := openRun(append(dst, tagL))
	for d.More() {
		var err *ValueError
		dst, err = appendValue(dst, d, awsjson.Element, level+1)
		if first == nil {
			first = err
		}
	}
	return closeRun(dst, start), first
}

// faults are the errors of one value, in the order in which AWS looks for them.
type faults struct {
	number, set, nested *ValueError
}

// appendValue appends the value that is next, NULL if it is none.
func appendValue(dst []byte, d *awsjson.Decoder, at awsjson.Position, level int) ([]byte, *ValueError) {
	start := len(dst)
	kind := Absent
	several := false
	var f faults
	if d.Struct(javaValue, at) {
		for d.Next() {
			named, mark := kindNamed(d.Name()), len(dst)
			dst = f.appendMember(dst, d, named, level)
			if len(dst) == mark {
				continue // null, or no type that we know
			}
			several = several || kind != Absent && kind != named
			kind = named
			if mark > start { // a second value of one type replaces the first
				dst = append(dst[:start], dst[mark:]...)
			}
		}
	}
	err := f.first(level)
	switch {
	case err != nil:
	case kind == Absent:
		err = &ValueError{Class: Empty, Text: textEmpty}
	case several:
		err = &ValueError{Class: MultipleTypes, Text: textMultipleTypes}
	default:
		return dst, nil
	}
	return append(dst[:start], tagNull), err
}

// first returns the error that AWS reports.
func (f *faults) first(level int) *ValueError {
	switch {
	case level > NestingLevelMax:
		return &ValueError{Class: Nesting, Text: textNesting}
	case f.number != nil:
		return f.number
	case f.set != nil:
		return f.set
	}
	return f.nested
}

// kindNamed returns the kind that a member of the AttributeValue structure
// stands for.
func kindNamed(name []byte) Kind {
	switch string(name) {
	case "S":
		return S
	case "N":
		return N
	case "B":
		return B
	case "SS":
		return SS
	case "NS":
		return NS
	case "BS":
		return BS
	case "M":
		return M
	case "L":
		return L
	case "NULL":
		return NULL
	case "BOOL":
		return BOOL
	}
	return Absent
}

// appendMember appends the value that one member of the structure holds; a
// null appends nothing. A value that is wrong may leave anything behind.
func (f *faults) appendMember(dst []byte, d *awsjson.Decoder, kind Kind, level int) []byte {
	var err *ValueError
	switch kind {
	case S:
		if text, ok := d.StringBytes(); ok {
			dst = appendRun(append(dst, tagS), text)
		}
	case N:
		if text, ok := d.StringBytes(); ok {
			dst, err = appendNumberRun(append(dst, tagN), text)
			note(&f.number, err)
		}
	case B:
		if b, ok := appendBlobRun(append(dst, tagB), d); ok {
			dst = b
		}
	case SS, NS, BS:
		if d.List() {
			dst = f.appendMembers(dst, d, kind)
		}
	case L:
		if d.List() {
			dst, err = appendElements(dst, d, level)
			note(&f.nested, err)
		}
	case M:
		if d.MapOf(javaMap) {
			dst, err = appendFields(dst, d, level)
			note(&f.nested, err)
		}
	case NULL:
		if null := d.Bool(); null.Set {
			dst = append(dst, tagNull)
			if !null.Value {
				note(&f.set, &ValueError{Class: NullFalse, Text: textNullFalse})
			}
		}
	case BOOL:
		if b := d.Bool(); b.Set {
			dst = append(dst, Bool(b.Value)...)
		}
	default:
		d.Skip()
	}
	return dst
}

// note keeps the first error.
func note(first **ValueError, err *ValueError) {
	if *first == nil {
		*first = err
	}
}

// appendMembers appends the set whose array d has entered. A null among the
// members is absent.
func (f *faults) appendMembers(dst []byte, d *awsjson.Decoder, kind Kind) []byte {
	dst, start := openRun(append(dst, tagOfKind[kind]))
	for d.More() {
		if kind == BS {
			dst, _ = appendBlobRun(dst, d)
			continue
		}
		text, ok := d.StringBytes()
		switch {
		case !ok:
		case kind == NS:
			var err *ValueError
			dst, err = appendNumberRun(dst, text)
			note(&f.number, err)
		default:
			dst = appendRun(dst, text)
		}
	}
	switch members := dst[start+1:]; {
	case len(members) == 0:
		note(&f.set, emptySetError(kind))
	case f.number == nil && f.set == nil && hasDuplicateMember(members):
		note(&f.set, duplicateError(kind, members))
	}
	return closeRun(dst, start)
}

// appendNumberRun appends the number of a text.
func appendNumberRun(dst, text []byte) ([]byte, *ValueError) {
	if isStoredInteger(text) {
		return appendRun(dst, text), nil
	}
	d, fault := parseDecimal(text)
	dst, start := openRun(dst)
	return closeRun(d.appendStored(dst), start), numberError(fault, text)
}

// appendBlobRun appends the bytes that are next. Where there are none, which
// is not the same as an empty blob, it returns dst and false.
func appendBlobRun(dst []byte, d *awsjson.Decoder) ([]byte, bool) {
	out, start := openRun(dst)
	out, ok := d.AppendBlob(out)
	if !ok {
		return dst, false
	}
	return closeRun(out, start), true
}
