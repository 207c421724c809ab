// Package examples runs the programs of the folder examples at the top of the
// repository and compares what they print with the output.txt beside each.
package examples

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gramme-db/gramme/test/process"
)

var rewrite = flag.Bool("rewrite", false, "write output.txt anew")

func TestBank(t *testing.T)    { testExample(t, "bank") }
func TestOrders(t *testing.T)  { testExample(t, "orders") }
func TestSensors(t *testing.T) { testExample(t, "sensors") }

// testExample runs a program against a server of its own.
func testExample(t *testing.T, name string) {
	t.Helper()
	bin, err := process.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	server, err := process.Start(bin, process.Options{
		Dir: filepath.Join(t.TempDir(), "data"),
		Log: filepath.Join(t.TempDir(), "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	root, err := process.Root()
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "go", "run", "-C", filepath.Join(root, "examples"), "./"+name)
	run.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+server.URL())
	got, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, got)
	}
	compare(t, filepath.Join(root, "examples", name, "output.txt"), got)
}

func compare(t *testing.T, path string, got []byte) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("printed\n%s\nand output.txt says\n%s\nIf the change is meant: go test ./examples -rewrite", got, want)
	}
}
