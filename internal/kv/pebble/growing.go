package pebble

import "github.com/cockroachdb/pebble/v2/vfs"

// growing is a log that grows ahead of what is written to it, by zeros. To sync
// bytes that were written over costs a file system half of what it costs to sync
// a file that has become longer, as then it syncs where the file lies as well.
// Pebble uses logs again, which has the same effect; but until those are as long
// as they get, some hundred megabytes are written.
//
// The zeros are written with bytes that need them, and synced with them, at no
// time alone. They look like the end of the log, as does what is left of another
// log in a file that is used again.
type growing struct {
	vfs.File
	disk  *disk
	end   int64  // of what was written
	size  int64  // of the file
	zeros []byte // nil until it grows
}

// newGrowing returns the file of a log, which is written from its beginning.
func newGrowing(d *disk, f vfs.File) *growing {
	g := &growing{File: f, disk: d}
	if info, err := f.Stat(); err == nil {
		g.size = info.Size()
	}
	return g
}

// Write appends.
func (g *growing) Write(p []byte) (int, error) {
	n, err := g.File.Write(p)
	g.end += int64(n)
	if err == nil && g.end > g.size {
		g.grow()
	}
	return n, err
}

// grow writes zeros behind what was written. A disk that refuses may still have
// room for what comes next; room that is kept is not taken.
func (g *growing) grow() {
	g.size = g.end
	if g.disk.spare(1, g.disk.tables.unflushed.Load()+logGrowthBytes) != nil {
		return
	}
	if g.zeros == nil {
		g.zeros = make([]byte, logGrowthBytes)
	}
	clear(g.zeros) // a file may change what it is given
	n, _ := g.File.WriteAt(g.zeros, g.end)
	g.size += int64(n)
}
