package main

import "testing"

func TestByteSize(t *testing.T) {
	for text, want := range map[string]byteSize{
		"0": 0, "4096": 4096, "1B": 1, "2k": 2 << 10, "512KB": 512 << 10, "64MiB": 64 << 20, "1 GB": 1 << 30, "2t": 2 << 40,
	} {
		var b byteSize
		if err := b.UnmarshalText([]byte(text)); err != nil || b != want {
			t.Errorf("%q: %d, %v, want %d", text, b, err, want)
		}
	}
	for _, text := range []string{"", "B", "-1", "1.5GB", "1 XB", "1I", "9223372036854775808", "9007199254740992K", "10000000T"} {
		var b byteSize
		if err := b.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: %d, want an error", text, b)
		}
	}
}
