package item

import "github.com/gramme-db/gramme/internal/wire/awsjson"

// AppendJSON appends the item as DynamoDB sends it: {"pk":{"S":"a"}}.
func (it Item) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for name, v := range it.All() {
		dst = append(awsjson.AppendStringBytes(dst, name), ':')
		dst = append(v.AppendJSON(dst), ',')
	}
	return awsjson.AppendClose(dst, '}')
}

// AppendJSON appends the value as DynamoDB sends it: {"S":"a"}. A value that
// is absent comes out as {}.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.Kind() {
	case S:
		dst = awsjson.AppendStringBytes(append(dst, `{"S":`...), v.payload())
	case N:
		dst = append(appendPlainText(append(dst, `{"N":"`...), v.payload()), '"')
	case B:
		dst = awsjson.AppendBlob(append(dst, `{"B":`...), v.payload())
	case SS, NS, BS:
		dst = v.appendSetJSON(dst)
	case L:
		dst = append(dst, `{"L":[`...)
		for e := range v.Elements() {
			dst = append(e.AppendJSON(dst), ',')
		}
		dst = awsjson.AppendClose(dst, ']')
	case M:
		dst = Item(v).AppendJSON(append(dst, `{"M":`...))
	case NULL:
		dst = append(dst, `{"NULL":true`...)
	case BOOL:
		dst = awsjson.AppendBool(append(dst, `{"BOOL":`...), v.Bool())
	default:
		dst = append(dst, '{')
	}
	return append(dst, '}')
}

func (v Value) appendSetJSON(dst []byte) []byte {
	kind := v.Kind()
	dst = append(append(append(dst, `{"`...), kind.String()...), `":[`...)
	for m := range v.runs() {
		switch kind {
		case NS:
			dst = append(appendPlainText(append(dst, '"'), m), '"')
		case BS:
			dst = awsjson.AppendBlob(dst, m)
		default:
			dst = awsjson.AppendStringBytes(dst, m)
		}
		dst = append(dst, ',')
	}
	return awsjson.AppendClose(dst, ']')
}
