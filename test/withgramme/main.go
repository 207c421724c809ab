// Withgramme starts a gramme of its own, runs a command that finds it by the
// environment variables of the AWS SDKs, stops gramme, and exits as the command
// did. The tests in JavaScript and Python run under it:
//
//	go run ./withgramme npm --prefix e2e/js test
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/gramme-db/gramme/test/process"
)

func main() {
	err := run(os.Args[1:])
	if failed := new(exec.ExitError); errors.As(err, &failed) {
		os.Exit(max(failed.ExitCode(), 1)) // -1: ended by a signal
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "withgramme:", err)
		os.Exit(1)
	}
}

func run(command []string) (err error) {
	if len(command) == 0 {
		return errors.New("usage: withgramme command [argument ...]")
	}
	dir, err := os.MkdirTemp("", "withgramme")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	bin, err := process.Build(context.Background(), dir)
	if err != nil {
		return err
	}
	server, err := process.Start(bin, process.Options{
		Dir:    filepath.Join(dir, "data"),
		Static: true,
		Log:    filepath.Join(dir, "log"),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	if err := server.Adopt(); err != nil {
		return err
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}
