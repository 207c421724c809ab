package emit

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/gramme-db/gramme/tools/apigen/plan"
)

// languages are the Go regular expressions of which a value must be in one.
func languages(shape *plan.Shape) []string {
	if len(shape.Matches) > 0 {
		return shape.Matches
	}
	return []string{shape.Pattern}
}

// matcherName returns the function that matches a shape's pattern: that of the
// first shape with the same one.
func (g *generator) matcherName(shape *plan.Shape) string {
	key := strings.Join(languages(shape), "\n")
	if g.matcher[key] == "" {
		g.matcher[key] = "matches" + shape.Name
	}
	return g.matcher[key]
}

// pattern writes the function that matches a shape's pattern, if it is not
// another shape's.
func (g *generator) pattern(w *file, shape *plan.Shape) error {
	name := g.matcherName(shape)
	if !g.once(name) {
		return nil
	}
	var tests []string
	var rest []string // languages that need a regular expression
	for _, language := range languages(shape) {
		class, empty, ok, err := byteClass(language)
		switch {
		case err != nil:
			return fmt.Errorf("shape %s: pattern %s: %w; give Go's form of it as \"matches\" in the overlay", shape.Name, language, err)
		case ok:
			tests = append(tests, writeByteClass(w, fmt.Sprintf("%sBytes%d", name, len(tests)+1), class, empty))
		default:
			rest = append(rest, "(?:"+language+")")
		}
	}
	if len(rest) > 0 {
		expression := strconv.Quote("^(?:" + strings.Join(rest, "|") + ")$")
		if !strings.Contains(expression, "`") {
			expression = "`^(?:" + strings.Join(rest, "|") + ")$`"
		}
		w.p("var %sRegexp = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(%s) })\n", name, expression)
		tests = append(tests, name+"Regexp().MatchString(v)")
	}
	w.p("func %s(v string) bool {\nreturn %s\n}\n", name, strings.Join(tests, " || "))
	return nil
}

// byteClass recognizes a language of the form [class]+ or [class]*, over
// ASCII, for which generated code is faster than a regular expression.
func byteClass(language string) (class []rune, empty, ok bool, err error) {
	if _, err := regexp.Compile(language); err != nil {
		return nil, false, false, err
	}
	re, err := syntax.Parse(language, syntax.Perl)
	if err != nil {
		return nil, false, false, err
	}
	if re.Op != syntax.OpPlus && re.Op != syntax.OpStar || re.Sub[0].Op != syntax.OpCharClass {
		return nil, false, false, nil
	}
	class = re.Sub[0].Rune
	if class[len(class)-1] > 0x7f {
		return nil, false, false, nil
	}
	return class, re.Op == syntax.OpStar, true, nil
}

// writeByteClass writes a function for such a language and returns a call of it.
func writeByteClass(w *file, name string, class []rune, empty bool) string {
	var ranges []string
	for i := 0; i < len(class); i += 2 {
		low, high := class[i], class[i+1]
		if low == high {
			ranges = append(ranges, fmt.Sprintf("c == %q", low))
			continue
		}
		ranges = append(ranges, fmt.Sprintf("%q <= c && c <= %q", low, high))
	}
	w.p("func %s(v string) bool {\nfor i := range len(v) {", name)
	w.p("switch c := v[i]; {\ncase %s:\ndefault:\nreturn false\n}\n}", strings.Join(ranges, ", "))
	if empty {
		w.p("return true\n}\n")
	} else {
		w.p("return v != \"\"\n}\n")
	}
	return name + "(v)"
}
