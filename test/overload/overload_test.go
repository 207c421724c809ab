// Package overload runs the binary and does to it what servers are done to: far
// more clients than the machine can serve, clients that do not read, do not
// send, or send what is meant to cost much. What each of that takes of time and
// memory is printed, and bounded.
package overload

import (
	"path/filepath"
	"testing"

	"github.com/gramme-db/gramme/test/process"
)

// start starts a server for one test.
func start(t *testing.T, env ...string) *process.Server {
	t.Helper()
	bin, err := process.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	server, err := process.Start(bin, process.Options{
		Dir: filepath.Join(dir, "data"), Log: filepath.Join(dir, "log"), Env: env,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}
