package expr

import (
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/wire"
)

// Scope holds the substitution variables of one request: what #names and
// :values stand for, and which of them its expressions have used. A nil Scope
// has none.
type Scope struct {
	names  []nameVariable  // in request order
	values []valueVariable // in request order

	// Where each variable stands, once there are many. A name's place is
	// counted up from 0, a value's down from -1.
	place map[string]int

	room struct {
		names  [4]nameVariable
		values [4]valueVariable
	}
}

type nameVariable struct {
	ref  string // with its mark: "#name"
	text string
	used bool
}

type valueVariable struct {
	ref   []byte // with its mark: ":value"
	value item.Value
	used  bool
}

// NewScope checks a request's variables. names nil and values not set are
// absent members.
func NewScope(names wire.Map[string], values item.Attributes) (*Scope, *Error) {
	if err := checkNames(names); err != nil {
		return nil, err
	}
	if err := checkValues(values); err != nil {
		return nil, err
	}
	s := new(Scope)
	s.names, s.values = s.room.names[:0], s.room.values[:0]
	size := len(values.Item)
	for _, e := range names {
		s.names = append(s.names, nameVariable{ref: e.Key, text: e.Value})
		size += len(e.Key) + len(e.Value)
	}
	for ref, v := range values.Item.All() {
		s.values = append(s.values, valueVariable{ref: ref, value: v})
	}
	if size > variablesBytesMax {
		return nil, errVariablesTooLarge()
	}
	if len(s.names)+len(s.values) > scopeSearchMax {
		s.index()
	}
	return s, nil
}

func checkNames(names wire.Map[string]) *Error {
	if names == nil {
		return nil
	}
	if len(names) == 0 {
		return errNoNames()
	}
	for _, e := range names {
		if err := checkReference(textNames, '#', e.Key); err != nil {
			return err
		}
	}
	for _, e := range names {
		if e.Value == "" {
			return errEmptyName(e.Key)
		}
	}
	return nil
}

func checkValues(values item.Attributes) *Error {
	if !values.Set {
		return nil
	}
	if values.Item.Len() == 0 {
		return errNoValues()
	}
	for ref := range values.Item.All() {
		if err := checkReference(textValues, ':', string(ref)); err != nil {
			return err
		}
	}
	if values.Err != nil {
		return errVariableValue(values.Err)
	}
	return nil
}

// checkReference checks the form of a variable: its mark, then letters,
// digits and underscores, at least one.
func checkReference(member string, mark byte, ref string) *Error {
	if len(ref) < 2 || ref[0] != mark || wordEnd(ref, 1) != len(ref) {
		return errVariableKey(member, ref)
	}
	if len(ref) > tokenBytesMax {
		return errVariableKeyTooLong(member, ref)
	}
	return nil
}

func (s *Scope) index() {
	s.place = make(map[string]int, len(s.names)+len(s.values))
	for i := range s.names {
		s.place[s.names[i].ref] = i
	}
	for i := range s.values {
		s.place[string(s.values[i].ref)] = -1 - i
	}
}

// name returns what a #name stands for, and marks it as used.
func (s *Scope) name(ref string) (string, bool) {
	if s == nil {
		return "", false
	}
	if s.place != nil {
		i, ok := s.place[ref]
		if !ok {
			return "", false
		}
		s.names[i].used = true
		return s.names[i].text, true
	}
	for i := range s.names {
		if s.names[i].ref == ref {
			s.names[i].used = true
			return s.names[i].text, true
		}
	}
	return "", false
}

// value returns what a :value stands for, and marks it as used.
func (s *Scope) value(ref string) (item.Value, bool) {
	if s == nil {
		return nil, false
	}
	if s.place != nil {
		i, ok := s.place[ref]
		if !ok {
			return nil, false
		}
		s.values[-1-i].used = true
		return s.values[-1-i].value, true
	}
	for i := range s.values {
		if string(s.values[i].ref) == ref {
			s.values[i].used = true
			return s.values[i].value, true
		}
	}
	return nil, false
}

// Unused returns the error for variables that no expression has used, names
// before values, each in request order. It is asked once all expressions of
// the request are parsed.
func (s *Scope) Unused() *Error {
	if s == nil {
		return nil
	}
	var keys []string
	for i := range s.names {
		if !s.names[i].used {
			keys = append(keys, s.names[i].ref)
		}
	}
	if keys != nil {
		return errUnused(textNames, keys)
	}
	for i := range s.values {
		if !s.values[i].used {
			keys = append(keys, string(s.values[i].ref))
		}
	}
	if keys != nil {
		return errUnused(textValues, keys)
	}
	return nil
}
