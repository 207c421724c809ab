// Package security looks at a running gramme from where its users and their
// neighbours stand: what its logs and pages tell, who may read its files, and
// what TLS lets in. Signatures are tested where they are checked, in
// internal/wire/sigv4, and web pages of others in internal/gateway.
package security

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/gramme-db/gramme/test/process"
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run builds the binary once for all tests.
func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "gramme-security")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	bin, err := process.Build(context.Background(), dir)
	if err != nil {
		return 0, err
	}
	if err := os.Setenv("GRAMME_BIN", bin); err != nil { // where process.Build finds it
		return 0, err
	}
	return m.Run(), nil
}

// start starts a server. One that still runs at the end of the test is killed.
func start(t *testing.T, o process.Options) *process.Server {
	t.Helper()
	server, err := process.Start(os.Getenv("GRAMME_BIN"), o)
	check(t, err)
	t.Cleanup(func() { _ = server.Kill() }) // fails if it has ended
	return server
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
