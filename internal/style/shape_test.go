package style

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

const (
	functionLinesMax = 80 // composite literals, which are tables, do not count
	fileLinesMax     = 700
	parametersMax    = 6
)

// functions calls visit for each function that is written by hand, with the
// name under which exceptions list it: path:Name or path:Type.Name.
func functions(t tree, visit func(s source, f *ast.FuncDecl, name string)) {
	for _, s := range t.written() {
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok {
				visit(s, f, s.path+":"+receiver(f)+f.Name.Name)
			}
		}
	}
}

func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	expr := f.Recv.List[0].Type
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e.Name + "."
		default:
			return ""
		}
	}
}

// functionLength checks that a function fits on two screens.
func functionLength(t tree, e exceptions) []finding {
	var found []finding
	over := map[string]bool{}
	functions(t, func(s source, f *ast.FuncDecl, name string) {
		n := s.line(f.End()) - s.line(f.Pos()) + 1 - tableLines(s, f)
		if n <= functionLinesMax {
			return
		}
		over[name] = true
		if e.longFunctions[name] == "" {
			found = append(found, finding{s.path, s.line(f.Pos()), fmt.Sprintf("%s has %d lines, %d are the most", f.Name.Name, n, functionLinesMax),
				"Leave the decisions here and move a loop or a branch into a function below; a flat switch may be listed in internal/style/exceptions_test.go."})
		}
	})
	return append(found, staleNames(e.longFunctions, over, "long function")...)
}

// tableLines counts the lines within composite literals that hold no code.
func tableLines(s source, f *ast.FuncDecl) int {
	lines := 0
	ast.Inspect(f, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok || holdsCode(lit) {
			return true
		}
		lines += s.line(lit.End()) - s.line(lit.Pos())
		return false // the lines of inner ones are counted
	})
	return lines
}

func holdsCode(n ast.Node) bool {
	code := false
	ast.Inspect(n, func(n ast.Node) bool {
		_, ok := n.(*ast.FuncLit)
		code = code || ok
		return !code
	})
	return code
}

// fileLength checks that a file has one subject.
func fileLength(t tree, e exceptions) []finding {
	var found []finding
	over := map[string]bool{}
	for _, s := range t.written() {
		if s.lines <= fileLinesMax {
			continue
		}
		over[s.path] = true
		if e.longFiles[s.path] == "" {
			found = append(found, finding{s.path, s.lines, fmt.Sprintf("%d lines, %d are the most", s.lines, fileLinesMax),
				"Split the file along its subjects; each file has one."})
		}
	}
	return append(found, staleNames(e.longFiles, over, "long file")...)
}

// parameterCount checks that a call can be read.
func parameterCount(t tree, e exceptions) []finding {
	var found []finding
	over := map[string]bool{}
	functions(t, func(s source, f *ast.FuncDecl, name string) {
		n := f.Type.Params.NumFields()
		if n <= parametersMax {
			return
		}
		over[name] = true
		if e.manyParameters[name] == "" {
			found = append(found, finding{s.path, s.line(f.Pos()), fmt.Sprintf("%s has %d parameters, %d are the most", f.Name.Name, n, parametersMax),
				"What is always passed together is a struct."})
		}
	})
	return append(found, staleNames(e.manyParameters, over, "function of many parameters")...)
}

// packageComments checks that each package has one comment, in one file.
func packageComments(t tree, _ exceptions) []finding {
	var found []finding
	for dir, sources := range t.byDir() {
		if onlyTests := !slices.ContainsFunc(sources, func(s source) bool { return !s.test }); !onlyTests {
			sources = slices.DeleteFunc(sources, func(s source) bool { return s.test })
		}
		var commented []source
		for _, s := range sources {
			if s.file.Doc != nil {
				commented = append(commented, s)
			}
		}
		switch len(commented) {
		case 0:
			found = append(found, finding{sources[0].path, 1, "no package comment in " + dir,
				"Say above the package clause of one file what the package is, what it is not, and who calls it."})
		case 1:
			found = append(found, commentBegins(commented[0])...)
		default:
			for _, s := range commented[1:] {
				found = append(found, finding{s.path, s.line(s.file.Doc.Pos()), "a second package comment in " + dir + "; the first is in " + commented[0].path,
					"Keep one; put an empty line between other comments and the package clause."})
			}
		}
	}
	slices.SortFunc(found, func(a, b finding) int { return strings.Compare(a.path, b.path) })
	return found
}

// commentBegins checks the first words of a package comment.
func commentBegins(s source) []finding {
	name := s.file.Name.Name
	if name == "main" || strings.HasPrefix(s.file.Doc.Text(), "Package "+name+" ") || s.generated {
		return nil
	}
	return []finding{{s.path, s.line(s.file.Doc.Pos()), "the package comment does not begin with \"Package " + name + "\"",
		"Begin it so; go doc shows the first sentence alone."}}
}

// packageNames refuses names that say nothing.
func packageNames(t tree, _ exceptions) []finding {
	banned := []string{"util", "utils", "common", "helper", "helpers", "manager", "managers", "misc", "shared", "lib"}
	var found []finding
	seen := map[string]bool{}
	for _, s := range t {
		name := strings.TrimSuffix(s.file.Name.Name, "_test")
		last := s.dir[strings.LastIndex(s.dir, "/")+1:]
		if seen[s.dir] || !slices.Contains(banned, name) && !slices.Contains(banned, last) {
			continue
		}
		seen[s.dir] = true
		found = append(found, finding{s.path, 1, "package " + name + " in " + s.dir + " is named after nothing",
			"Name it after the thing it holds; what has no such name belongs to its callers."})
	}
	return found
}
