package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/cockroachdb/datadriven"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/server"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

// TestMain builds the binary once; the tests run it as users do.
func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

const binaryVariable = "GRAMME_TEST_BINARY"

func buildAndRun(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "gramme-cmd-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "gramme")
	build := exec.Command("go", "build", "-ldflags", "-X main.version=v0.0.0-test", "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("%w\n%s", err, out)
	}
	if err := os.Setenv(binaryVariable, binary); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// gramme returns the command line of the binary in a folder, with an
// environment that holds nothing but env.
func gramme(dir string, env []string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Getenv(binaryVariable), args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	return cmd
}

// TestCommandLines runs the scripts in testdata, each in a fresh folder that it
// calls $DIR:
//
//	run                     run the binary: variables of the environment, then arguments; prints
//	                        standard output, standard error and the exit status
//	data                    make $DIR/data with these operations
//	rename PATTERN NAME     rename the file
//	spoil PATTERN           overwrite the files with what does not belong there
//	set KEY VALUE           change $DIR/data behind the server's back, in hexadecimal
//	delete KEY              the same
//
// No line starts a server that runs on: all of them end with an error before.
func TestCommandLines(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		dir := t.TempDir()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "run":
				return runLine(t, dir, d.Input)
			case "rename":
				return changeFiles(t, filepath.Join(dir, d.CmdArgs[0].Key), func(path string) error {
					return os.Rename(path, filepath.Join(filepath.Dir(path), d.CmdArgs[1].Key))
				})
			case "spoil":
				return changeFiles(t, filepath.Join(dir, d.CmdArgs[0].Key), func(path string) error {
					return os.WriteFile(path, bytes.Repeat([]byte("spoilt "), 64), 0o600)
				})
			case "data":
				return makeData(t, filepath.Join(dir, "data"), d.Input)
			case "set", "delete":
				return changeData(t, filepath.Join(dir, "data"), d)
			}
			return "no such command: " + d.Cmd
		})
	})
}

func TestVersion(t *testing.T) {
	out, err := gramme(t.TempDir(), nil, "version").Output()
	want := fmt.Sprintf("gramme v0.0.0-test (%s, %s/%s)\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if err != nil || string(out) != want {
		t.Errorf("%q, %v, want %q", out, err, want)
	}
}

// Every flag of serve has a variable of the same name.
func TestVariables(t *testing.T) {
	parser, err := kong.New(&commands{})
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(false) {
		for _, flag := range leaf.Flags {
			want := "GRAMME_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
			if leaf.Name == "serve" && !slices.Equal(flag.Envs, []string{want}) {
				t.Errorf("serve --%s has the variables %q, want %s; add it to the tag env", flag.Name, flag.Envs, want)
			}
		}
	}
}

func runLine(t *testing.T, dir, line string) string {
	args := strings.Fields(strings.ReplaceAll(line, "$DIR", dir))
	var env []string
	for len(args) > 0 && strings.HasPrefix(args[0], "GRAMME_") {
		env, args = append(env, args[0]), args[1:]
	}
	cmd := gramme(dir, env, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	out := stdout.String() + stderr.String()
	return strings.ReplaceAll(out, dir, "$DIR") + fmt.Sprintf("exit %d\n", cmd.ProcessState.ExitCode())
}

// changeFiles changes the files that a pattern means.
func changeFiles(t *testing.T, pattern string, change func(path string) error) string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no file is %s (%v)", pattern, err)
	}
	for _, path := range paths {
		if err := change(path); err != nil {
			t.Fatal(err)
		}
	}
	return "ok\n"
}

// makeData makes a data directory in a server of the test's own process, whose
// clock and chance stand still, and sends it operations, a line each: the
// operation and the body.
func makeData(t *testing.T, dir, operations string) string {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	srv, err := server.Open(server.Options{
		Dir: dir,
		Env: base.Env{Now: func() time.Time { return now }, Rand: func() uint64 { return 1 }},
	})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(operations) {
		operation, body, _ := strings.Cut(strings.TrimSpace(line), " ")
		w := httptest.NewRecorder()
		srv.Handler().ServeHTTP(w, signed("http://localhost/", operation, body))
		fmt.Fprintf(&out, "%s %d\n", operation, w.Code)
	}
	if err := srv.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// signed returns a request of DynamoDB as an SDK sends it that was set up with
// what a server prints.
func signed(url, operation, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, url, strings.NewReader(body))
	r.RequestURI = "" // clients do not set it
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	signer := sigv4.Signer{
		Profile:   sigv4.Profile{Service: "dynamodb"},
		Region:    "us-east-1",
		AccessKey: "gramme",
		Secret:    "gramme",
	}
	signer.Sign(r, []byte(body), time.Now())
	return r
}
