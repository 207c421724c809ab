package emit

import (
	"fmt"
	"strings"

	"github.com/gramme-db/gramme/tools/apigen/model"
	"github.com/gramme-db/gramme/tools/apigen/plan"
)

// jsonCodec writes the code of AWS's JSON 1.0 and 1.1 protocols.
type jsonCodec struct{ *plan.Service }

func (j *jsonCodec) input(w *file, o *plan.Operation) {
	in := o.Input
	w.p("// Decode reads a request's body and checks the model's constraints. The input\n// aliases the body.")
	w.p("func (v *%s) Decode(body []byte) error {", in.Name)
	w.p("d := awsjson.NewDecoder(body)")
	w.p("if d.Struct(%s, awsjson.Root) {\nv.decode(&d)\n}", j.class(in))
	if !j.HasConstraints(in) {
		w.p("return d.End()\n}\n")
	} else {
		w.p("if err := d.End(); err != nil {\nreturn err\n}")
		w.p("var c constraint.Checker\nv.check(&c)")
		w.p("if text, failed := c.Text(); failed {\nreturn awsjson.Validation(text)\n}\nreturn nil\n}\n")
	}
	w.p("func (v *%s) decode(d *awsjson.Decoder) {", in.Name)
	j.decodeMembers(w, in)
	w.p("}\n")
}

// class is the Go expression of a structure's Java class.
func (j *jsonCodec) class(shape *plan.Shape) string {
	return fmt.Sprintf("javaPackage+%q", "."+shape.AWSName)
}

func (j *jsonCodec) decode(w *file, shape *plan.Shape) {
	switch shape.Kind {
	case model.Structure:
		w.p("func decode%s(d *awsjson.Decoder, at awsjson.Position) *%s {", shape.Name, shape.Name)
		w.p("if !d.Struct(%s, at) {\nreturn nil\n}\nv := new(%s)", j.class(shape), shape.Name)
		j.decodeMembers(w, shape)
		w.p("return v\n}\n")
	case model.List:
		list := j.ElementType(shape, true)
		w.p("func decode%s(d *awsjson.Decoder) %s {\nif !d.List() {\nreturn nil\n}\nlist := %s{}", shape.Name, list, list)
		w.p("for d.More() {")
		j.decodeElement(w, shape.Element, "list = awsjson.Append(d, list, %s)")
		w.p("}\nreturn list\n}\n")
	case model.Map:
		value := j.ElementType(shape.Value, true)
		w.p("func decode%s(d *awsjson.Decoder) wire.Map[%s] {", shape.Name, value)
		w.p("if !d.MapOf(%s) {\nreturn nil\n}", j.mapType(shape))
		w.p("var entries awsjson.Entries[%s]\nfor d.Next() {\nkey := d.Key()", value)
		j.decodeElement(w, shape.Value, "entries.Put(d, key, %s)")
		w.p("}\nreturn entries.Map()\n}\n")
	}
}

// mapType is the Go expression of a map's Java type.
func (j *jsonCodec) mapType(shape *plan.Shape) string {
	return strings.ReplaceAll(fmt.Sprintf("%q", j.JavaType(shape)), j.JavaPackage, `"+javaPackage+"`)
}

// decodeMembers writes the loop over a structure's members.
func (j *jsonCodec) decodeMembers(w *file, shape *plan.Shape) {
	if len(shape.Members) == 0 {
		w.p("for d.Next() {\nd.Skip()\n}")
		return
	}
	w.p("for d.Next() {\nswitch string(d.Name()) {")
	for _, m := range shape.Members {
		w.p("case %q:\nv.%s = %s", m.Name, m.GoName, j.reading(m.Shape, "awsjson.Member"))
	}
	w.p("default:\nd.Skip()\n}\n}")
}

// reading is the expression that reads a value; of a scalar it is an Opt.
func (j *jsonCodec) reading(shape *plan.Shape, at string) string {
	switch {
	case j.IsValue(shape):
		return "item.DecodeInput(d, " + at + ")"
	case j.IsItem(shape):
		return "item.DecodeAttributes(d)"
	}
	switch shape.Kind {
	case model.Structure:
		return "decode" + shape.Name + "(d, " + at + ")"
	case model.List, model.Map:
		return "decode" + shape.Name + "(d)"
	case model.Boolean:
		return "d.Bool()"
	case model.Integer:
		return "d.Integer()"
	case model.Long:
		return "d.Long()"
	case model.Float, model.Double:
		return "d.Double()"
	case model.Timestamp:
		return "d.Timestamp()"
	case model.Blob:
		return "d.Blob().Value"
	}
	return "d.String()"
}

