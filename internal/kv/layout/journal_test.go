package layout

import (
	"bytes"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
)

// What is written is what is read.
func TestChange(t *testing.T) {
	image := func(name string) item.Item {
		b := item.NewBuilder(nil)
		b.BeginMap()
		b.Field("pk", item.String(name))
		b.EndMap()
		return b.Item()
	}
	for _, c := range []Change{
		{ActorUser, 1, nil, image("new")},
		{ActorTTL, -1, image("old"), nil},
		{ActorUser, 1 << 60, image("old"), image("new")},
	} {
		stored := AppendChange(nil, c)
		if len(stored) != ChangeBytes(c) {
			t.Errorf("%d bytes, ChangeBytes says %d", len(stored), ChangeBytes(c))
		}
		got, err := ParseChange(stored)
		if err != nil || got.Actor != c.Actor || got.Time != c.Time || !bytes.Equal(got.Old, c.Old) || !bytes.Equal(got.New, c.New) ||
			(got.Old == nil) != (c.Old == nil) || (got.New == nil) != (c.New == nil) {
			t.Errorf("%+v comes back as %+v (%v)", c, got, err)
		}
		for n := range changeHeadLen + 2 {
			if _, err := ParseChange(stored[:n]); err == nil {
				t.Errorf("a record cut off after %d bytes is read", n)
			}
		}
	}
}

// The records behind a position are those with a greater stamp, or the same
// stamp and a greater ordinal.
func TestChangesBehind(t *testing.T) {
	r := ChangesBehind(7, 3, Position{5, 1}, 9)
	for _, c := range []struct {
		at   ChangeKey
		want bool
	}{
		{ChangeKey{7, 3, Position{5, 1}}, false}, {ChangeKey{7, 3, Position{5, 2}}, true}, {ChangeKey{7, 3, Position{9, ^uint32(0)}}, true},
		{ChangeKey{7, 3, Position{10, 0}}, false}, {ChangeKey{7, 2, Position{6, 0}}, false}, {ChangeKey{7, 4, Position{6, 0}}, false}, {ChangeKey{8, 3, Position{6, 0}}, false},
	} {
		key := AppendChangeKey(nil, c.at)
		if got := bytes.Compare(key, r.Start) >= 0 && bytes.Compare(key, r.End) < 0; got != c.want {
			t.Errorf("%+v is in the range: %t", c.at, got)
		}
	}
	if end := ChangesBehind(7, 3, Position{}, ^uint64(0)).End; !bytes.Equal(end, Changes(7, 3).End) {
		t.Errorf("up to the last stamp the range ends at %x", end)
	}
}

func FuzzChange(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'M', 0})
	f.Fuzz(func(t *testing.T, value []byte) {
		c, err := ParseChange(value)
		if err != nil {
			return
		}
		if again, err := ParseChange(AppendChange(nil, c)); err != nil || !bytes.Equal(again.Old, c.Old) || !bytes.Equal(again.New, c.New) {
			t.Errorf("%+v comes back as %+v (%v)", c, again, err)
		}
	})
}
