package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// byteSize is a flag's number of bytes: "4096", "64MB", "64MiB", "1 GB". A unit
// is a power of 1024, as everywhere at AWS, with or without the i.
type byteSize int64

// Decode reads the flag from the command line. It takes whatever follows, so
// that -1 is a wrong size and no flag.
func (b *byteSize) Decode(line *kong.DecodeContext) error {
	text := ""
	if next := line.Scan.Pop(); !next.IsEOL() {
		text = next.String()
	}
	return b.UnmarshalText([]byte(text))
}

// UnmarshalText reads a size.
func (b *byteSize) UnmarshalText(text []byte) error {
	digits := strings.TrimSpace(string(text))
	end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
	unit := ""
	if end >= 0 {
		digits, unit = digits[:end], strings.TrimSpace(digits[end:])
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	shift, ok := unitShift(unit)
	if err != nil || !ok || n > math.MaxInt64>>shift {
		return fmt.Errorf("%q is no size; write it as 4096, 512KB, 64MB or 1GB", text)
	}
	*b = byteSize(n << shift)
	return nil
}

// unitShift returns the power of two of a unit.
func unitShift(unit string) (shift uint, ok bool) {
	switch strings.ToUpper(unit) {
	case "", "B":
		return 0, true
	case "K", "KB", "KIB":
		return 10, true
	case "M", "MB", "MIB":
		return 20, true
	case "G", "GB", "GIB":
		return 30, true
	case "T", "TB", "TIB":
		return 40, true
	}
	return 0, false
}
