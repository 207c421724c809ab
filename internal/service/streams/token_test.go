package streams

import (
	"encoding/base64"
	"errors"
	"math"
	"math/big"
	"math/rand"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gramme-db/gramme/internal/journal"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/wire"
)

func TestShardID(t *testing.T) {
	if got, want := shardID(1414576573621, 0xf55eea83), "shardId-00000001414576573621-f55eea83"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	parent, child, later := shardID(5, 9), shardID(5, 10), shardID(6, 11)
	if parent >= child || child >= later {
		t.Errorf("%s, %s and %s do not rise", parent, child, later)
	}
	for _, id := range []string{
		"", "shardId-", "shardId-00000001414576573621-F55EEA83", "shardId-00000001414576573621-f55eea8",
		"shardId-00000001414576573621-f55eea831", "shardId-+0000001414576573621-f55eea83", "ShardId-00000001414576573621-f55eea83",
		"shardId-99999999999999999999-f55eea83", "shardId-000000014145765736210-f55eea83", "shardId-00000001414576573621_f55eea83",
	} {
		if _, _, ok := parseShardID(id); ok {
			t.Errorf("%q is taken for an id", id)
		}
	}
}

func FuzzShardID(f *testing.F) {
	f.Add("shardId-00000001414576573621-f55eea83")
	f.Add("shardId-00000000000000000000-00000000")
	f.Add("")
	f.Fuzz(func(t *testing.T, id string) {
		if createdAt, number, ok := parseShardID(id); ok && shardID(createdAt, number) != id {
			t.Errorf("%q is taken for %s", id, shardID(createdAt, number))
		}
	})
}

// TestSequence checks that numbers have AWS's form, lead back, and rise as
// positions do when they are read as integers.
func TestSequence(t *testing.T) {
	form := regexp.MustCompile(`^[1-9][0-9]{20,39}$`)
	random := rand.New(rand.NewSource(1))
	position := func() journal.Position {
		return journal.Position{Stamp: 1 + random.Uint64()>>random.Intn(64), Ordinal: random.Uint32() >> random.Intn(33)}
	}
	for range 10_000 {
		p, q := position(), position()
		if random.Intn(2) == 0 {
			q.Stamp = p.Stamp
		}
		if !form.MatchString(sequence(p)) {
			t.Fatalf("%+v is %s", p, sequence(p))
		}
		if back, ok := parseSequence(sequence(p)); !ok || back != p {
			t.Fatalf("%+v came back as %+v", p, back)
		}
		a, _ := new(big.Int).SetString(sequence(p), 10)
		b, _ := new(big.Int).SetString(sequence(q), 10)
		if (a.Cmp(b) < 0) != p.Before(q) {
			t.Fatalf("%+v and %+v are %s and %s", p, q, a, b)
		}
		if !before(p).Before(p) {
			t.Fatalf("%+v does not come before %+v", before(p), p)
		}
	}
}

func TestShardBounds(t *testing.T) {
	parent := layout.Shard{Start: 7, End: 20}
	child := layout.Shard{Start: 20}
	first, last := journal.Position{Stamp: 8}, journal.Position{Stamp: 19, Ordinal: math.MaxUint32}
	for _, pair := range [][2]string{
		{starting(&parent), sequence(first)}, {sequence(first), ending(&parent)}, {ending(&parent), starting(&child)},
	} {
		a, _ := new(big.Int).SetString(pair[0], 10)
		b, _ := new(big.Int).SetString(pair[1], 10)
		if a.Cmp(b) >= 0 {
			t.Errorf("%s is not less than %s", a, b)
		}
	}
	if ending(&parent) != sequence(last) {
		t.Errorf("the end is %s, and %s could be a record's", ending(&parent), sequence(last))
	}
}

func FuzzSequence(f *testing.F) {
	f.Add("20500000000000000910398")
	f.Add(strings.Repeat("9", 40))
	f.Add(strings.Repeat("0", 21))
	f.Fuzz(func(t *testing.T, number string) {
		p, ok := parseSequence(number)
		if !ok || strings.HasPrefix(number, "0") {
			return
		}
		want, valid := new(big.Int).SetString(number, 10)
		got, _ := new(big.Int).SetString(sequence(p), 10)
		if !valid || got.Cmp(want) > 0 {
			t.Errorf("%q is taken for %s", number, got)
		}
	})
}

func testSealer() *sealer { return &sealer{secret: []byte("secret"), lifetime: time.Minute} }

const testARN = "arn:aws:dynamodb:us-east-1:000000000000:table/Music/stream/2026-11-23T14:00:00.000"

func TestIterator(t *testing.T) {
	s := testSealer()
	now := time.UnixMilli(1_795_442_400_000)
	want := iterator{
		arn: testARN, shard: 7, after: journal.Position{Stamp: math.MaxUint64, Ordinal: 3},
		horizon: true, issued: now.UnixMilli(),
	}
	text := s.seal(want)
	if golden := testARN + "|1|AQEAAAAH//////////8AAAADAAABogi02wDjeAgDJDXprLqVfKdKpwZW"; text != golden {
		t.Errorf("%s, want %s", text, golden)
	}
	if got, err := s.open(text, now.Add(s.lifetime)); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if _, err := s.open(text, now.Add(s.lifetime+time.Millisecond)); code(err) != "ExpiredIteratorException" {
		t.Errorf("late: %v", err)
	}
	other := &sealer{secret: []byte("another"), lifetime: time.Minute}
	if _, err := other.open(text, now); code(err) != "ValidationException" {
		t.Errorf("of another store: %v", err)
	}
}

// TestIteratorAltered changes each bit of an iterator.
func TestIteratorAltered(t *testing.T) {
	s := testSealer()
	now := time.UnixMilli(1_795_442_400_000)
	text := s.seal(iterator{arn: testARN, shard: 7, issued: now.UnixMilli()})
	for i := range len(text) * 8 {
		altered := []byte(text)
		altered[i/8] ^= 1 << (i % 8)
		if it, err := s.open(string(altered), now); code(err) != "ValidationException" {
			t.Fatalf("bit %d: %+v, %v", i, it, err)
		}
	}
	for i := range text {
		if _, err := s.open(text[:i], now); code(err) != "ValidationException" {
			t.Fatalf("cut off behind %d: %v", i, err)
		}
	}
}

func code(err error) string {
	var e *wire.Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

func FuzzIterator(f *testing.F) {
	s := testSealer()
	now := time.UnixMilli(1_795_442_400_000)
	f.Add(s.seal(iterator{arn: testARN, shard: 1, issued: now.UnixMilli()}))
	f.Add(testARN + iteratorMark + base64.StdEncoding.EncodeToString(make([]byte, iteratorLen)))
	f.Add("|1|")
	f.Fuzz(func(t *testing.T, text string) {
		it, err := s.open(text, now)
		if err == nil && s.seal(it) != text {
			t.Errorf("%q is taken for %q", text, s.seal(it))
		}
		if err != nil && code(err) == "" {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func FuzzARN(f *testing.F) {
	f.Add(testARN)
	f.Add("arn:aws:dynamodb:::table//stream/")
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := parseARN(text)
		if !ok {
			return
		}
		s := layout.Stream{Account: r.account, Region: r.region, Table: r.table, Label: r.label}
		if arn(&s) != text {
			t.Errorf("%q is taken for %q", text, arn(&s))
		}
		if strings.ContainsRune(r.table+r.label+r.account, 0) {
			t.Errorf("%q has a zero byte in what becomes a key", text)
		}
	})
}
