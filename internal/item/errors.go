package item

import (
	"encoding/base64"
	"strings"
)

// Class tells what is wrong with an attribute value. Callers wrap the texts
// of some classes and print others bare.
type Class uint8

// The classes of value errors.
const (
	Empty          Class = iota + 1 // no type at all
	MultipleTypes                   // more than one type
	NullFalse                       // NULL that is not true
	EmptySet                        // SS or BS without members
	EmptyNumberSet                  // NS without members
	DuplicateInSet                  // a member twice, NS by value
	BadNumber                       // no number, or beyond range or precision
	Nesting                         // deeper than NestingLevelMax
	EmptyName                       // an attribute without a name
	LongName                        // a name beyond nameBytesMax
)

// The texts are AWS's, word for word, double spaces included: clients match
// on them.
const (
	textInvalid = "One or more parameter values were invalid: "

	textEmpty          = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
	textMultipleTypes  = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
	textNullFalse      = textInvalid + "Null attribute value types must have the value of true"
	textEmptyStringSet = textInvalid + "An string set  may not be empty"
	textEmptyNumberSet = textInvalid + "An number set  may not be empty"
	textEmptyBinarySet = textInvalid + "Binary sets should not be empty"
	textDuplicateNS    = "Input collection contains duplicates"
	textNesting        = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
	textEmptyName      = textInvalid + "An AttributeValue may not contain an empty attribute name"
	textLongName       = textInvalid + "Attribute name is too large, must be less than 65536 bytes" // AWS's words are not known

	textNotANumber    = "The parameter cannot be converted to a numeric value"
	textOverflow      = "Number overflow. Attempting to store a number with magnitude larger than supported range"
	textUnderflow     = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
	textTooManyDigits = "Attempting to store more than 38 significant digits in a Number"
)

// ValueError is a value that is well-formed JSON of the right types and yet
// no attribute value.
type ValueError struct {
	Class Class
	Text  string // AWS's, to be wrapped by the operation
	Key   string // the top-level attribute that it is about, where there is one
}

// Error returns the text.
func (e *ValueError) Error() string { return e.Text }

// nameError returns what is wrong with the name of an attribute, nil if nothing.
func nameError(name []byte) *ValueError {
	switch {
	case len(name) == 0:
		return &ValueError{Class: EmptyName, Text: textEmptyName}
	case len(name) > nameBytesMax:
		return &ValueError{Class: LongName, Text: textLongName}
	}
	return nil
}

// numberFault tells why a text or a result is no number of ours.
type numberFault uint8

const (
	numberFine numberFault = iota
	numberSyntax
	numberOverflow
	numberUnderflow
	numberTooManyDigits
)

var numberTexts = [...]string{
	numberSyntax:        textNotANumber,
	numberOverflow:      textOverflow,
	numberUnderflow:     textUnderflow,
	numberTooManyDigits: textTooManyDigits,
}

// numberError returns the error for a fault, nil where there is none. The
// text of the number is printed if it is none.
func numberError(fault numberFault, text []byte) *ValueError {
	if fault == numberFine {
		return nil
	}
	e := &ValueError{Class: BadNumber, Text: numberTexts[fault]}
	if fault == numberSyntax && len(text) > 0 {
		e.Text += ": " + string(text)
	}
	return e
}

func emptySetError(kind Kind) *ValueError {
	switch kind {
	case NS:
		return &ValueError{Class: EmptyNumberSet, Text: textEmptyNumberSet}
	case BS:
		return &ValueError{Class: EmptySet, Text: textEmptyBinarySet}
	}
	return &ValueError{Class: EmptySet, Text: textEmptyStringSet}
}

// duplicateError prints all members of an SS or BS in the order of the
// request, as AWS does.
func duplicateError(kind Kind, members []byte) *ValueError {
	if kind == NS {
		return &ValueError{Class: DuplicateInSet, Text: textDuplicateNS}
	}
	var b strings.Builder
	b.WriteString(textInvalid + "Input collection [")
	for rest, separator := members, ""; len(rest) > 0; separator = ", " {
		var m []byte
		m, rest = cutRun(rest)
		b.WriteString(separator)
		if kind == BS {
			b.WriteString(base64.StdEncoding.EncodeToString(m))
		} else {
			b.Write(m)
		}
	}
	if kind == BS {
		b.WriteString("]of type BS contains duplicates.")
	} else {
		b.WriteString("] contains duplicates.")
	}
	return &ValueError{Class: DuplicateInSet, Text: b.String()}
}
