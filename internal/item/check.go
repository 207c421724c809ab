package item

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Check reports what is wrong with bytes that should be the stored form of
// one attribute's value and nothing else. The store's checking tools call it on
// what they read; requests never make a form that fails.
func Check(b []byte) error { return checkWhole(b, 1) }

// Check is as the function, for the stored form of an item.
func (it Item) Check() error {
	if Value(it).Kind() != M {
		return errors.New("item: no map of attributes")
	}
	return checkWhole(it, 0)
}

// Valid reports whether it is the whole and correct stored form of an item.
func (it Item) Valid() bool { return it.Check() == nil }

// checkWhole checks bytes that are to be one value at a level of nesting; an
// item is at level 0, its attributes are at 1.
func checkWhole(b []byte, level int) error {
	v, rest := cutValue(b)
	if v == nil {
		return errors.New("item: no tag and length of a value")
	}
	if len(rest) > 0 {
		return fmt.Errorf("item: %d bytes behind the value", len(rest))
	}
	return v.check(level)
}

// check checks a whole value, whose elements are at the level below.
func (v Value) check(level int) error {
	kind := v.Kind()
	payload := v.payload()
	if kind != NULL && kind != BOOL && !bytes.HasPrefix(v[1:], appendLength(nil, payload)) {
		return fmt.Errorf("item: length of %s takes more bytes than it needs", kind)
	}
	if level > NestingLevelMax {
		return fmt.Errorf("item: nested deeper than %d levels", NestingLevelMax)
	}
	switch kind {
	case S, N:
		return checkScalar(kind, payload)
	case SS, NS, BS:
		return checkSet(kind, payload)
	case L:
		return checkList(payload, level)
	case M:
		return checkMap(payload, level)
	}
	return nil
}

func checkScalar(kind Kind, payload []byte) error {
	switch kind {
	case S:
		if !utf8.Valid(payload) {
			return fmt.Errorf("item: text is not UTF-8: %q", payload)
		}
	case N:
		d, fault := parseDecimal(payload)
		if fault != numberFine || !bytes.Equal(d.appendStored(nil), payload) {
			return fmt.Errorf("item: not the stored text of a number: %q", payload)
		}
	}
	return nil
}

func checkSet(kind Kind, payload []byte) error {
	if len(payload) == 0 {
		return fmt.Errorf("item: %s without members", kind)
	}
	for rest := payload; len(rest) > 0; {
		m, after, err := checkRun(rest)
		if err != nil {
			return err
		}
		if err := checkScalar(kind.element(), m); err != nil {
			return err
		}
		rest = after
	}
	if hasDuplicateMember(payload) {
		return fmt.Errorf("item: %s with a member twice", kind)
	}
	return nil
}

func checkList(payload []byte, level int) error {
	for rest := payload; len(rest) > 0; {
		e, after := cutValue(rest)
		if e == nil {
			return errors.New("item: damaged list")
		}
		if err := e.check(level + 1); err != nil {
			return err
		}
		rest = after
	}
	return nil
}

func checkMap(payload []byte, level int) error {
	for rest := payload; len(rest) > 0; {
		name, after, err := checkRun(rest)
		if err != nil {
			return err
		}
		if len(name) == 0 || !utf8.Valid(name) {
			return fmt.Errorf("item: bad name %q", name)
		}
		v, after := cutValue(after)
		if v == nil {
			return fmt.Errorf("item: damaged value of %q", name)
		}
		if err := v.check(level + 1); err != nil {
			return err
		}
		rest = after
	}
	if hasDuplicateName(payload) {
		return errors.New("item: map with a name twice")
	}
	return nil
}

// checkRun is cutRun for a run whose length is written in as few bytes as it
// needs.
func checkRun(b []byte) (payload, rest []byte, err error) {
	payload, rest = cutRun(b)
	if payload == nil {
		return nil, nil, errors.New("item: damaged length")
	}
	if !bytes.HasPrefix(b, appendLength(nil, payload)) {
		return nil, nil, errors.New("item: length takes more bytes than it needs")
	}
	return payload, rest, nil
}
