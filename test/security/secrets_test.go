package security

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// secrets are values that nobody but a client and the server may learn, each
// with what it is.
type secrets map[string]string

// mint makes a secret that stands in no text by chance. One that is called a
// number is of digits. All are 24 characters, which are also good base64.
func (s secrets) mint(what string) string {
	value := fmt.Sprintf("Hush%016dHush", len(s)+1)
	if strings.HasPrefix(what, "number") {
		value = fmt.Sprintf("707070%012d707070", len(s)+1)
	}
	return s.add(what, value)
}

func (s secrets) add(what, value string) string {
	s[value] = what
	return value
}

// fill replaces each $name in a text with the secret of that name.
func (s secrets) fill(text string) string {
	return regexp.MustCompile(`\$[a-z-]+`).ReplaceAllStringFunc(text, func(name string) string {
		for value, what := range s {
			if what == name[1:] {
				return value
			}
		}
		return s.mint(name[1:])
	})
}

// of returns the secrets of which the name begins so.
func (s secrets) of(prefix string) secrets {
	some := secrets{}
	for value, what := range s {
		if strings.HasPrefix(what, prefix) {
			some[value] = what
		}
	}
	return some
}

// found names the secrets that a text tells, as they are or in hexadecimal or
// base64, with what stands around them.
func (s secrets) found(text []byte) []string {
	var all []string
	for value, what := range s {
		for _, form := range forms(value) {
			if at := bytes.Index(text, []byte(form)); at >= 0 {
				around := text[max(0, at-80):min(len(text), at+len(form)+20)]
				all = append(all, fmt.Sprintf("%s, in %q", what, around))
				break
			}
		}
	}
	slices.Sort(all)
	return all
}

// forms returns what a value looks like in a log that is careless, wherever in a
// longer text it begins.
func forms(value string) []string {
	all := []string{value, hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString([]byte(value)))}
	for before := range 3 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("-", before) + value))
		whole := (before + len(value)) / 3 * 4        // the characters that the value alone, and not what follows, decides
		all = append(all, text[(before*8+5)/6:whole]) // without those that what is before it has a part in
	}
	return all
}

// check complains about each secret in a text.
func (s secrets) check(t *testing.T, where string, text []byte) {
	t.Helper()
	if len(text) == 0 {
		t.Errorf("%s: nothing is there to look at", where)
	}
	for _, leak := range s.found(text) {
		t.Errorf("%s tells %s", where, leak)
	}
}

// TestLeaksAreFound holds the search to logs that tell one secret each, in any
// form: a search that finds nothing proves nothing.
func TestLeaksAreFound(t *testing.T) {
	s := secrets{}
	s.fill("$password $number-of-card")
	s.add("signature", strings.Repeat("0a1b2c3d", 8))
	for value, what := range s {
		for before := range 4 {
			text := strings.Repeat("a", before) + value + "tail"
			for _, line := range []string{
				fmt.Sprintf("level=DEBUG msg=%q", text), fmt.Sprintf("%x", text), fmt.Sprintf("%X", text),
				base64.StdEncoding.EncodeToString([]byte(text)), fmt.Sprintf("%v", strings.Fields("x "+text)),
			} {
				got := s.found([]byte("time=1 " + line + "\n"))
				if len(got) != 1 || !strings.HasPrefix(got[0], what+", in ") {
					t.Errorf("%s in %q: found %v", what, line, got)
				}
			}
		}
	}
	if got := s.found([]byte("level=DEBUG msg=request operation=PutItem status=200")); got != nil {
		t.Errorf("found %v where nothing is", got)
	}
}
