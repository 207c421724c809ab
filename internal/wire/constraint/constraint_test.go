package constraint

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	const text = "Member must not be null"
	tests := []struct {
		name  string
		check func(c *Checker)
		want  string
	}{
		{"nothing", func(*Checker) {}, ""},
		{"one", func(c *Checker) {
			c.Member("TableName")
			c.Required(false)
		}, "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: " + text},
		{"two", func(c *Checker) {
			c.Member("Limit")
			c.Fail("0", "A")
			c.Member("SSEType")
			c.Fail("x", "B")
		}, "2 validation errors detected: Value '0' at 'limit' failed to satisfy constraint: A; Value 'x' at 'sSEType' failed to satisfy constraint: B"},
		{"list in map", func(c *Checker) {
			c.Member("RequestItems")
			c.Enter()
			c.Entry("T")
			c.Enter()
			c.Element(1)
			c.Enter()
			c.Member("PutRequest")
			c.Fail("x", "A")
			c.Leave()
			c.Leave()
			c.Leave()
			c.Fail("{}", "B")
		}, "2 validation errors detected: Value 'x' at 'requestItems.T.member.2.member.putRequest' failed to satisfy constraint: A; Value '{}' at 'requestItems' failed to satisfy constraint: B"},
		{"terse", func(c *Checker) {
			c.Member("Limit")
			c.FailTerse("A")
		}, "1 validation error detected: Value at 'Limit' failed to satisfy constraint: A"},
		{"refusal", func(c *Checker) {
			c.Member("Limit")
			c.Fail("0", "A")
			c.Refuse("as it is")
		}, "as it is"},
		{"long value", func(c *Checker) {
			c.Member("A")
			c.Fail(strings.Repeat("x", valueBytesMax+1), "A")
		}, "1 validation error detected: Value '" + strings.Repeat("x", valueBytesMax) + "...' at 'a' failed to satisfy constraint: A"},
	}
	for _, test := range tests {
		var c Checker
		test.check(&c)
		if got, ok := c.Text(); got != test.want || ok != (test.want != "") {
			t.Errorf("%s: got %q, %v, want %q", test.name, got, ok, test.want)
		}
	}
}

func TestFailuresMax(t *testing.T) {
	var c Checker
	for range 2 * failuresMax {
		c.Member("A")
		c.Required(false)
	}
	text, _ := c.Text()
	if !strings.HasPrefix(text, "10 validation errors detected: ") || strings.Count(text, "; ") != 9 {
		t.Errorf("got %q", text)
	}
}

// A path that is deeper than any model's is cut off, not lost.
func TestPathMax(t *testing.T) {
	var c Checker
	for range 2 * pathMax {
		c.Member("A")
		c.Enter()
	}
	c.Member("A")
	c.Required(false)
	text, _ := c.Text()
	if want := "Value null at '" + strings.Repeat("a.", pathMax-1) + "a'"; !strings.Contains(text, want) {
		t.Errorf("got %q", text)
	}
}

func TestLength(t *testing.T) {
	for s, want := range map[string]int64{"": 0, "abc": 3, "é": 1, "😀": 2} {
		if got := Length(s); got != want {
			t.Errorf("Length(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestClose(t *testing.T) {
	for s, want := range map[string]string{"[": "[]", "[a, ": "[a]", "[[a], ": "[[a]]"} {
		if got := string(Close([]byte(s), ']')); got != want {
			t.Errorf("Close(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestBuffer(t *testing.T) {
	if got, want := Buffer([]byte("abc")), "java.nio.HeapByteBuffer[pos=0 lim=3 cap=3]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
