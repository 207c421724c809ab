package item

import (
	"testing"

	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// decodeItem returns the item of a map of attribute values, which is correct.
func decodeItem(t testing.TB, json string) Item {
	t.Helper()
	a, err := decode(json)
	if err != nil || a.Err != nil || !a.Set {
		t.Fatalf("decode %s: %v, %v, set %v", json, err, a.Err, a.Set)
	}
	return a.Item
}

func decode(json string) (Attributes, error) {
	d := awsjson.NewDecoder([]byte(json))
	a := DecodeAttributes(&d)
	return a, d.End()
}

// value returns the one value of an attribute value in JSON.
func value(t testing.TB, json string) Value {
	t.Helper()
	v, ok := decodeItem(t, `{"v":`+json+`}`).Get("v")
	if !ok {
		t.Fatalf("decode %s: no value", json)
	}
	return v
}

func number(t testing.TB, text string) Decimal {
	t.Helper()
	d, err := ParseDecimal([]byte(text))
	if err != nil {
		t.Fatalf("parse %q: %v", text, err)
	}
	return d
}