// decodeElement writes how an element of a list or map is read and kept. A
// null is left out.
func (j *jsonCodec) decodeElement(w *file, shape *plan.Shape, keep string) {
	if shape.Kind == model.List || shape.Kind == model.Map {
		w.p("d.Generic()")
	}
	read := j.reading(shape, "awsjson.Element")
	switch {
	case j.IsValue(shape) || j.IsItem(shape):
		w.p("if v := %s; v.Set {", read)
		w.p(keep, "v")
	case plan.IsScalar(shape) && shape.Kind != model.Blob:
		w.p("if v := %s; v.Set {", read)
		w.p(keep, "v.Value")
	default:
		w.p("if v := %s; v != nil {", read)
		w.p(keep, "v")
	}
	w.p("}")
}

func (j *jsonCodec) encode(w *file, shape *plan.Shape) {
	input := shape.InInput
	switch {
	case shape.Absent:
		w.p("// AppendJSON appends nothing: the answer has no body.")
		w.p("func (v *%s) AppendJSON(dst []byte) []byte { return dst }\n", shape.Name)
	case shape.Kind == model.Structure:
		w.p("// AppendJSON appends the members that are present.")
		w.p("func (v *%s) AppendJSON(dst []byte) []byte {\ndst = append(dst, '{')", shape.Name)
		for _, m := range shape.Members {
			j.encodeMember(w, m, "v."+m.GoName, input)
		}
		w.p("return awsjson.AppendClose(dst, '}')\n}\n")
	case shape.Kind == model.List:
		w.p("func append%s(dst []byte, list %s) []byte {\ndst = append(dst, '[')", shape.Name, j.ElementType(shape, input))
		w.p("for _, v := range list {\n%s\ndst = append(dst, ',')\n}", j.writing(shape.Element, "v", input))
		w.p("return awsjson.AppendClose(dst, ']')\n}\n")
	default:
		w.p("func append%s(dst []byte, entries %s) []byte {\ndst = append(dst, '{')", shape.Name, j.ElementType(shape, input))
		w.p("for _, e := range entries {\ndst = awsjson.AppendString(dst, e.Key)\ndst = append(dst, ':')")
		w.p("%s\ndst = append(dst, ',')\n}", j.writing(shape.Value, "e.Value", input))
		w.p("return awsjson.AppendClose(dst, '}')\n}\n")
	}
}

func (j *jsonCodec) stream(w *file, output *plan.Shape) {
	list, others := output.Members[0], output.Members[1:]
	w.p("// Begin begins the answer, behind dst. What is added to %s is written at once.", list.GoName)
	w.p("func (v *%s) Begin(dst []byte) { v.%s.Begin(append(dst, '{'), `%q:`) }\n", output.Name, list.GoName, list.Name)
	w.p("// End appends the other members that are present, and returns the answer.")
	w.p("func (v *%s) End() []byte {\ndst := v.%s.End()", output.Name, list.GoName)
	for _, m := range others {
		j.encodeMember(w, m, "v."+m.GoName, false)
	}
	w.p("return awsjson.AppendClose(dst, '}')\n}\n")
}

func (j *jsonCodec) encodeMember(w *file, m *plan.Member, v string, input bool) {
	w.p("if %s {", j.Present(m.Shape, v, input))
	w.p("dst = append(dst, `%q:`...)", m.Name)
	if plan.IsScalar(m.Shape) && m.Shape.Kind != model.Blob {
		v += ".Value"
	}
	w.p("%s\ndst = append(dst, ',')\n}", j.writing(m.Shape, v, input))
}

