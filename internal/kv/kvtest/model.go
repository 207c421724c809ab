package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gramme-db/gramme/internal/kv"
)

// player does random operations on keys of its own, of which it knows the
// values, while others do the same beside it.
type player struct {
	store  *kv.Store
	prefix string
	rand   *rand.Rand
	values map[string]string
}

const (
	players     = 8
	playerTurns = 150
	playerKeys  = 12
)

func testModel(t *testing.T, s *kv.Store) {
	together(players, func(i int) {
		p := player{
			store: s, prefix: fmt.Sprintf("p%d/", i), values: make(map[string]string),
			rand: rand.New(rand.NewPCG(uint64(i), 42)),
		}
		for turn := range playerTurns {
			if err := p.turn(); err != nil {
				t.Errorf("player %d, turn %d: %v", i, turn, err)
				return
			}
		}
	})
}

func (p *player) turn() error {
	ctx := context.Background()
	switch p.rand.IntN(7) {
	case 0:
		k := p.key()
		value, err := p.store.Get(ctx, []byte(k), []byte("dst"))
		return p.check(k, value, "dst", err)
	case 1:
		snapshot, err := p.store.Snapshot(ctx)
		if err != nil {
			return err
		}
		defer snapshot.Close()
		then := maps.Clone(p.values)
		if err := p.update(ctx); err != nil { // which the snapshot must not show
			return err
		}
		reverse := p.rand.IntN(2) == 0
		return p.checkScan(snapshot.Scan([]byte(p.prefix), []byte(p.prefix+"~"), reverse), then, reverse)
	case 2:
		then, reverse := maps.Clone(p.values), p.rand.IntN(2) == 0
		it := p.store.Scan(ctx, []byte(p.prefix), []byte(p.prefix+"~"), reverse)
		if err := p.update(ctx); err != nil { // which the scan must not show
			it.Close()
			return err
		}
		return p.checkScan(it, then, reverse)
	case 3:
		start, end := p.key(), p.key()
		if start >= end {
			return nil
		}
		maps.DeleteFunc(p.values, func(k, _ string) bool { return start <= k && k < end })
		return p.store.DeleteRange(ctx, []byte(start), []byte(end))
	default:
		return p.update(ctx)
	}
}

func (p *player) key() string { return fmt.Sprintf("%s%02d", p.prefix, p.rand.IntN(playerKeys)) }

// update writes some keys, reads some of them back, and aborts now and then.
func (p *player) update(ctx context.Context) error {
	seed := p.rand.Uint64()
	abort := p.rand.IntN(5) == 0
	var next map[string]string
	own := p.key()
	err := p.store.Update(ctx, [][]byte{[]byte(own)}, func(tx *kv.Tx) error {
		next = maps.Clone(p.values)
		if err := p.checkHead(tx, own); err != nil {
			return err
		}
		again := player{prefix: p.prefix, values: next, rand: rand.New(rand.NewPCG(seed, 0))}
		for range 1 + again.rand.IntN(6) {
			if err := again.write(tx); err != nil {
				return err
			}
		}
		if abort {
			return errAborted
		}
		return nil
	})
	if abort && errors.Is(err, errAborted) {
		return nil
	}
	p.values = next
	return err
}

func (p *player) write(tx *kv.Tx) error {
	k := p.key()
	if p.rand.IntN(3) == 0 {
		delete(p.values, k)
		return tx.Delete([]byte(k))
	}
	value := fmt.Sprint(p.rand.Uint64())
	p.values[k] = value
	if err := tx.Set([]byte(k), []byte(value)); err != nil {
		return err
	}
	k = p.key()
	read, err := tx.Get([]byte(k), nil)
	return p.check(k, read, "", err)
}

// check compares what was read at k, behind what dst held before.
func (p *player) check(k string, read []byte, dst string, err error) error {
	want, ok := p.values[k]
	switch {
	case !ok && errors.Is(err, kv.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("get %s: %w", k, err)
	case !ok || !bytes.Equal(read, []byte(dst+want)):
		return fmt.Errorf("get %s: %q, want %q", k, read, dst+want)
	}
	return nil
}

// checkHead compares how the value at k begins.
func (p *player) checkHead(tx *kv.Tx, k string) error {
	head, err := tx.Head([]byte(k))
	want, ok := p.values[k]
	switch {
	case !ok && errors.Is(err, kv.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("head %s: %w", k, err)
	case !ok || len(head.Bytes()) == 0 || !bytes.HasPrefix([]byte(want), head.Bytes()):
		return fmt.Errorf("head %s: %q of %q", k, head.Bytes(), want)
	}
	return nil
}

func (p *player) checkScan(it *kv.Iterator, want map[string]string, reverse bool) error {
	defer it.Close()
	keys := slices.Sorted(maps.Keys(want))
	if reverse {
		slices.Reverse(keys)
	}
	for it.Next() {
		if len(keys) == 0 || string(it.Key()) != keys[0] || string(it.Value()) != want[keys[0]] {
			return fmt.Errorf("scan: %s=%s, want %v of %v", it.Key(), it.Value(), keys, want)
		}
		keys = keys[1:]
	}
	if len(keys) > 0 {
		return fmt.Errorf("scan: it ends before %v (%v)", keys, it.Err())
	}
	return it.Err()
}
