package style

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// noInit refuses code that runs before main and for everybody.
func noInit(t tree, _ exceptions) []finding {
	var found []finding
	functions(t, func(s source, f *ast.FuncDecl, _ string) {
		if f.Name.Name == "init" && f.Recv == nil {
			found = append(found, finding{s.path, s.line(f.Pos()), "func init",
				"Two servers in one process must not meet in package state: build the value in a constructor and pass it on."})
		}
	})
	return found
}

// noMutableVariables checks that package variables are tables and errors: set
// where they are declared, of no type that changes by itself, and never written.
func noMutableVariables(t tree, e exceptions) []finding {
	var found []finding
	used := map[string]bool{}
	for _, sources := range t.written().byDir() {
		written := writtenNames(sources)
		for _, s := range sources {
			for _, v := range packageVariables(s) {
				reason := v.mutable(s, written)
				if reason == "" {
					continue
				}
				key := s.path + ":" + v.name.Name
				used[key] = true
				if e.variables[key] == "" {
					found = append(found, finding{s.path, s.line(v.name.Pos()), "package variable " + v.name.Name + " " + reason,
						"Put it into the struct that uses it, or hand it in; a variable that must be, with its reason, into internal/style/exceptions_test.go."})
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b finding) int { return strings.Compare(a.path, b.path) })
	return append(found, staleNames(e.variables, used, "package variable")...)
}

// variable is a name that a var declaration of a package declares.
type variable struct {
	name  *ast.Ident
	spec  *ast.ValueSpec
	value ast.Expr // nil: none
	embed bool     // filled by the compiler
}

func packageVariables(s source) []variable {
	var vars []variable
	for _, decl := range s.file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR {
			continue
		}
		for _, spec := range gen.Specs {
			spec := spec.(*ast.ValueSpec)
			for i, name := range spec.Names {
				v := variable{name: name, spec: spec, embed: embedded(gen.Doc) || embedded(spec.Doc)}
				if len(spec.Values) == len(spec.Names) {
					v.value = spec.Values[i]
				} else if len(spec.Values) == 1 {
					v.value = spec.Values[0]
				}
				vars = append(vars, v)
			}
		}
	}
	return vars
}

func embedded(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

// mutable says why v is not a constant in all but name; "" if it is one.
func (v variable) mutable(s source, written map[string]bool) string {
	switch {
	case v.name.Name == "_" || v.embed:
		return ""
	case s.test && callsPackage(v.value, "flag"):
		return "" // a flag of a test has no other place
	case v.value == nil:
		return "has no value where it is declared"
	case changesByItself(v.spec.Type) || changesByItself(v.value):
		return "is of a type that is there to change"
	case written[v.name.Name]:
		return "is written in its package"
	}
	return ""
}

// changesByItself finds locks, pools, atomics, channels and random sources in a
// type or value.
func changesByItself(n ast.Expr) bool {
	if n == nil {
		return false
	}
	changes := false
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit, *ast.FuncType:
			return false // runs later, and for its caller
		case *ast.ChanType:
			changes = true
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && slices.Contains([]string{"sync", "atomic", "rand"}, pkg.Name) {
				changes = true
			}
		}
		return !changes
	})
	return changes
}

func callsPackage(n ast.Expr, name string) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return ok && pkg.Name == name
}

// writtenNames returns the names that functions of the package assign to, count
// up or down, take the address of, or clear, in whole or in part, and that are
// not names of their own.
func writtenNames(t tree) map[string]bool {
	names := map[string]bool{}
	for _, s := range t {
		for _, decl := range s.file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			own := ownNames(f)
			for _, target := range writeTargets(f, s.test) {
				if name := root(target); name != "" && !own[name] {
					names[name] = true
				}
			}
		}
	}
	return names
}

// writeTargets returns the expressions that f writes to.
func writeTargets(f *ast.FuncDecl, test bool) []ast.Expr {
	var targets []ast.Expr
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				targets = append(targets, n.Lhs...)
			}
		case *ast.IncDecStmt:
			targets = append(targets, n.X)
		case *ast.UnaryExpr:
			if n.Op == token.AND && !test { // tests pass a pointer where they want no copy
				targets = append(targets, n.X)
			}
		case *ast.CallExpr:
			builtin, ok := n.Fun.(*ast.Ident)
			if ok && len(n.Args) > 0 && slices.Contains([]string{"delete", "clear", "copy"}, builtin.Name) {
				targets = append(targets, n.Args[0])
			}
		}
		return true
	})
	return targets
}

// ownNames returns the parameters, results and local variables of f.
func ownNames(f *ast.FuncDecl) map[string]bool {
	names := map[string]bool{}
	add := func(exprs ...ast.Expr) {
		for _, e := range exprs {
			if id, ok := e.(*ast.Ident); ok {
				names[id.Name] = true
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, name := range n.Names {
				add(name)
			}
		case *ast.ValueSpec:
			for _, name := range n.Names {
				add(name)
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				add(n.Lhs...)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				add(n.Key, n.Value)
			}
		}
		return true
	})
	return names
}

// root returns the variable that an expression such as a.b[c] writes into.
func root(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x.Name
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		default:
			return ""
		}
	}
}

// injectedWorld checks that the clock and chance come from base.Env, so that a
// test can turn the one and repeat the other.
func injectedWorld(t tree, _ exceptions) []finding {
	const wayOut = "Take it from the base.Env that the constructor was given."
	var found []finding
	for _, s := range t {
		if s.test || s.dir == "internal/base" || !strings.HasPrefix(s.dir, "internal/") {
			continue
		}
		for _, chance := range []string{"crypto/rand", "math/rand", "math/rand/v2"} {
			if line, ok := s.imports()[chance]; ok {
				found = append(found, finding{s.path, line, "imports " + chance, wayOut})
			}
		}
		for _, clock := range []string{"Now", "Since", "Until", "Sleep"} {
			for _, at := range selections(s, "time", clock) {
				found = append(found, finding{s.path, s.line(at), "reads the clock by time." + clock, wayOut})
			}
		}
	}
	return found
}

// selections returns the places in s that name pkg.name.
func selections(s source, pkg, name string) []token.Pos {
	var at []token.Pos
	ast.Inspect(s.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == name {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == pkg {
				at = append(at, sel.Pos())
			}
		}
		return true
	})
	return at
}

// noSleepInTests refuses tests that wait and hope.
func noSleepInTests(t tree, e exceptions) []finding {
	var found []finding
	used := map[string]bool{}
	for _, s := range t {
		if !s.test {
			continue
		}
		for _, at := range selections(s, "time", "Sleep") {
			used[s.path] = true
			if e.sleeps[s.path] == "" {
				found = append(found, finding{s.path, s.line(at), "time.Sleep in a test",
					"Hand the code a clock that the test turns, or wait for the event itself; testing/synctest does both."})
			}
		}
	}
	return append(found, staleNames(e.sleeps, used, "sleep")...)
}
