package style

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// layers is the architecture from top to bottom. A package belongs to the
// layer with the longest prefix of its path.
var layers = []string{
	"cmd",
	".",              // package gramme: the server as a library
	"internal/bench", // a client; it knows no server
	"internal/server",
	"internal/gateway/metrics",
	"internal/gateway",
	"internal/service",
	"internal/api",
	"internal/journal",
	"internal/kv/layout", // the formats of items: above item, unlike the rest of kv
	"internal/item",
	"internal/wire",
	"internal/kv",
	"internal/base",
}

// layer returns the place of a folder in layers, -1 for none.
func layer(dir string) int {
	best := -1
	for i, prefix := range layers {
		if dir != prefix && !strings.HasPrefix(dir, prefix+"/") {
			continue
		}
		if best < 0 || len(prefix) > len(layers[best]) {
			best = i
		}
	}
	return best
}

// ours returns the folder of an import of the main module.
func ours(imported string) (dir string, ok bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// importDirection checks that packages import what is at or below their layer.
// A test may import what it likes.
func importDirection(t tree, _ exceptions) []finding {
	var found []finding
	for _, s := range t {
		if !s.inModule() || s.test {
			continue
		}
		from := layer(s.dir)
		if from < 0 {
			found = append(found, finding{s.path, 1, "the folder " + s.dir + " belongs to no layer",
				"Put the package below one of the layers of internal/style/imports_test.go, or add a layer where it belongs."})
			continue
		}
		for _, imported := range slices.Sorted(maps.Keys(s.imports())) {
			dir, ok := ours(imported)
			if !ok || layer(dir) >= from {
				continue
			}
			found = append(found, finding{s.path, s.imports()[imported],
				fmt.Sprintf("imports %s; %s stands below it and imports point downwards", dir, layers[from]),
				"Declare the method that is needed as an interface here, and let internal/server connect the two."})
		}
	}
	return found
}

// servicesApart checks that no service knows another one.
func servicesApart(t tree, _ exceptions) []finding {
	const services = "internal/service/"
	var found []finding
	for _, s := range t {
		from, ok := strings.CutPrefix(s.dir, services)
		if !ok {
			continue
		}
		from, _, _ = strings.Cut(from, "/")
		for imported, line := range s.imports() {
			to, ok := strings.CutPrefix(imported, module+"/"+services)
			if to, _, _ = strings.Cut(to, "/"); !ok || to == from {
				continue
			}
			found = append(found, finding{s.path, line,
				fmt.Sprintf("imports %s%s; services do not import each other", services, to),
				fmt.Sprintf("Declare the method you need in %s%s/deps.go and connect it in internal/server.", services, from)})
		}
	}
	return found
}

// purePackages checks that the pure packages take values and return values.
// The clock and chance are the business of the rule injectedWorld.
func purePackages(t tree, _ exceptions) []finding {
	pure := []string{"internal/item", "internal/service/dynamodb/expr", "internal/service/dynamodb/partiql", "internal/service/dynamodb/schema"}
	effects := []string{"context", "io/fs", "log", "log/slog", "net", "net/http", "os", "sync", "sync/atomic", module + "/internal/kv"}
	var found []finding
	for _, s := range t {
		if s.test || !slices.Contains(pure, s.dir) {
			continue
		}
		for _, effect := range effects {
			if line, ok := s.imports()[effect]; ok {
				found = append(found, finding{s.path, line, fmt.Sprintf("imports %s; %s is pure", effect, s.dir),
					"Take the value as a parameter and leave the effect to the caller."})
			}
		}
	}
	return found
}

// dependenciesInOnePlace checks that each module of others is imported where
// exceptions say, and nowhere else.
func dependenciesInOnePlace(t tree, e exceptions) []finding {
	var found []finding
	used := map[string]bool{}
	for _, s := range t {
		if !s.inModule() {
			continue
		}
		for imported, line := range s.imports() {
			if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
				continue // the standard library
			}
			if _, ok := ours(imported); ok {
				continue
			}
			name, home := e.dependency(imported)
			used[name] = true
			if !home.admits(s) {
				found = append(found, finding{s.path, line, "imports " + imported,
					"A dependency is imported in one place: call the package of ours that wraps it, or, " +
						"for a new one, list it with its reason in internal/style/exceptions_test.go."})
			}
		}
	}
	for name := range e.dependencies {
		if !used[name] {
			found = append(found, stale("dependency "+name))
		}
	}
	return found
}

// home says where a dependency may be imported.
type home struct {
	folders []string // and what is below them
	tests   bool     // in tests everywhere, and only there
	reason  string
}

func (h home) admits(s source) bool {
	if h.tests && s.test {
		return true
	}
	return slices.ContainsFunc(h.folders, func(folder string) bool {
		return s.dir == folder || strings.HasPrefix(s.dir, folder+"/")
	})
}

// dependency returns the entry for an import path, by the longest prefix.
func (e exceptions) dependency(imported string) (name string, h home) {
	for p := imported; p != "."; p = path.Dir(p) {
		if h, ok := e.dependencies[p]; ok {
			return p, h
		}
	}
	return "", home{}
}
