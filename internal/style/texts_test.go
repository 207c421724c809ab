package style

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// nothingUnfinished refuses marks of work that is left.
func nothingUnfinished(t tree, _ exceptions) []finding {
	mark := regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)
	var found []finding
	for _, s := range t.written() {
		for _, group := range s.file.Comments {
			for _, comment := range group.List {
				if word := mark.FindString(comment.Text); word != "" {
					found = append(found, finding{s.path, s.line(comment.Pos()), "a comment says " + word,
						"Finish it, or open an issue and leave the code without the mark."})
				}
			}
		}
	}
	return found
}

// foreignPaths refuses what is true on one machine alone: folders of somebody's
// home, and the hosts of package registries in lock files.
func foreignPaths(texts map[string][]byte) []finding {
	folder := regexp.MustCompile(`(^|[\s"'=:(])/(root|work|Users|home)/[A-Za-z.]`)
	registry := regexp.MustCompile(`"resolved":|(^|\s)--?(index-url|extra-index-url|registry|find-links)\b`)
	var found []finding
	for name, text := range texts {
		for i, line := range bytes.Split(text, []byte("\n")) {
			if m := folder.Find(line); m != nil {
				found = append(found, finding{name, i + 1, "names the folder " + strings.TrimSpace(string(m)) + "... of one machine",
					"Take the path from a flag, from the environment, or from where the file stands."})
			}
			if m := registry.Find(line); m != nil && lockFile(name) {
				found = append(found, finding{name, i + 1, "names a package registry: " + strings.TrimSpace(string(m)),
					"Pin versions and let each machine take them from its own registry."})
			}
		}
	}
	slices.SortFunc(found, func(a, b finding) int { return strings.Compare(a.path, b.path) })
	return found
}

func lockFile(name string) bool {
	base := path.Base(name)
	return base == "package-lock.json" || base == ".npmrc" || base == "requirements.txt"
}

// readTexts returns every file of the repository that is text.
func readTexts(t *testing.T, root string) map[string][]byte {
	t.Helper()
	texts := readFiles(t, root, func(string) bool { return true })
	for name, text := range texts {
		if bytes.IndexByte(text, 0) >= 0 {
			delete(texts, name)
		}
	}
	return texts
}

// Both patterns find what they should, and leave alone what they should.
func TestForeignPaths(t *testing.T) {
	for _, c := range []struct {
		name, text string
		found      bool
	}{
		{"a.md", "see /home" + "/jo/src", true},
		{"a.go", `dir := "/Users` + `/jo"`, true},
		{"a.md", "https://example.org/home/page", false},
		{"a.md", "the folder /var/lib/gramme", false},
		{"test/package-lock.json", `  "resolved"` + `: "https://registry.example.org/x.tgz"`, true},
		{"requirements.txt", "--index" + "-url https://registry.example.org", true},
		{"requirements.txt", "boto3==1.2.3", false},
	} {
		got := foreignPaths(map[string][]byte{c.name: []byte(c.text)})
		if (len(got) > 0) != c.found {
			t.Errorf("%s: %q: got %v", c.name, c.text, got)
		}
	}
}
