package emit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gramme-db/gramme/tools/apigen/model"
	"github.com/gramme-db/gramme/tools/apigen/plan"
)

// rule is one constraint of a shape.
type rule struct {
	fails string // a Go expression over the value
	text  string // in AWS's words
	terse bool
}

// rules returns a shape's own constraints in the order of AWS's checks. v is
// the Go expression of the value.
func (g *generator) rules(shape *plan.Shape, v string) []rule {
	var rules []rule
	if shape.Pattern != "" {
		rules = append(rules, rule{fails: "!" + g.matcherName(shape) + "(" + v + ")", text: patternText(shape)})
	}
	what, size := "length", "len("+v+")"
	switch {
	case shape.Kind == model.String:
		size = "constraint.Length(" + v + ")"
	case plan.IsScalar(shape) && shape.Kind != model.Blob:
		what, size = "value", v
	}
	if shape.Min != nil && (what == "value" || *shape.Min > 0) {
		fails := fmt.Sprintf("%s < %d", size, *shape.Min)
		if shape.Kind == model.String && *shape.Min == 1 {
			fails = v + ` == ""`
		}
		rules = append(rules, rule{fails, minText(what, *shape.Min), slices.Contains(shape.Terse, "min")})
	}
	if shape.Max != nil {
		rules = append(rules, rule{fmt.Sprintf("%s > %d", size, *shape.Max), maxText(what, *shape.Max), slices.Contains(shape.Terse, "max")})
	}
	if shape.Enum != nil {
		rules = append(rules, rule{fails: "!is" + shape.Name + "(" + v + ")", text: enumText(shape)})
	}
	return rules
}

func minText(what string, n int64) string {
	return fmt.Sprintf("Member must have %s greater than or equal to %d", what, n)
}

func maxText(what string, n int64) string {
	return fmt.Sprintf("Member must have %s less than or equal to %d", what, n)
}

func patternText(shape *plan.Shape) string {
	return "Member must satisfy regular expression pattern: " + shape.Pattern
}

func enumText(shape *plan.Shape) string {
	return "Member must satisfy enum value set: [" + strings.Join(shape.Enum, ", ") + "]"
}

// partText lists the constraints of a list's elements or a map's keys or
// values, as AWS prints them for the whole: the maximum first.
func partText(rules []rule) string {
	texts := make([]string, len(rules))
	for i, r := range rules {
		texts[i] = r.text
	}
	order := func(text string) int {
		return slices.IndexFunc([]string{"less than", "greater than", "pattern", ""}, func(part string) bool {
			return strings.Contains(text, part)
		})
	}
	slices.SortStableFunc(texts, func(a, b string) int { return order(a) - order(b) })
	return "[" + strings.Join(texts, ", ") + "]"
}

// findCalled collects the shapes whose check is a function of its own: those of
// members, and of lists and maps inside lists and maps. The rules of other
// parts are written into the check of the whole.
func (g *generator) findCalled() {
	g.called = make(map[*plan.Shape]bool)
	for _, o := range g.Operations {
		g.findCalledIn(o.Input)
	}
	for _, shape := range g.Types {
		if shape.InInput {
			g.findCalledIn(shape)
		}
	}
}

func (g *generator) findCalledIn(shape *plan.Shape) {
	for _, m := range shape.Members {
		if g.IsChecked(m) {
			g.called[m.Shape] = true
		}
	}
	if shape.Element != nil && !plan.IsScalar(shape.Element) {
		g.called[shape.Element] = true
	}
	if shape.Value != nil && shape.Value.Kind != model.List {
		g.called[shape.Value] = true
	}
}

// check writes the function that looks for failures in a value.
func (g *generator) check(w *file, shape *plan.Shape) {
	switch shape.Kind {
	case model.Structure:
		g.checkStructure(w, shape)
	case model.List:
		g.checkList(w, shape)
	case model.Map:
		g.checkMap(w, shape)
	default:
		g.checkScalar(w, shape)
	}
}