// writing is the statement that appends a value.
func (j *jsonCodec) writing(shape *plan.Shape, v string, input bool) string {
	switch {
	case j.IsValue(shape) && input:
		return "dst = " + v + ".Value.AppendJSON(dst)"
	case j.IsItem(shape) && input:
		return "dst = " + v + ".Item.AppendJSON(dst)"
	case j.IsValue(shape) || j.IsItem(shape) || shape.Kind == model.Structure:
		return "dst = " + v + ".AppendJSON(dst)"
	}
	switch shape.Kind {
	case model.List, model.Map:
		return "dst = append" + shape.Name + "(dst, " + v + ")"
	case model.Boolean:
		return "dst = awsjson.AppendBool(dst, " + v + ")"
	case model.Integer, model.Long:
		return "dst = awsjson.AppendInt(dst, " + v + ")"
	case model.Float, model.Double:
		return "dst = awsjson.AppendDouble(dst, " + v + ")"
	case model.Timestamp:
		return "dst = awsjson.AppendTimestamp(dst, " + v + ")"
	case model.Blob:
		return "dst = awsjson.AppendBlob(dst, " + v + ")"
	}
	return "dst = awsjson.AppendString(dst, " + v + ")"
}

func (j *jsonCodec) exception(w *file, shape *plan.Shape) {
	messageMember, parameters := "message", "message string"
	var extra []*plan.Member
	for _, m := range shape.Members {
		if strings.EqualFold(m.Name, "message") {
			messageMember = m.Name
			continue
		}
		extra = append(extra, m)
		parameters += ", " + parameter(m) + " " + j.FieldType(m.Shape, false)
	}
	w.p("// %s is an error of the model.", shape.Name)
	w.p("func %s(%s) *wire.Error {\nreturn &wire.Error{", shape.Name, parameters)
	w.p("Code: %q,\nNamespace: %s,\nStatus: %d,\nMessage: message,", shape.AWSName, j.namespace(shape), shape.Status)
	if messageMember != "message" {
		w.p("MessageMember: %q,", messageMember)
	}
	if len(extra) > 0 {
		w.p("Members: func(dst []byte) []byte {")
		for _, m := range extra {
			j.encodeMember(w, m, parameter(m), false)
		}
		w.p("return dst\n},")
	}
	w.p("}\n}\n")
}

// parameter is the name of a member as a function's parameter. The package
// item keeps its name.
func parameter(m *plan.Member) string {
	if name := lowerFirst(m.Name); name != "item" {
		return name
	}
	return "it"
}

func (j *jsonCodec) namespace(shape *plan.Shape) string {
	if shape.Namespace == j.JavaPackage {
		return "javaPackage"
	}
	return fmt.Sprintf("%q", shape.Namespace)
}

func (j *jsonCodec) table(w *file) {
	m := j.Model
	w.p("// What tells the service's requests from others.\nconst (")
	w.p("APIVersion = %q\nSigningName = %q", m.APIVersion, m.SigningName)
	w.p("TargetPrefix = %q // of X-Amz-Target, before the operation's name", m.TargetPrefix)
	w.p("JSONVersion = %q\n)\n", m.JSONVersion)
	w.p("// javaPackage is what AWS's messages put before a shape's name.\nconst javaPackage = %q\n", j.JavaPackage)
	w.p("// Operations holds the implementation of each operation; nil is not done yet.\ntype Operations struct {")
	for _, o := range j.Operations {
		if o.Output.IsStreamed() {
			w.p("%s func(context.Context, *%s, *%s) error", o.Name, o.Input.Name, o.Output.Name)
			continue
		}
		w.p("%s func(context.Context, *%s) (*%s, error)", o.Name, o.Input.Name, o.Output.Name)
	}
	w.p("}\n")
	w.p("// All returns the rows of the operation table, sorted by name.")
	w.p("func (o *Operations) All() []wire.Operation {\nreturn []wire.Operation{")
	for _, o := range j.Operations {
		maker := "Operation"
		if o.Output.IsStreamed() {
			maker = "Streaming"
		}
		w.p("awsjson.%s(%q, o.%s),", maker, o.Name, o.Name)
	}
	w.p("}\n}\n")
	w.p("// Table returns the rows by name, for a server to look up each request in.")
	w.p("func (o *Operations) Table() map[string]wire.Operation {\nrows := o.All()\ntable := make(map[string]wire.Operation, len(rows))")
	w.p("for _, row := range rows {\ntable[row.Name] = row\n}\nreturn table\n}\n")
	w.p("// Lookup returns one row, false for a name that the model does not have.")
	w.p("func (o *Operations) Lookup(name string) (wire.Operation, bool) {\nrow, ok := o.Table()[name]\nreturn row, ok\n}")
}
