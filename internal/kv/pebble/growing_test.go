package pebble

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// writeLog writes 5 KB a hundred times, and returns the sizes that the file had
// and what was written.
func writeLog(t *testing.T, fs vfs.FS, f vfs.File) (sizes []int64, written []byte) {
	t.Helper()
	g := newGrowing(&disk{FS: fs}, f)
	for i := range 100 {
		p := bytes.Repeat([]byte{byte(i + 1)}, 5000)
		written = append(written, p...) // a file may change what it is given
		if n, err := g.Write(p); n != len(p) || err != nil {
			t.Fatalf("write %d: %d, %v", i, n, err)
		}
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, info.Size())
	}
	return slices.Compact(sizes), written
}

func fileContent(t *testing.T, fs vfs.FS, name string) []byte {
	t.Helper()
	f, err := fs.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	content, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// A log becomes longer once for every logGrowthBytes, and what is written is all
// there. One that is as long as it gets stays so, and keeps what lies behind.
func TestGrowing(t *testing.T) {
	mem := vfs.NewMem()
	f, err := mem.Create("1.log", writeCategory)
	if err != nil {
		t.Fatal(err)
	}
	sizes, written := writeLog(t, mem, f)
	if want := []int64{5000 + logGrowthBytes, 270_000 + logGrowthBytes}; !slices.Equal(sizes, want) {
		t.Errorf("a new log is %d bytes long in turn, want %d", sizes, want)
	}
	zeros := make([]byte, sizes[len(sizes)-1]-int64(len(written)))
	if got := fileContent(t, mem, "1.log"); !bytes.Equal(got, slices.Concat(written, zeros)) {
		t.Error("a new log does not hold what was written, and then zeros")
	}

	old := bytes.Repeat([]byte("old"), 200_000)
	if f, err = mem.Create("2.log", writeCategory); err == nil {
		_, err = f.Write(bytes.Clone(old))
	}
	if err != nil {
		t.Fatal(err)
	}
	if f, err = mem.ReuseForWrite("2.log", "3.log", writeCategory); err != nil {
		t.Fatal(err)
	}
	if sizes, written = writeLog(t, mem, f); len(sizes) != 1 {
		t.Errorf("a log that is used again is %d bytes long in turn", sizes)
	}
	if got := fileContent(t, mem, "3.log"); !bytes.Equal(got, slices.Concat(written, old[len(written):])) {
		t.Error("a log that is used again does not hold what was written, and then what it held")
	}
}

// nearlyFull is a file system with as much room as is kept.
type nearlyFull struct{ vfs.FS }

func (nearlyFull) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: reserveBytes, TotalBytes: reserveBytes * reserveShare}, nil
}

// A disk that has no room for zeros, or just the room that is kept, may have
// room for the log.
func TestGrowingWithoutRoom(t *testing.T) {
	refuse := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileWriteAt {
			return io.ErrShortWrite
		}
		return nil
	})
	mem := vfs.NewMem()
	for name, fs := range map[string]vfs.FS{"1.log": errorfs.Wrap(mem, refuse), "2.log": nearlyFull{mem}} {
		f, err := fs.Create(name, writeCategory)
		if err != nil {
			t.Fatal(err)
		}
		if _, written := writeLog(t, fs, f); !bytes.Equal(fileContent(t, mem, name), written) {
			t.Errorf("%s does not hold what was written", name)
		}
	}
}
