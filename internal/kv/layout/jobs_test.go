package layout

import (
	"errors"
	"reflect"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
)

func TestJob(t *testing.T) {
	j := Job{
		Table: 7, Index: 2, Descriptor: DescriptorKey{"000000000000", "us-east-1", "Orders"},
		Items: 1000, Entries: 300, Cursor: AppendItemKey(nil, 7, item.String("o1"), nil),
	}
	key, value := AppendJobKey(nil, j.Table, j.Index), AppendJob(nil, j)
	got, err := ParseJob(key, value)
	if err != nil || !reflect.DeepEqual(got, j) {
		t.Fatalf("ParseJob = %+v, %v; want %+v", got, err, j)
	}
	if p := j.Percent(); p != 96 { // the cursor's hash is f7389fa6
		t.Errorf("%d percent are done", p)
	}
	if p := (&Job{}).Percent(); p != 0 {
		t.Errorf("%d percent are done at the beginning", p)
	}
	for n := range len(value) - len(j.Cursor) { // no beginning of a job is one
		if _, err := ParseJob(key, value[:n]); !errors.Is(err, ErrJob) {
			t.Errorf("ParseJob of the first %d bytes: %v", n, err)
		}
	}
	if _, err := ParseJob(key[1:], value); !errors.Is(err, ErrKey) {
		t.Errorf("ParseJob with another key: %v", err)
	}
}
