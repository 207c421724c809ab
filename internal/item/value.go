package item

import "iter"

// Value is the stored form of one attribute value; an empty Value is an
// absent one. It aliases the item that it was taken from and is read only.
// The methods of a Value bear any bytes, and see a malformed part as absent.
type Value []byte

// String returns the S value of s, which is valid UTF-8.
func String(s string) Value {
	return appendRun(append(make(Value, 0, len(s)+runHeadBytes), tagS), s)
}

// Binary returns a B value.
func Binary(b []byte) Value {
	return appendRun(append(make(Value, 0, len(b)+runHeadBytes), tagB), b)
}

// Number returns an N value.
func Number(d Decimal) Value {
	return appendNumber(nil, d)
}

// Bool returns a BOOL value.
func Bool(b bool) Value {
	if b {
		return Value{tagTrue}
	}
	return Value{tagFalse}
}

// Null returns the NULL value.
func Null() Value { return Value{tagNull} }

// Set returns an SS, NS or BS value. Members are distinct, at least one, in
// the form in which Value.Members yields them.
func Set(kind Kind, members [][]byte) Value {
	dst, start := openRun([]byte{tagOfKind[kind]})
	for _, m := range members {
		if kind == NS {
			dst = appendNumberText(dst, m)
			continue
		}
		dst = appendRun(dst, m)
	}
	return closeRun(dst, start)
}

// NewSet is Set for members of a request, which may be none or come twice.
func NewSet(kind Kind, members [][]byte) (Value, *ValueError) {
	if len(members) == 0 {
		return nil, emptySetError(kind)
	}
	v := Set(kind, members)
	if payload := v.payload(); hasDuplicateMember(payload) {
		return nil, duplicateError(kind, payload)
	}
	return v, nil
}

// Levels returns how many levels of values there are in v, 0 in one that holds
// no others.
func (v Value) Levels() int {
	n := 0
	switch v.Kind() {
	case L:
		for e := range v.Elements() {
			n = max(n, 1+e.Levels())
		}
	case M:
		for _, f := range v.Map().All() {
			n = max(n, 1+f.Levels())
		}
	}
	return n
}

// Kind returns the type of v.
func (v Value) Kind() Kind {
	if len(v) == 0 {
		return Absent
	}
	return kindOfTag[v[0]]
}

// payload returns what stands behind tag and length, nil where there is none.
func (v Value) payload() []byte {
	if len(v) < 2 {
		return nil
	}
	payload, _ := cutRun(v[1:])
	return payload
}

// payloadOf is payload for a value of kind k, and nil for any other.
func (v Value) payloadOf(k Kind) []byte {
	if v.Kind() != k {
		return nil
	}
	return v.payload()
}

// fields returns the payload of an M value.
func (v Value) fields() []byte { return v.payloadOf(M) }

// Bytes returns the text of an S value, the bytes of a B value and the
// canonical text of an N value, nil for other kinds. It aliases v except for
// a number with many zeros next to its significant digits.
func (v Value) Bytes() []byte {
	switch v.Kind() {
	case S, B:
		return v.payload()
	case N:
		return plainText(v.payload())
	}
	return nil
}

// Decimal returns the number of an N value.
func (v Value) Decimal() (Decimal, bool) {
	if v.Kind() != N {
		return Decimal{}, false
	}
	d, fault := parseDecimal(v.payload())
	return d, fault == numberFine
}

// Bool returns whether v is the BOOL value true.
func (v Value) Bool() bool { return len(v) > 0 && v[0] == tagTrue }

// Len returns the number of members of a set, elements of a list or fields of
// a map, and 0 for other kinds.
func (v Value) Len() int {
	n := 0
	switch v.Kind() {
	case SS, NS, BS:
		for range v.runs() {
			n++
		}
	case L:
		for range v.Elements() {
			n++
		}
	case M:
		for range Item(v).All() {
			n++
		}
	}
	return n
}

// runs ranges over the members of a set as they are stored.
func (v Value) runs() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if !v.Kind().IsSet() {
			return
		}
		rest := v.payload()
		for len(rest) > 0 {
			var m []byte
			m, rest = cutRun(rest)
			if m == nil || !yield(m) {
				return
			}
		}
	}
}

// Members ranges over the members of a set in stored order, in the form of
// Bytes.
func (v Value) Members() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		numbers := v.Kind() == NS
		for m := range v.runs() {
			if numbers {
				m = plainText(m)
			}
			if !yield(m) {
				return
			}
		}
	}
}

// Elements ranges over the elements of a list.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		rest := v.payloadOf(L)
		for len(rest) > 0 {
			var e Value
			e, rest = cutValue(rest)
			if e == nil || !yield(e) {
				return
			}
		}
	}
}

// Index returns element i of a list, counted from 0.
func (v Value) Index(i int) (Value, bool) {
	if i < 0 {
		return nil, false
	}
	rest := v.payloadOf(L)
	for len(rest) > 0 {
		var e Value
		e, rest = cutValue(rest)
		if i == 0 {
			return e, e != nil
		}
		i--
	}
	return nil, false
}

// Field returns a field of a map.
func (v Value) Field(name string) (Value, bool) {
	rest := v.fields()
	for len(rest) > 0 {
		var n []byte
		var f Value
		n, f, rest = cutField(rest)
		if string(n) == name && f != nil {
			return f, true
		}
	}
	return nil, false
}

// Map returns an M value as an item, and nil for any other kind.
func (v Value) Map() Item {
	if v.Kind() != M {
		return nil
	}
	return Item(v)
}
