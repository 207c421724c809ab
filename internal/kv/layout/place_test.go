package layout

import (
	"slices"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
)

func TestPlaceOf(t *testing.T) {
	entry := AppendIndexKey(nil, IndexKey{
		Table: 7, Index: 2,
		Partition: []item.Value{item.String("c1")},
		Sort:      []item.Value{number(t, "-12.5")},
		Base:      []item.Value{item.String("o1")},
	})
	for _, c := range []struct {
		name              string
		key               []byte
		want              Place // without Values
		partition, others []item.Kind
		values            string
	}{
		{"descriptor", AppendDescriptorKey(nil, "000000000000", "us-east-1", "T"), Place{Part: PartDescriptor}, nil, nil, ""},
		{"job", AppendJobKey(nil, 7, 2), Place{Part: PartJob}, nil, nil, ""},
		{"mark of time to live", AppendExpiringKey(nil, 7), Place{Part: PartExpiring}, nil, nil, ""},
		{
			"expiry", AppendExpiryKey(nil, 9, AppendItemKey(nil, 7, item.String("o1"), number(t, "3"))), Place{Part: PartExpiry, Table: 7, Time: 9},
			[]item.Kind{item.S}, []item.Kind{item.N}, `"o1" 3`,
		},
		{"purge", AppendPurgeKey(nil, 7), Place{Part: PartPurge}, nil, nil, ""},
		{"sequence", AppendSequenceKey(nil, "table"), Place{Part: PartSequence}, nil, nil, ""},
		{"counters", AppendCountersKey(nil, 7), Place{Part: PartCounters, Table: 7}, nil, nil, ""},
		{
			"item", AppendItemKey(nil, 7, item.String("o1"), number(t, "3")), Place{Part: PartItem, Table: 7},
			[]item.Kind{item.S}, []item.Kind{item.N}, `"o1" 3`,
		},
		{"entry", entry, Place{Part: PartEntry, Table: 7, Index: 2}, []item.Kind{item.S}, []item.Kind{item.N, item.S}, `"c1" -12.5 "o1"`},
		{
			"collection", AppendCollectionKey(nil, 7, item.Binary([]byte{0})), Place{Part: PartCollection, Table: 7},
			[]item.Kind{item.B}, nil, `b64"AA=="`,
		},
		{"another section", []byte("t\x00\x00\x00\x00\x00\x00\x00\x07?"), Place{Part: PartOfTable, Table: 7}, nil, nil, ""},
		{"no section", []byte("t\x00\x00\x00\x00\x00\x00\x00\x07"), Place{Part: PartOfTable, Table: 7}, nil, nil, ""},
		{"no table", []byte("t\x00"), Place{}, nil, nil, ""},
		{"another family", []byte("?"), Place{}, nil, nil, ""},
		{"nothing", nil, Place{}, nil, nil, ""},
	} {
		got := PlaceOf(c.key)
		if got.Part != c.want.Part || got.Table != c.want.Table || got.Index != c.want.Index || got.Time != c.want.Time {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if c.partition == nil {
			continue
		}
		values, err := got.KeyValues(c.partition, c.others)
		text := ""
		for i, v := range values {
			if i > 0 {
				text += " "
			}
			text += v.String()
		}
		if err != nil || text != c.values {
			t.Errorf("%s: the values are %s (%v), want %s", c.name, text, err, c.values)
		}
	}
}

// TestDamagedKeyValues changes every byte of a key, and its length.
func TestDamagedKeyValues(t *testing.T) {
	key := AppendItemKey(nil, 7, item.String("o1"), number(t, "3"))
	kinds := []item.Kind{item.S}
	for i := tableKeyLen; i < len(key); i++ {
		damaged := slices.Clone(key)
		damaged[i] ^= 0x80
		values, err := PlaceOf(damaged).KeyValues(kinds, []item.Kind{item.N})
		if err == nil && string(AppendItemKey(nil, 7, values[0], values[1])) != string(damaged) {
			t.Errorf("byte %d damaged: read as %v", i, values)
		}
		if i < tableKeyLen+hashLen && err == nil {
			t.Errorf("byte %d of the hash damaged, and nothing said", i)
		}
	}
	for _, damaged := range [][]byte{key[:tableKeyLen], key[:tableKeyLen+2], key[:len(key)-1], append(slices.Clone(key), 0)} {
		if values, err := PlaceOf(damaged).KeyValues(kinds, []item.Kind{item.N}); err == nil {
			t.Errorf("%x: read as %v", damaged, values)
		}
	}
}

// FuzzKeyValues shows that a key is read as the values it was made of, or not
// at all.
func FuzzKeyValues(f *testing.F) {
	f.Add(AppendItemKey(nil, 7, item.String("o1"), item.Number(item.Decimal{})))
	f.Add(AppendItemKey(nil, 7, item.Binary([]byte{0, 1}), item.Binary(nil)))
	f.Add(AppendCollectionKey(nil, 7, item.String("")))
	kinds := []item.Kind{item.S, item.N, item.B}
	f.Fuzz(func(t *testing.T, key []byte) {
		p := PlaceOf(key)
		for _, partition := range kinds {
			if values, err := p.KeyValues([]item.Kind{partition}, nil); err == nil && p.Part == PartCollection {
				if back := AppendCollectionKey(nil, p.Table, values[0]); string(back) != string(key) {
					t.Errorf("%x is read as %v, which is %x", key, values, back)
				}
			}
			for _, sort := range kinds {
				values, err := p.KeyValues([]item.Kind{partition}, []item.Kind{sort})
				if err != nil || p.Part != PartItem {
					continue
				}
				if back := AppendItemKey(nil, p.Table, values[0], values[1]); string(back) != string(key) {
					t.Errorf("%x is read as %v, which is %x", key, values, back)
				}
			}
		}
	})
}
