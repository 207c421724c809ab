package item

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// mixedItem is an item of ten attributes whose size is about 900 bytes.
const mixedItem = `{"pk":{"S":"customer#0000000000000042"},"sk":{"N":"1700000123"},` +
	`"Name":{"S":"Jos\u00e9 \"Pepe\" Example of Somewhere"},` +
	`"Body":{"S":"Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat. Duis aute irure dolor in reprehenderit in voluptate velit esse cillum dolore eu fugiat nulla pariatur. Excepteur sint occaecat cupidatat non proident, sunt in culpa qui officia deserunt mollit anim id est laborum."},` +
	`"Price":{"N":"1299.95"},"Active":{"BOOL":true},"Gone":{"NULL":true},` +
	`"Tags":{"SS":["red","green","blue","a somewhat longer tag"]},` +
	`"Cover":{"B":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="},` +
	`"Address":{"M":{"Street":{"S":"12 Long Street Name"},"Zip":{"S":"12345"},"Geo":{"L":[{"N":"52.520008"},{"N":"13.404954"}]},` +
	`"Lines":{"L":[{"S":"first line of address"},{"S":"second line of address"},{"M":{"k":{"S":"v"},"n":{"N":"100000000"}}}]}}}}`

func BenchmarkDecodeItem(b *testing.B) {
	body := []byte(mixedItem)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		d := awsjson.NewDecoder(body)
		a := DecodeAttributes(&d)
		if a.Err != nil || a.Item == nil || d.End() != nil {
			b.Fatal(a.Err, d.End())
		}
	}
}

func BenchmarkEncodeItem(b *testing.B) {
	var small strings.Builder
	for i := range 20 {
		fmt.Fprintf(&small, `,"attr%d":{"S":"value %d"},"n%d":{"N":"%d"}`, i, i, i, 100*i)
	}
	for _, c := range []struct{ name, text string }{
		{"mixed", mixedItem},
		{"small", `{"pk":{"S":"customer#42"}` + small.String() + `}`},
		{"Cyrillic", `{"pk":{"S":"` + strings.Repeat("Привет, мир! ", 40) + `"}}`},
		{"JSON", `{"pk":{"S":"` + strings.Repeat(`{\"name\": \"some value\"}, `, 40) + `"}}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			it := decodeItem(b, c.text)
			dst := it.AppendJSON(nil)
			b.SetBytes(int64(len(dst)))
			b.ReportAllocs()
			for b.Loop() {
				dst = it.AppendJSON(dst[:0])
			}
		})
	}
}

func BenchmarkItemSize(b *testing.B) {
	it := decodeItem(b, mixedItem)
	b.ReportAllocs()
	for b.Loop() {
		if it.Size() == 0 {
			b.Fatal("no size")
		}
	}
}

func BenchmarkParseDecimal(b *testing.B) {
	text := []byte("1700000123.25")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseDecimal(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendKey(b *testing.B) {
	s, n := String("customer#0000000000000042"), Number(Int(1700000123))
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendKey(dst[:0], s)
		dst = AppendKey(dst, n)
	}
}
