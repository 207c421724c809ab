// Package cli plays transcripts: commands of the AWS CLI as a user types them,
// and below each what comes out. They were recorded with the version of the CLI
// that python/requirements.txt pins; "make e2e-cli" installs it. To record anew:
//
//	cd test && PATH=$PWD/../.cache/venv/bin:$PATH go test ./e2e/cli -rewrite
package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/gramme-db/gramme/test/process"
)

func TestTranscripts(t *testing.T) {
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("the AWS CLI is not in PATH; \"make e2e-cli\" installs it into .cache and runs this test")
	}
	bin, err := process.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	transcripts, err := filepath.Glob("*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range transcripts {
		t.Run(path, func(t *testing.T) { play(t, bin, path) })
	}
}

// play runs one transcript against a server of its own.
func play(t *testing.T, bin, path string) {
	server, err := process.Start(bin, process.Options{
		Dir:    filepath.Join(t.TempDir(), "data"),
		Static: true,
		Log:    filepath.Join(t.TempDir(), "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := server.Adopt(); err != nil {
		t.Fatal(err)
	}
	datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
		if d.Cmd != "$" {
			d.Fatalf(t, "a command begins with a line that is $, not %q", d.Cmd)
		}
		return shell(t, d.Input)
	})
}

// shell runs a command line and returns what a terminal would show, with a last
// line where the command failed.
func shell(t *testing.T, line string) string {
	cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
	cmd.Env = append(os.Environ(), "AWS_PAGER=", "AWS_DEFAULT_OUTPUT=json")
	out, err := cmd.CombinedOutput()
	text := mask(string(out))
	if err != nil {
		text += "(failed)\n"
	}
	return strings.TrimLeft(text, "\n") // the CLI puts an empty line before its errors
}

var (
	uuid      = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	timestamp = regexp.MustCompile(`"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)"|[0-9]{10}\.[0-9]+`)
)

// mask replaces what differs from run to run.
func mask(out string) string {
	return timestamp.ReplaceAllString(uuid.ReplaceAllString(out, "<uuid>"), "<time>")
}
