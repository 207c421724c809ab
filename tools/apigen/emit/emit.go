// Package emit writes a plan as Go: one file for each operation with all that
// only it uses, and a few for what operations share. What does not depend on
// the protocol is here; each protocol adds how its values are read and written
// as a codec.
package emit

import (
	"bytes"
	"fmt"
	"go/format"
	"regexp"
	"strings"
	"unicode"

	"github.com/gramme-db/gramme/tools/apigen/model"
	"github.com/gramme-db/gramme/tools/apigen/plan"
)

// codec writes what depends on the protocol.
type codec interface {
	// input writes how a request becomes an operation's input.
	input(w *file, o *plan.Operation)
	// decode writes how a structure, list or map inside a request is read.
	decode(w *file, shape *plan.Shape)
	// encode writes how a structure, list or map of an answer is written.
	encode(w *file, shape *plan.Shape)
	// exception writes the constructor of an error.
	exception(w *file, shape *plan.Shape)
	// stream writes how an output is written that begins with a streamed list.
	stream(w *file, output *plan.Shape)
	// table writes the operation table and the service's constants.
	table(w *file)
}

// generator holds one run over one plan.
type generator struct {
	*plan.Service
	codec   codec
	called  map[*plan.Shape]bool // shapes whose check is a function
	printed map[*plan.Shape]bool // shapes whose values failures print
	matcher map[string]string    // by pattern: the function that matches it
	written map[string]bool      // what is written once and used in several places
}

// Service returns the files of a service's package by name.
func Service(s *plan.Service) (map[string][]byte, error) {
	g := &generator{Service: s, matcher: make(map[string]string), written: make(map[string]bool)}
	switch s.Model.Protocol {
	case model.JSON:
		g.codec = &jsonCodec{s}
	default:
		return nil, fmt.Errorf("%s: there is no emitter for protocol %s yet", s.Package, s.Model.Protocol)
	}
	g.findCalled()
	g.findPrinted()
	files := map[string]*file{}
	open := func(name string) *file {
		if files[name] == nil {
			files[name] = &file{}
		}
		return files[name]
	}
	g.codec.table(open(s.Package + ".go"))
	for _, shape := range s.Exceptions {
		g.codec.exception(open("errors.go"), shape)
	}
	for _, o := range s.Operations {
		g.operation(open(operationFile(o)), o)
	}
	for _, shape := range s.Types {
		g.shape(open(sharedFile(shape)), shape)
	}
	for _, shape := range s.Scalars {
		if err := g.scalar(open("scalars.go"), shape); err != nil {
			return nil, err
		}
	}
	return render(s, files)
}

func operationFile(o *plan.Operation) string { return "op_" + snake(o.Name) + ".go" }

// sharedFile is where a shape stands: with the one operation that uses it, or
// with the others of its initial.
func sharedFile(shape *plan.Shape) string {
	if shape.Owner != nil {
		return operationFile(shape.Owner)
	}
	return "types_" + strings.ToLower(shape.Name[:1]) + ".go"
}

// operation writes an operation's input and output. Where operations share
// one, it stands with the first of them.
func (g *generator) operation(w *file, o *plan.Operation) {
	if g.once(o.Input.Name) {
		w.p("// %s is the request of %s.", o.Input.Name, o.Name)
		g.structure(w, o.Input, true)
		g.codec.input(w, o)
		if g.HasConstraints(o.Input) {
			g.check(w, o.Input)
		}
	}
	if g.once(o.Output.Name) {
		w.p("// %s is the answer of %s.", o.Output.Name, o.Name)
		g.structure(w, o.Output, false)
		if o.Output.IsStreamed() {
			g.codec.stream(w, o.Output)
		} else {
			g.codec.encode(w, o.Output)
		}
	}
}

// once reports whether something is to be written, which it is once.
func (g *generator) once(name string) bool {
	defer func() { g.written[name] = true }()
	return !g.written[name]
}

// shape writes a structure, list or map with all that is done with it.
func (g *generator) shape(w *file, shape *plan.Shape) {
	if shape.Kind == model.Structure {
		w.p("// %s is a structure of the model.", shape.Name)
		g.structure(w, shape, shape.InInput)
	}
	if shape.InInput {
		g.codec.decode(w, shape)
		if g.called[shape] && g.HasConstraints(shape) {
			g.check(w, shape)
		}
		if g.printed[shape] {
			g.print(w, shape)
		}
	}
	if shape.InOutput {
		g.codec.encode(w, shape)
	}
}

func (g *generator) structure(w *file, shape *plan.Shape, input bool) {
	if len(shape.Members) == 0 {
		w.p("type %s struct{}\n", shape.Name)
		return
	}
	w.p("type %s struct {", shape.Name)
	for _, m := range shape.Members {
		fieldType := g.FieldType(m.Shape, input)
		if m.Streamed {
			fieldType = streamType(m.Shape)
		}
		w.p("%s %s", m.GoName, fieldType)
	}
	w.p("}\n")
}

// streamType is the type of a member that is written while the operation runs.
func streamType(shape *plan.Shape) string {
	if shape.Kind == model.Map {
		return "item.Lists"
	}
	return "item.List"
}

// file is one generated file without its head.
type file struct{ bytes.Buffer }

// p prints a line.
func (w *file) p(format string, args ...any) {
	fmt.Fprintf(w, format, args...)
	w.WriteByte('\n')
}

// imports are the packages that generated code uses, by the name before the
// point.
var imports = []struct{ name, path string }{
	{"context", "context"},
	{"regexp", "regexp"},
	{"strconv", "strconv"},
	{"strings", "strings"},
	{"sync", "sync"},
	{"item", "github.com/gramme-db/gramme/internal/item"},
	{"wire", "github.com/gramme-db/gramme/internal/wire"},
	{"awsjson", "github.com/gramme-db/gramme/internal/wire/awsjson"},
	{"constraint", "github.com/gramme-db/gramme/internal/wire/constraint"},
}

// comments are not code: a package named in one is not imported.
var comments = regexp.MustCompile(`(?m)//.*$`)

// render adds the head of each file and formats it.
func render(s *plan.Service, files map[string]*file) (map[string][]byte, error) {
	out := make(map[string][]byte, len(files))
	for name, w := range files {
		var head file
		head.p("// Code generated by tools/apigen from %s %s; DO NOT EDIT.\n", s.Package, s.Model.APIVersion)
		if name == s.Package+".go" {
			head.p("// Package %s is the API of %s %s as AWS's model has it: types, decoders,\n"+
				"// constraint checks, encoders, errors and the operation table. It does nothing by\n"+
				"// itself; a service implements the operations and the gateway calls them.", s.Package, s.Model.ServiceID, s.Model.APIVersion)
		}
		head.p("package %s\n", s.Package)
		writeImports(&head, w.Bytes())
		head.Write(w.Bytes())
		formatted, err := format.Source(head.Bytes())
		if err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", name, err, head.Bytes())
		}
		out[name] = formatted
	}
	return out, nil
}

func writeImports(head *file, body []byte) {
	code := comments.ReplaceAll(body, nil)
	head.p("import (")
	ours := false
	for _, i := range imports {
		if !regexp.MustCompile(`\b` + i.name + `\.[A-Z]`).Match(code) {
			continue
		}
		if strings.Contains(i.path, ".") && !ours {
			ours = true
			head.p("")
		}
		head.p("%q", i.path)
	}
	head.p(")\n")
}

// snake turns UpdateTimeToLive into update_time_to_live.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		upper := unicode.IsUpper(r)
		starts := i > 0 && upper && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if starts {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }
