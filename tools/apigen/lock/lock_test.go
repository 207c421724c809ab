package lock

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const modelPath = "data/small/service-2.json.gz"

// fakeWheel writes a release with one model into a cache folder.
func fakeWheel(t *testing.T, cache string) *Lock {
	t.Helper()
	var packed, wheel bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(`{"model":1}`)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	archive := zip.NewWriter(&wheel)
	f, err := archive.Create(modelPath)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(packed.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cache, "small-1.whl"), wheel.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return &Lock{
		Package: "small", Version: "1", File: "small-1.whl", SHA256: sum(wheel.Bytes()),
		Models: []*Model{{Service: "small", Path: modelPath, SHA256: sum(packed.Bytes())}},
	}
}

func TestFetch(t *testing.T) {
	cache := t.TempDir()
	l := fakeWheel(t, cache)
	w, err := l.Fetch(cache)
	if err != nil {
		t.Fatal(err)
	}
	data, err := w.Model(l.Models[0])
	if err != nil || string(data) != `{"model":1}` {
		t.Errorf("got %s, %v", data, err)
	}
	other := *l.Models[0]
	other.SHA256 = strings.Repeat("0", 64)
	if _, err := w.Model(&other); err == nil || !strings.Contains(err.Error(), "models.lock says 000") {
		t.Errorf("a model with another checksum: %v", err)
	}
	l.SHA256 = strings.Repeat("0", 64)
	if _, err := l.Fetch(cache); err == nil || !strings.Contains(err.Error(), "models.lock says 000") {
		t.Errorf("a release with another checksum: %v", err)
	}
}

func TestSaveLoad(t *testing.T) {
	l := fakeWheel(t, t.TempDir())
	path := filepath.Join(t.TempDir(), "models.lock")
	if err := l.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.SHA256 != l.SHA256 || *got.Models[0] != *l.Models[0] {
		t.Errorf("got %+v, want %+v", got, l)
	}
	if err := os.WriteFile(path, []byte(`{"pakage":""}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil {
		t.Error("an unknown field was taken")
	}
}
