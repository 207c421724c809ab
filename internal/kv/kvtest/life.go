package kvtest

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gramme-db/gramme/internal/kv"
)

func testLimits(t *testing.T, s *kv.Store) {
	ctx := context.Background()
	longest := bytes.Repeat([]byte("k"), kv.KeyBytesMax)
	greatest := bytes.Repeat([]byte("v"), kv.ValueBytesMax)
	set := func(k, v []byte) error {
		return s.Update(ctx, nil, func(tx *kv.Tx) error { return tx.Set(k, v) })
	}
	for _, c := range []struct {
		name       string
		key, value []byte
		want       error
	}{
		{"the longest key and the greatest value", longest, greatest, nil},
		{"a key too long", append(bytes.Clone(longest), 'k'), nil, kv.ErrKey},
		{"a value too great", []byte("k"), append(bytes.Clone(greatest), 'v'), kv.ErrTooLarge},
		{"no key", nil, nil, kv.ErrKey},
		{"a key of the engine", []byte{kv.EnginePrefix, 'x'}, nil, kv.ErrKey},
		{"the first key that is not", []byte{kv.EnginePrefix + 1}, nil, nil},
		{"the last keys", []byte{0xff, 0xff}, nil, nil},
	} {
		if err := set(c.key, c.value); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if got := must(s.Get(ctx, longest, nil))(t); !bytes.Equal(got, greatest) {
		t.Errorf("the greatest value comes back with %d bytes", len(got))
	}
	if _, err := s.Get(ctx, []byte{kv.EnginePrefix}, nil); !errors.Is(err, kv.ErrKey) {
		t.Errorf("Get of a key of the engine: %v, want %v", err, kv.ErrKey)
	}
	if err := s.Update(ctx, [][]byte{nil}, nil); !errors.Is(err, kv.ErrKey) {
		t.Errorf("to own an empty key: %v, want %v", err, kv.ErrKey)
	}
	testUpdateBytesMax(t, s, greatest)
	testEngineHidden(t, s)
}

func testUpdateBytesMax(t *testing.T, s *kv.Store, value []byte) {
	err := s.Update(context.Background(), nil, func(tx *kv.Tx) error {
		for range kv.UpdateBytesMax/len(value) + 1 {
			if err := tx.Set([]byte("k"), value); err != nil {
				return err
			}
		}
		return nil
	})
	if !errors.Is(err, kv.ErrTooLarge) {
		t.Errorf("an update too great: %v, want %v", err, kv.ErrTooLarge)
	}
}

// No scan shows what the engine keeps for itself, such as reserved stamps.
func testEngineHidden(t *testing.T, s *kv.Store) {
	ctx := context.Background()
	if err := s.Update(ctx, nil, func(tx *kv.Tx) error { tx.Stamp(); return nil }); err != nil {
		t.Fatal(err)
	}
	snapshot := must(s.Snapshot(ctx))(t)
	defer snapshot.Close()
	for _, start := range [][]byte{nil, {}, {kv.EnginePrefix}} {
		it := snapshot.Scan(start, nil, false)
		if !it.Next() || it.Key()[0] == kv.EnginePrefix {
			t.Errorf("a scan from %v shows the engine's keys, or nothing: %v", start, it.Err())
		}
		it.Close()
	}
}

// A canceled context aborts an update that has not begun to commit, also while
// it waits for its keys; reads may go on or not.
func testCanceled(t *testing.T, s *kv.Store) {
	canceled, cancel := context.WithCancel(context.Background())
	own := [][]byte{key("a")}
	set := func(tx *kv.Tx) error { return tx.Set(key("a"), key("too late")) }
	err := s.Update(context.Background(), own, func(*kv.Tx) error {
		waiting := make(chan error)
		go func() { waiting <- s.Update(canceled, own, set) }()
		cancel()
		if err := <-waiting; !errors.Is(err, context.Canceled) {
			t.Errorf("an update that waited for its key: %v, want %v", err, context.Canceled)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(canceled, own, set); !errors.Is(err, context.Canceled) {
		t.Errorf("an update of a canceled context: %v, want %v", err, context.Canceled)
	}
	inside, cancel := context.WithCancel(context.Background())
	err = s.Update(inside, own, func(tx *kv.Tx) error { cancel(); return set(tx) })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("an update canceled before its commit: %v, want %v", err, context.Canceled)
	}
	if _, err := s.Get(context.Background(), key("a"), nil); !errors.Is(err, kv.ErrNotFound) {
		t.Errorf("after updates that were canceled: %v, want %v", err, kv.ErrNotFound)
	}
}

func testClosed(t *testing.T, s *kv.Store) {
	ctx := context.Background()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, getErr := s.Get(ctx, key("a"), nil)
	_, countersErr := s.Counters(ctx, key("a"))
	_, snapshotErr := s.Snapshot(ctx)
	scan := s.Scan(ctx, nil, nil, false)
	if scan.Next() {
		t.Error("a scan of a closed store shows something")
	}
	scan.Close()
	_, sizeErr := s.EstimateSize(key("a"), key("b"))
	for name, err := range map[string]error{
		"Get": getErr, "Counters": countersErr, "Snapshot": snapshotErr, "Scan": scan.Err(), "EstimateSize": sizeErr,
		"Update":      s.Update(ctx, nil, func(*kv.Tx) error { return nil }),
		"DeleteRange": s.DeleteRange(ctx, key("a"), key("b")),
		"Close":       s.Close(),
	} {
		if !errors.Is(err, kv.ErrClosed) {
			t.Errorf("%s on a closed store: %v, want %v", name, err, kv.ErrClosed)
		}
	}
	if w := s.Watermark(); w != 0 {
		t.Errorf("Watermark of a closed store: %d, want 0", w)
	}
	if _, err := s.AwaitWatermark(context.Background()); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("AwaitWatermark of a closed store: %v", err)
	}
	if m := s.Metrics(); m != (kv.Metrics{}) {
		t.Errorf("Metrics of a closed store: %+v, want none", m)
	}
}

// Close waits for what is running; nothing new begins meanwhile.
func testCloseWaits(t *testing.T, s *kv.Store) {
	ctx := context.Background()
	closed := make(chan error)
	err := s.Update(ctx, [][]byte{key("a")}, func(tx *kv.Tx) error {
		go func() { closed <- s.Close() }()
		for {
			_, err := s.Get(ctx, key("a"), nil)
			if errors.Is(err, kv.ErrClosed) {
				break
			}
		}
		select {
		case err := <-closed:
			t.Errorf("Close has returned during an update: %v", err)
		default:
		}
		return tx.Set(key("a"), nil)
	})
	if err != nil {
		t.Errorf("an update that was running: %v", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// Close waits for a scan too.
func testCloseWaitsForScan(t *testing.T, s *kv.Store) {
	ctx := context.Background()
	if err := s.Update(ctx, nil, func(tx *kv.Tx) error { return tx.Set(key("a"), nil) }); err != nil {
		t.Fatal(err)
	}
	it := s.Scan(ctx, nil, nil, false)
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	for {
		if _, err := s.Get(ctx, key("a"), nil); errors.Is(err, kv.ErrClosed) {
			break
		}
	}
	select {
	case err := <-closed:
		t.Errorf("Close has returned during a scan: %v", err)
	default:
	}
	if !it.Next() || string(it.Key()) != "a" {
		t.Errorf("a scan that was running ends (%v)", it.Err())
	}
	it.Close()
	it.Close() // does nothing
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// Data, counters and stamps go on after Close and Open, more than once.
func testReopen(t *testing.T, e Engine) {
	ctx := context.Background()
	last := kv.Stamp(0)
	for life := range int64(3) {
		s := e.Open(t, "again")
		if life > 0 {
			slots := must(s.Counters(ctx, key("n")))(t)
			if want := []int64{life, 0, -2 * life}; !slices.Equal(slots, want) {
				t.Errorf("counters after %d lives: %v, want %v", life, slots, want)
			}
		}
		if w := s.Watermark(); w < last {
			t.Errorf("the watermark has gone back from %d to %d", last, w)
		}
		var before uint64
		err := s.Update(ctx, [][]byte{key("k")}, func(tx *kv.Tx) (err error) {
			if before, err = number(tx.Get(key("k"), nil)); err != nil {
				return err
			}
			last = max(last, s.Watermark())
			if stamp := tx.Stamp(); stamp <= last {
				t.Errorf("stamp %d is handed out after %d", stamp, last)
			} else {
				last = stamp
			}
			tx.Add(key("n"), 0, 1)
			tx.Add(key("n"), 2, -2)
			return putNumber(tx, key("k"), before+1)
		})
		if err != nil || before != uint64(life) {
			t.Errorf("life %d finds %d (%v)", life, before, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Sizes are about right once what was written has come to rest.
func testEstimateSize(t *testing.T, e Engine) {
	ctx := context.Background()
	const values, valueBytes = 20, 64 << 10
	random := rand.NewChaCha8([32]byte{1})
	s := e.Open(t, "sized")
	for i := range values {
		value := make([]byte, valueBytes)
		_, _ = random.Read(value)
		if err := s.Update(ctx, nil, func(tx *kv.Tx) error { return tx.Set(key("k%02d", i), value) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = e.Open(t, "sized")
	for _, c := range []struct {
		start, end []byte
		values     uint64
	}{
		{nil, nil, values},
		{key("k"), key("l"), values},
		{key("k05"), key("k15"), 10},
		{key("a"), key("b"), 0},
		{key("l"), key("k"), 0},
	} {
		size := must(s.EstimateSize(c.start, c.end))(t)
		want := c.values * valueBytes
		if size < want/2 || size > want*2+2*valueBytes {
			t.Errorf("[%s, %s) takes about %d bytes, want about %d", c.start, c.end, size, want)
		}
	}
}
