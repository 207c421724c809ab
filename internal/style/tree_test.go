package style

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path of the main module; test, tools and examples are modules
// below it.
const module = "github.com/gramme-db/gramme"

// source is one parsed Go file.
type source struct {
	path      string // slashes, from the top of the repository
	dir       string
	file      *ast.File
	files     *token.FileSet
	lines     int
	generated bool
	test      bool // a _test.go file, or part of a conformance suite such as kvtest
}

// tree is all Go files of the repository.
type tree []source

// line returns the line of a position in s.
func (s source) line(at token.Pos) int { return s.files.Position(at).Line }

// imports returns the paths that s imports, with the line of each.
func (s source) imports() map[string]int {
	lines := map[string]int{}
	for _, spec := range s.file.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			lines[p] = s.line(spec.Pos())
		}
	}
	return lines
}

// inModule reports whether s belongs to the main module.
func (s source) inModule() bool {
	top, _, _ := strings.Cut(s.path, "/")
	return !slices.Contains([]string{"test", "tools", "examples", "bench"}, top)
}

// written returns the sources written by hand.
func (t tree) written() tree {
	return slices.DeleteFunc(slices.Clone(t), func(s source) bool { return s.generated })
}

// byDir returns the sources of each folder.
func (t tree) byDir() map[string]tree {
	dirs := map[string]tree{}
	for _, s := range t {
		dirs[s.dir] = append(dirs[s.dir], s)
	}
	return dirs
}

func parse(t *testing.T, name string, text []byte) source {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return source{
		path: name, dir: path.Dir(name), file: file, files: files,
		lines:     bytes.Count(text, []byte("\n")),
		generated: ast.IsGenerated(file),
		test:      strings.HasSuffix(name, "_test.go") || strings.HasSuffix(path.Dir(name), "test") && path.Dir(name) != "test",
	}
}

func readTree(t *testing.T, root string) tree {
	t.Helper()
	var sources tree
	for name, text := range readFiles(t, root, func(name string) bool { return strings.HasSuffix(name, ".go") }) {
		sources = append(sources, parse(t, name, text))
	}
	if len(sources) == 0 {
		t.Fatalf("no Go files below %s", root)
	}
	slices.SortFunc(sources, func(a, b source) int { return strings.Compare(a.path, b.path) })
	return sources
}

// readFiles returns the files below root that git would take and take accepts.
func readFiles(t *testing.T, root string, take func(name string) bool) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(root, func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if ignored(entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		name, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		if name = filepath.ToSlash(name); entry.Type().IsRegular() && take(name) {
			files[name], err = os.ReadFile(p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// ignored reports whether a folder is not part of the repository.
func ignored(folder string) bool {
	return slices.Contains([]string{".git", ".cache", ".venv", "bin", "node_modules", "__pycache__", "gramme-data", "testdata"}, folder)
}
