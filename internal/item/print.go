package item

import (
	"encoding/base64"

	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// String prints the item in one line, for scripts and the debug printer:
//
//	{Artist:"A" Plays:1 Cover:b64"AQ==" Tags:<<"a" "b">> Tracks:[1 true null] Label:{Name:"x"}}
//
// No item prints as nil, damaged bytes as far as they are whole.
func (it Item) String() string {
	if it == nil {
		return "nil"
	}
	return string(appendMapText(nil, it))
}

// String prints the value as Item.String does; an absent one prints as nil.
func (v Value) String() string { return string(v.appendText(nil)) }

func (v Value) appendText(dst []byte) []byte {
	switch kind := v.Kind(); kind {
	case S, N, B:
		return appendScalarText(dst, kind, v.payload())
	case SS, NS, BS:
		return v.appendSetText(dst)
	case L:
		return v.appendListText(dst)
	case M:
		return appendMapText(dst, Item(v))
	case NULL:
		return append(dst, "null"...)
	case BOOL:
		return awsjson.AppendBool(dst, v.Bool())
	}
	return append(dst, "nil"...)
}

func appendScalarText(dst []byte, kind Kind, payload []byte) []byte {
	switch kind {
	case N:
		return appendPlainText(dst, payload)
	case B:
		dst = append(dst, `b64"`...)
		dst = base64.StdEncoding.AppendEncode(dst, payload)
		return append(dst, '"')
	}
	return awsjson.AppendStringBytes(dst, payload)
}

func (v Value) appendSetText(dst []byte) []byte {
	dst = append(dst, "<<"...)
	kind := v.Kind().element()
	for m := range v.runs() {
		dst = append(appendScalarText(dst, kind, m), ' ')
	}
	return closeSequence(dst, ' ', ">>")
}

func (v Value) appendListText(dst []byte) []byte {
	dst = append(dst, '[')
	for e := range v.Elements() {
		dst = append(e.appendText(dst), ' ')
	}
	return closeSequence(dst, ' ', "]")
}

func appendMapText(dst []byte, it Item) []byte {
	dst = append(dst, '{')
	for name, v := range it.All() {
		if isWord(name) {
			dst = append(dst, name...)
		} else {
			dst = awsjson.AppendStringBytes(dst, name)
		}
		dst = append(dst, ':')
		dst = append(v.appendText(dst), ' ')
	}
	return closeSequence(dst, ' ', "}")
}

// isWord tells names that need no quotes.
func isWord(name []byte) bool {
	for _, c := range name {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-', c == '.', c == '#':
		default:
			return false
		}
	}
	return len(name) > 0
}

// closeSequence ends a bracket in which every element, if there is any, has
// been followed by a separator: end takes the place of the last one.
func closeSequence(dst []byte, separator byte, end string) []byte {
	if last := len(dst) - 1; dst[last] == separator {
		dst = dst[:last]
	}
	return append(dst, end...)
}
