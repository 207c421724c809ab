package emit

import (
	"github.com/gramme-db/gramme/tools/apigen/model"
	"github.com/gramme-db/gramme/tools/apigen/plan"
)

// findPrinted collects the shapes whose values a failure may print: lists and
// maps with rules for the whole, and what they are made of.
func (g *generator) findPrinted() {
	g.printed = make(map[*plan.Shape]bool)
	for _, shape := range g.Types {
		if shape.InInput && shape.Kind != model.Structure && g.failsAsWhole(shape) {
			g.markPrinted(shape)
		}
	}
}

func (g *generator) failsAsWhole(shape *plan.Shape) bool {
	if shape.HasOwnRules() {
		return true
	}
	if shape.Kind == model.List {
		return plan.IsScalar(shape.Element) && g.HasConstraints(shape.Element)
	}
	return shape.Key.HasOwnRules() || shape.Value.HasOwnRules()
}

func (g *generator) markPrinted(shape *plan.Shape) {
	if shape == nil || g.printed[shape] || g.IsValue(shape) || g.IsItem(shape) {
		return
	}
	g.printed[shape] = true
	for _, m := range shape.Members {
		g.markPrinted(m.Shape)
	}
	g.markPrinted(shape.Element)
	g.markPrinted(shape.Value)
}

// print writes the function that prints a value as AWS's Java does.
func (g *generator) print(w *file, shape *plan.Shape) {
	switch shape.Kind {
	case model.Structure:
		w.p("func (v *%s) print(dst []byte) []byte {", shape.Name)
		w.p("dst = append(dst, \"%s(\"...)", shape.AWSName)
		for _, m := range shape.Members {
			field := "v." + m.GoName
			w.p("if %s {", g.Present(m.Shape, field, true))
			w.p("dst = append(dst, \"%s=\"...)", lowerFirst(m.Name))
			if plan.IsScalar(m.Shape) && m.Shape.Kind != model.Blob {
				field += ".Value"
			}
			w.p("%s", g.printing(m.Shape, field))
			w.p("dst = append(dst, \", \"...)\n}")
		}
		w.p("return constraint.Close(dst, ')')\n}\n")
	case model.List:
		w.p("func print%s(dst []byte, list %s) []byte {", shape.Name, g.ElementType(shape, true))
		w.p("dst = append(dst, '[')\nfor _, v := range list {")
		w.p("%s", g.printing(shape.Element, "v"))
		w.p("dst = append(dst, \", \"...)\n}\nreturn constraint.Close(dst, ']')\n}\n")
	case model.Map:
		w.p("func print%s(dst []byte, entries %s) []byte {", shape.Name, g.ElementType(shape, true))
		w.p("dst = append(dst, '{')\nfor _, e := range entries {\ndst = append(dst, e.Key...)\ndst = append(dst, '=')")
		w.p("%s", g.printing(shape.Value, "e.Value"))
		w.p("dst = append(dst, \", \"...)\n}\nreturn constraint.Close(dst, '}')\n}\n")
	}
}

// printing is the statement that prints a value.
func (g *generator) printing(shape *plan.Shape, v string) string {
	switch {
	case g.IsValue(shape):
		return "dst = " + v + ".Value.AppendJSON(dst)"
	case g.IsItem(shape):
		return "dst = " + v + ".Item.AppendJSON(dst)"
	}
	switch shape.Kind {
	case model.Structure:
		return "dst = " + v + ".print(dst)"
	case model.List, model.Map:
		return "dst = print" + shape.Name + "(dst, " + v + ")"
	case model.Boolean:
		return "dst = strconv.AppendBool(dst, " + v + ")"
	case model.Integer, model.Long:
		return "dst = strconv.AppendInt(dst, " + v + ", 10)"
	case model.Float, model.Double, model.Timestamp:
		return "dst = strconv.AppendFloat(dst, " + v + ", 'f', -1, 64)"
	case model.Blob:
		return "dst = append(dst, constraint.Buffer(" + v + ")...)"
	}
	return "dst = append(dst, " + v + "...)"
}
