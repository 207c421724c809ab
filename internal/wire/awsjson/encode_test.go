package awsjson

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/gramme-db/gramme/internal/wire"
)

func TestAppendString(t *testing.T) {
	tests := map[string]string{
		"":                 `""`,
		"plain / text":     `"plain / text"`,
		"a\"b\\c":          `"a\"b\\c"`,
		"\b\f\n\r\t":       `"\b\f\n\r\t"`,
		"\x00\x1f":         `"\u0000\u001F"`,
		"Ünïcödé 😀":        `"Ünïcödé 😀"`,
		"bad\xff\"\xfeend": `"bad` + "\uFFFD" + `\"` + "\uFFFD" + `end"`,
	}
	for s, want := range tests {
		if got := string(AppendString(nil, s)); got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
		if got := string(AppendStringBytes([]byte("x"), []byte(s))); got != "x"+want {
			t.Errorf("bytes of %q: got %s, want x%s", s, got, want)
		}
	}
}

func TestAppendNumbers(t *testing.T) {
	doubles := map[float64]string{
		0: "0.0", math.Copysign(0, -1): "0.0", 1: "1.0", 0.5: "0.5", -2.25: "-2.25", 100: "100.0",
		9999999: "9999999.0", 1e7: "1.0E7", 1.421866952062e9: "1.421866952062E9", 0.001: "0.001", 0.00012: "1.2E-4",
		math.NaN(): `"NaN"`, math.Inf(1): `"Infinity"`, math.Inf(-1): `"-Infinity"`,
	}
	for f, want := range doubles {
		if got := string(AppendDouble(nil, f)); got != want {
			t.Errorf("double %v: got %s, want %s", f, got, want)
		}
	}
	if got := string(AppendTimestamp(nil, 1421866952.06245)); got != "1.421866952062E9" {
		t.Errorf("timestamp: got %s", got)
	}
	if got := string(AppendBool(AppendInt(nil, math.MinInt64), true)); got != "-9223372036854775808true" {
		t.Errorf("integer and boolean: got %s", got)
	}
	if got := string(AppendBlob(nil, []byte{0xff, 0})); got != `"/wA="` {
		t.Errorf("blob: got %s", got)
	}
}

func TestAppendError(t *testing.T) {
	members := func(dst []byte) []byte { return append(dst, `"Item":{},`...) }
	tests := []struct {
		err  *wire.Error
		want string
	}{
		{Serialization(), `{"__type":"com.amazon.coral.service#SerializationException"}`},
		{SerializationMessage("x"), `{"__type":"com.amazon.coral.service#SerializationException","Message":"x"}`},
		{UnknownOperation(), `{"__type":"com.amazon.coral.service#UnknownOperationException"}`},
		{Validation(`a "b"`), `{"__type":"com.amazon.coral.validate#ValidationException","message":"a \"b\""}`},
		{Internal(), `{"__type":"com.amazon.coral.service#InternalServerError","message":"Internal server error"}`},
		{&wire.Error{Namespace: "n", Code: "C", Members: members, Message: "m"}, `{"__type":"n#C","Item":{},"message":"m"}`},
	}
	for _, test := range tests {
		got := string(AppendError(nil, test.err))
		if got != test.want {
			t.Errorf("%s: got %s, want %s", test.err.Code, got, test.want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%s: not JSON", test.err.Code)
		}
	}
}
