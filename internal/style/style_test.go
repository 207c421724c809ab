// Package style holds the rules of CONTRIBUTING.md that a test can check: the
// direction of imports, the size of functions and files, where state may live.
// It is tests alone; nobody imports it. Each rule is a function from a tree of
// sources to findings, so that testdata/ can show each one finding something,
// and each finding names the way out. Exceptions stand in exceptions_test.go, each with
// its reason; one that is no longer needed is a finding too.
package style

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// rules are all rules about Go sources, by name.
var rules = []struct {
	name  string
	check func(tree, exceptions) []finding
}{
	{"import direction", importDirection},
	{"services apart", servicesApart},
	{"pure packages", purePackages},
	{"dependencies", dependenciesInOnePlace},
	{"package comments", packageComments},
	{"package names", packageNames},
	{"function length", functionLength},
	{"file length", fileLength},
	{"parameters", parameterCount},
	{"init", noInit},
	{"package variables", noMutableVariables},
	{"injected world", injectedWorld},
	{"sleep", noSleepInTests},
	{"unfinished", nothingUnfinished},
}

// finding is one place where a rule is broken.
type finding struct {
	path   string // slashes, from the top of the repository
	line   int
	what   string
	wayOut string
}

// String prints the finding as compilers do, so that editors jump to it.
func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %s\n\t%s", f.path, f.line, f.what, f.wayOut)
}

// TestTree checks the repository itself.
func TestTree(t *testing.T) {
	sources := readTree(t, "../..")
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			for _, f := range rule.check(sources, allowed) {
				t.Error(f)
			}
		})
	}
}

func TestTexts(t *testing.T) {
	for _, f := range foreignPaths(readTexts(t, "../..")) {
		t.Error(f)
	}
}

// TestRulesFind plays testdata/*.txt: "file" adds a source to an imagined
// tree (a line of three dots stands for eighty), "check" prints what one rule finds in it and forgets the tree.
func TestRulesFind(t *testing.T) {
	dots := regexp.MustCompile(`(?m)^\s*\.\.\.$`)
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		var sources tree
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "file":
				text := dots.ReplaceAllString(d.Input, strings.Repeat("\n", 79))
				sources = append(sources, parse(t, d.CmdArgs[0].Key, []byte(text)))
				return ""
			case "check":
				found := checkByName(t, strings.TrimSpace(d.Input), sources)
				sources = nil
				return found
			}
			d.Fatalf(t, "no such command: %s", d.Cmd)
			return ""
		})
	})
}

func checkByName(t *testing.T, name string, sources tree) string {
	for _, rule := range rules {
		if rule.name != name {
			continue
		}
		var b strings.Builder
		for _, f := range rule.check(sources, exceptions{}) {
			fmt.Fprintln(&b, f)
		}
		return b.String()
	}
	t.Fatalf("no rule is called %q", name)
	return ""
}