func (g *generator) checkScalar(w *file, shape *plan.Shape) {
	w.p("func check%s(c *constraint.Checker, v %s) {", shape.Name, g.ElementType(shape, true))
	g.ownRules(w, shape, "v")
	w.p("}\n")
}

func (g *generator) ownRules(w *file, shape *plan.Shape, v string) {
	for _, r := range g.rules(shape, v) {
		w.p("if %s {", r.fails)
		if r.terse {
			w.p("c.FailTerse(%q)", r.text)
		} else {
			w.p("c.Fail(%s, %s)", g.valueText(shape, v), goString(r.text))
		}
		w.p("}")
	}
}

// valueText is the Go expression of a value as a failure prints it.
func (g *generator) valueText(shape *plan.Shape, v string) string {
	switch shape.Kind {
	case model.String, model.Character:
		return v
	case model.Integer, model.Long:
		return "strconv.FormatInt(" + v + ", 10)"
	case model.Float, model.Double:
		return "strconv.FormatFloat(" + v + ", 'f', -1, 64)"
	case model.Blob:
		return "constraint.Buffer(" + v + ")"
	}
	return "string(print" + shape.Name + "(nil, " + v + "))"
}

func (g *generator) checkStructure(w *file, shape *plan.Shape) {
	w.p("func (v *%s) check(c *constraint.Checker) {", shape.Name)
	for _, m := range shape.Members {
		if m.First != nil {
			g.checkFirst(w, m)
		}
	}
	oneOf := false
	for _, m := range shape.Ordered() {
		if !g.IsChecked(m) {
			continue
		}
		inGroup := slices.Contains(shape.OneOf, m.Name)
		switch {
		case inGroup && !oneOf:
			oneOf = true
			w.p("before := c.Failures()")
			g.checkMember(w, m)
		case inGroup:
			w.p("if c.Failures() == before {")
			g.checkMember(w, m)
			w.p("}")
		default:
			g.checkMember(w, m)
		}
		if n := len(shape.Alone); n > 0 && shape.Alone[n-1] == m.Name {
			w.p("if c.Failures() > 0 {\nreturn\n}")
		}
	}
	w.p("}\n")
}

// checkFirst writes a check that is answered alone.
func (g *generator) checkFirst(w *file, m *plan.Member) {
	v, f := "v."+m.GoName, m.First
	w.p("if !%s.Set {", v)
	w.p("c.Refuse(%q)\nreturn\n}", f.Absent)
	exempt := ""
	if f.ExemptPrefix != "" {
		exempt = fmt.Sprintf("!strings.HasPrefix(%s.Value, %q) && ", v, f.ExemptPrefix)
	}
	w.p("if n := constraint.Length(%s.Value); %s(n < %d || n > %d) {", v, exempt, f.Min, f.Max)
	w.p("c.Refuse(%q)\nreturn\n}", f.Length)
}

func (g *generator) checkMember(w *file, m *plan.Member) {
	v := "v." + m.GoName
	deep := g.HasConstraints(m.Shape)
	if !m.Required {
		w.p("if %s {", g.Present(m.Shape, v, true))
	}
	w.p("c.Member(%q)", m.Name)
	switch {
	case m.Required && deep:
		w.p("if c.Required(%s) {", g.Present(m.Shape, v, true))
	case m.Required:
		w.p("c.Required(%s)", g.Present(m.Shape, v, true))
		return
	}
	if plan.IsScalar(m.Shape) && m.Shape.Kind != model.Blob {
		v += ".Value"
	}
	g.descend(w, m.Shape, v)
	w.p("}")
}

// descend writes the check of a value that the checker stands at.
func (g *generator) descend(w *file, shape *plan.Shape, v string) {
	if shape.Kind == model.Structure {
		w.p("c.Enter()\n%s.check(c)\nc.Leave()", v)
		return
	}
	w.p("check%s(c, %s)", shape.Name, v)
}

func (g *generator) checkList(w *file, shape *plan.Shape) {
	w.p("func check%s(c *constraint.Checker, list %s) {", shape.Name, g.ElementType(shape, true))
	g.ownRules(w, shape, "list")
	g.checkElements(w, shape, "list")
	w.p("}\n")
}

