package item

import "github.com/gramme-db/gramme/internal/wire/awsjson"

// AppendJSON appends the item as DynamoDB sends it: {"pk":{"S":"a"}}.
func (it Item) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for name, v := range it.All() {
		dst = awsjson.AppendStringBytes(dst, name)
		dst = append(dst, ':')
		dst = append(v.AppendJSON(dst), ',')
	}
	return closeSequence(dst, ',', "}")
}

// AppendJSON appends the value as DynamoDB sends it: {"S":"a"}. A value that
// is absent comes out as {}.
func (v Value) AppendJSON(dst []byte) []byte {
	kind := v.Kind()
	if kind == Absent {
		return append(dst, '{', '}')
	}
	dst = append(dst, '{', '"')
	dst = append(dst, kind.String()...)
	dst = append(dst, '"', ':')
	switch kind {
	case S, N, B:
		dst = appendScalarJSON(dst, kind, v.payload())
	case SS, NS, BS:
		dst = v.appendSetJSON(dst)
	case L:
		dst = v.appendListJSON(dst)
	case M:
		dst = Item(v).AppendJSON(dst)
	case NULL:
		dst = append(dst, "true"...)
	case BOOL:
		dst = awsjson.AppendBool(dst, v.Bool())
	}
	return append(dst, '}')
}

func appendScalarJSON(dst []byte, kind Kind, payload []byte) []byte {
	switch kind {
	case N:
		dst = append(dst, '"')
		dst = appendPlainText(dst, payload)
		return append(dst, '"')
	case B:
		return awsjson.AppendBlob(dst, payload)
	}
	return awsjson.AppendStringBytes(dst, payload)
}

func (v Value) appendSetJSON(dst []byte) []byte {
	dst = append(dst, '[')
	kind := v.Kind().element()
	for m := range v.runs() {
		dst = append(appendScalarJSON(dst, kind, m), ',')
	}
	return closeSequence(dst, ',', "]")
}

func (v Value) appendListJSON(dst []byte) []byte {
	dst = append(dst, '[')
	for e := range v.Elements() {
		dst = append(e.AppendJSON(dst), ',')
	}
	return closeSequence(dst, ',', "]")
}

// closeSequence ends a bracket in which every element, if there is any, has
// been followed by a separator: end takes the place of the last one.
func closeSequence(dst []byte, separator byte, end string) []byte {
	if last := len(dst) - 1; dst[last] == separator {
		dst = dst[:last]
	}
	return append(dst, end...)
}
