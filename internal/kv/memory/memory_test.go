package memory_test

import (
	"testing"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/kvtest"
	"github.com/gramme-db/gramme/internal/kv/memory"
)

func TestEngine(t *testing.T) {
	kvtest.Run(t, kvtest.Engine{
		Open: func(t *testing.T, _ string) *kv.Store {
			d, err := memory.Open(memory.Options{})
			if err != nil {
				t.Fatal(err)
			}
			s := kv.Open(d)
			t.Cleanup(func() { _ = s.Close() }) // the test may have closed it
			return s
		},
	})
}