// checkElements writes the check of a list's elements.
func (g *generator) checkElements(w *file, shape *plan.Shape, list string) {
	switch {
	case !g.HasConstraints(shape.Element):
	case plan.IsScalar(shape.Element):
		rules := g.rules(shape.Element, "v")
		g.checkParts(w, "_, v := range "+list, rules, g.valueText(shape, list), "Member must satisfy constraint: "+partText(rules))
	default:
		w.p("c.Enter()\nfor i, v := range %s {\nc.Element(i)", list)
		g.descend(w, shape.Element, "v")
		w.p("}\nc.Leave()")
	}
}

// checkParts writes the check of parts that are reported as one for the whole.
func (g *generator) checkParts(w *file, each string, rules []rule, value, text string) {
	fails := make([]string, len(rules))
	for i, r := range rules {
		fails[i] = r.fails
	}
	w.p("for %s {", each)
	w.p("if %s {", strings.Join(fails, " || "))
	w.p("c.Fail(%s, %s)\nbreak\n}\n}", value, goString(text))
}

func (g *generator) checkMap(w *file, shape *plan.Shape) {
	w.p("func check%s(c *constraint.Checker, entries %s) {", shape.Name, g.ElementType(shape, true))
	g.ownRules(w, shape, "entries")
	value := g.valueText(shape, "entries")
	if rules := g.rules(shape.Key, "e.Key"); len(rules) > 0 {
		text := partText(rules)
		if shape.Keys != "" {
			text = shape.Keys
		}
		g.checkParts(w, "_, e := range entries", rules, value, "Map keys must satisfy constraint: "+text)
	}
	if rules := g.rules(shape.Value, "e.Value"); len(rules) > 0 {
		g.checkParts(w, "_, e := range entries", rules, value, "Map value must satisfy constraint: "+partText(rules))
	}
	if g.reachesInside(shape.Value) {
		w.p("c.Enter()\nfor _, e := range entries {\nc.Entry(e.Key)")
		g.descendInside(w, shape.Value)
		w.p("}\nc.Leave()")
	}
	w.p("}\n")
}

// reachesInside reports whether a map's value has constraints beyond those
// that are reported for the whole map.
func (g *generator) reachesInside(value *plan.Shape) bool {
	switch value.Kind {
	case model.Structure:
		return g.HasConstraints(value)
	case model.List:
		return g.HasConstraints(value.Element)
	case model.Map:
		return !g.IsItem(value) && g.HasConstraints(value)
	}
	return false
}

// descendInside checks what is in a map's value, without the rules that the
// map has reported.
func (g *generator) descendInside(w *file, value *plan.Shape) {
	if value.Kind == model.List {
		g.checkElements(w, value, "e.Value")
		return
	}
	g.descend(w, value, "e.Value")
}

// scalar writes an enumeration's constants and a scalar's check.
func (g *generator) scalar(w *file, shape *plan.Shape) error {
	if shape.Enum != nil {
		g.enum(w, shape)
	}
	if !shape.InInput || !shape.HasOwnRules() {
		return nil
	}
	if g.called[shape] {
		g.checkScalar(w, shape)
	}
	if shape.Pattern != "" {
		return g.pattern(w, shape)
	}
	return nil
}

func (g *generator) enum(w *file, shape *plan.Shape) {
	w.p("// The values of %s.\nconst (", shape.Name)
	names := make([]string, len(shape.Enum))
	for i, value := range shape.Enum {
		names[i] = plan.EnumConst(shape, value)
		w.p("%s = %q", names[i], value)
	}
	w.p(")\n")
	if shape.InInput {
		w.p("func is%s(v string) bool {\nswitch v {\ncase %s:\nreturn true\n}\nreturn false\n}\n", shape.Name, strings.Join(names, ", "))
	}
}

// goString quotes a text, in backquotes where that reads better.
func goString(text string) string {
	if strings.Contains(text, `\`) && !strings.ContainsAny(text, "`\n\r") {
		return "`" + text + "`"
	}
	return fmt.Sprintf("%q", text)
}
