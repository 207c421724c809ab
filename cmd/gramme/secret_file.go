package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

const (
	secretFileBytesMax = 4 << 10 // ours; AWS's secrets have 40 characters
	readableByAll      = 0o004
)

// checkPrivate refuses a file with a secret that every user of the machine can
// read. Its group may: that is how one file serves several programs.
func checkPrivate(flag, path string) error {
	info, err := os.Stat(path)
	if err != nil || info.IsDir() || runtime.GOOS == "windows" {
		return nil // reading it says more; and modes on Windows say nothing
	}
	if info.Mode()&readableByAll != 0 {
		return fmt.Errorf("every user of this machine can read %s=%s; run: chmod 600 %s", flag, path, path)
	}
	return nil
}

// readSecret reads the file of --secret-key-file: the secret, and perhaps the end
// of a line.
func readSecret(path string) (sigv4.Secret, error) {
	if err := checkPrivate("--secret-key-file", path); err != nil {
		return "", err
	}
	text, err := readBounded(path, secretFileBytesMax+1)
	if err != nil {
		return "", fmt.Errorf("cannot use --secret-key-file: %w; name a file that this user can read", err)
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" || len(secret) > secretFileBytesMax || strings.ContainsAny(secret, " \t\r\n") {
		return "", fmt.Errorf("--secret-key-file=%s does not hold a secret access key; write it there as the only line", path)
	}
	return sigv4.Secret(secret), nil
}

// readBounded reads the beginning of a file.
func readBounded(path string, bytesMax int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, bytesMax))
}
