// Package lock keeps the generator's input fixed: models.lock names a release
// of the package that AWS's models come in, and the SHA-256 of all that is
// read from it. The package is fetched with its ecosystem's ordinary client
// into a cache folder, and nothing of it is committed.
package lock

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// modelBytesMax bounds one unpacked model; the limit is ours. The largest of
// AWS's has 10 MB.
const modelBytesMax = 64 << 20

// Lock is the content of models.lock.
type Lock struct {
	Package string   `json:"package"`
	Version string   `json:"version"`
	File    string   `json:"file"`   // the wheel
	SHA256  string   `json:"sha256"` // of the wheel
	Models  []*Model `json:"models"`
}

// Model is one model that code is generated from.
type Model struct {
	Service string `json:"service"` // the Go package's name
	Path    string `json:"path"`    // inside the wheel
	SHA256  string `json:"sha256"`  // of the file as it lies in the wheel
}

// Load reads models.lock.
func Load(path string) (*Lock, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	l := new(Lock)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(l); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

// Save writes models.lock.
func (l *Lock) Save(path string) error {
	data, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

// Wheel is an opened release.
type Wheel struct {
	files  *zip.Reader
	SHA256 string
}

// Fetch returns the locked release, from the cache folder or through pip, and
// refuses one with another checksum.
func (l *Lock) Fetch(cache string) (*Wheel, error) {
	path := filepath.Join(cache, filepath.Base(l.File))
	if _, err := os.Stat(path); err != nil {
		if err := download(l.Package, l.Version, cache); err != nil {
			return nil, err
		}
	}
	w, err := open(path)
	if err != nil {
		return nil, err
	}
	if w.SHA256 != l.SHA256 {
		return nil, fmt.Errorf("%s: SHA-256 is %s, models.lock says %s", path, w.SHA256, l.SHA256)
	}
	return w, nil
}

// Update fetches another release and sets every checksum to what it holds.
func (l *Lock) Update(version, cache string) (*Wheel, error) {
	if err := download(l.Package, version, cache); err != nil {
		return nil, err
	}
	pattern := filepath.Join(cache, l.Package+"-"+version+"-*.whl")
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("%d files are %s, want 1", len(found), pattern)
	}
	w, err := open(found[0])
	if err != nil {
		return nil, err
	}
	l.Version, l.File, l.SHA256 = version, filepath.Base(found[0]), w.SHA256
	for _, m := range l.Models {
		raw, err := w.raw(m.Path)
		if err != nil {
			return nil, err
		}
		m.SHA256 = sum(raw)
	}
	return w, nil
}

// download asks pip for the wheel of a release.
func download(name, version, cache string) error {
	cmd := exec.Command("python3", "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
		"--no-deps", "--only-binary", ":all:", "--dest", cache, name+"=="+version)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pip download %s==%s: %w\n%s", name, version, err, out)
	}
	return nil
}

func open(path string) (*Wheel, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	files, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Wheel{files: files, SHA256: sum(data)}, nil
}

// Model returns a model's JSON if its checksum is the locked one.
func (w *Wheel) Model(m *Model) ([]byte, error) {
	raw, err := w.raw(m.Path)
	if err != nil {
		return nil, err
	}
	if got := sum(raw); got != m.SHA256 {
		return nil, fmt.Errorf("%s: SHA-256 is %s, models.lock says %s", m.Path, got, m.SHA256)
	}
	return unpack(m.Path, raw)
}

// File returns any file of the release, unpacked.
func (w *Wheel) File(path string) ([]byte, error) {
	raw, err := w.raw(path)
	if err != nil {
		return nil, err
	}
	return unpack(path, raw)
}

func (w *Wheel) raw(path string) ([]byte, error) {
	f, err := w.files.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f)
}

func unpack(path string, raw []byte) ([]byte, error) {
	if !strings.HasSuffix(path, ".gz") {
		return raw, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return readBounded(r)
}

func readBounded(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, modelBytesMax+1))
	if err == nil && len(data) > modelBytesMax {
		return nil, fmt.Errorf("a model is larger than %d bytes", modelBytesMax)
	}
	return data, err
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}
