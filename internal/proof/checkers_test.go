package proof

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestCheckers shows on small histories what each checker takes and what it
// refuses, at the border between the two.
func TestCheckers(t *testing.T) {
	put := func(by int) action { return action{kind: "put", item: 0, by: by} }
	add := func(by int) action { return action{kind: "add", item: 0, by: by, arg: 1} }
	remove := action{kind: "delete", item: 0}
	get := func(item int) action { return action{kind: "get", item: item} }
	other := func(by int) action { return action{kind: "put", item: 1, by: by} }
	unlessItem := func(item int) action { return action{kind: "check", item: item} } // it is not there
	shows := func(by, count int) seen { return seen{told: true, cell: cell{by, count}} }
	done, failed, idle := seen{}, seen{failed: true}, seen{idle: true}

	for _, c := range []struct {
		name   string
		events []event
		stream []delta // nil: not looked at
		caught string  // the checkers that refuse it
	}{
		{"a read after a write", []event{did(1, 2, put(1), done), did(3, 4, get(0), shows(1, 0))}, nil, ""},
		{"a read of what was before", []event{did(1, 2, put(1), done), did(3, 4, put(2), done), did(5, 6, get(0), shows(1, 0))}, nil, "fresh linearizable serializable"},
		{"a read during the write", []event{did(1, 2, put(1), done), did(3, 6, put(2), done), did(4, 5, get(0), shows(1, 0))}, nil, ""},
		{"reads that go back during the write", []event{did(1, 2, put(1), done), did(3, 9, put(2), done), did(4, 5, get(0), shows(2, 0)), did(6, 7, get(0), shows(1, 0))}, nil, "fresh linearizable serializable"},
		{"a read of what nobody wrote", []event{did(1, 2, get(0), shows(7, 0))}, nil, "fresh linearizable serializable"},
		{"an item that is gone", []event{did(1, 2, put(1), done), did(3, 4, get(0), shows(0, 0))}, nil, "fresh linearizable serializable"},
		{"an item that was deleted", []event{did(1, 2, put(1), done), did(3, 4, remove, done), did(5, 6, get(0), shows(0, 0))}, nil, ""},
		{"a lost update", []event{did(1, 4, add(1), shows(1, 1)), did(2, 5, add(2), shows(2, 1))}, nil, "linearizable serializable"},
		{"a condition that failed without need", []event{did(1, 2, action{kind: "put if", by: 1}, failed)}, nil, "linearizable serializable"},

		{"cut off, and there later", []event{cutOff(1, 5, put(1)), did(6, 7, get(0), shows(1, 0))}, nil, ""},
		{"cut off, and not there", []event{cutOff(1, 5, put(1)), did(6, 7, get(0), shows(0, 0))}, nil, ""},
		{"cut off, and there after it was not", []event{cutOff(1, 5, put(1)), did(6, 7, get(0), shows(0, 0)), did(8, 9, get(0), shows(1, 0))}, nil, "linearizable serializable"},
		{"cut off, shown and gone", []event{did(1, 2, put(1), done), cutOff(3, 7, put(2)), did(4, 5, get(0), shows(2, 0)), did(8, 9, get(0), shows(1, 0))}, nil, "fresh linearizable serializable"},

		{"half a transaction", []event{transacted(1, 2, []action{put(1), other(2)}, done, done), transacted(3, 4, gets(0, 2), shows(1, 0), shows(2, 0))}, nil, ""},
		{"half a transaction that is seen", []event{transacted(1, 6, []action{put(1), other(2)}, done, done), transacted(2, 5, gets(0, 2), shows(1, 0), shows(0, 0))}, nil, "serializable"},
		{"half a transaction in two reads", []event{transacted(1, 6, []action{put(1), other(2)}, done, done), did(2, 3, get(0), shows(1, 0)), did(4, 5, get(1), shows(0, 0))}, nil, "serializable"},
		{"write skew", []event{transacted(1, 3, []action{unlessItem(1), put(1)}, done, done), transacted(2, 4, []action{unlessItem(0), other(2)}, done, done)}, nil, "serializable"},

		{"a stream", []event{did(1, 2, put(1), done), did(3, 4, remove, done)}, []delta{{"a", cell{}, cell{by: 1}}, {"b", cell{by: 1}, cell{}}}, ""},
		{"a record that is not there", []event{did(1, 2, put(1), done)}, []delta{}, "stream"},
		{"a record of a write that was refused", []event{did(1, 2, other(2), done), transacted(3, 4, []action{unlessItem(1), put(1)}, failed, idle)}, []delta{{"a", cell{}, cell{by: 1}}}, "stream"},
		{"a record of a write that was cut off", []event{cutOff(1, 3, put(1))}, []delta{{"a", cell{}, cell{by: 1}}}, ""},
		{"records in another order", []event{did(1, 2, put(1), done), did(3, 4, put(2), done)}, []delta{{"a", cell{}, cell{by: 2}}, {"b", cell{by: 2}, cell{by: 1}}}, "stream"},
		{"a record twice", []event{did(1, 2, put(1), done)}, []delta{{"a", cell{}, cell{by: 1}}, {"a", cell{}, cell{by: 1}}}, "stream"},
		{"a record with another count", []event{did(1, 2, add(1), done)}, []delta{{"a", cell{}, cell{by: 1, count: 2}}}, "stream"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if caught := caughtBy(tale{events: c.events}, c.stream); caught != c.caught {
				t.Errorf("caught by %q, want %q", caught, c.caught)
			}
		})
	}
}

// caughtBy returns which checkers refuse a tale. The stream is that of item 0,
// and is looked at when it is not nil.
func caughtBy(x tale, stream []delta) string {
	var names []string
	for _, d := range stream {
		x.stream = append(x.stream, d.change())
	}
	x.followed = x.stream
	for _, wrong := range x.check() {
		name, _, _ := strings.Cut(wrong, ":")
		if (name != "stream" || stream != nil && strings.HasPrefix(wrong, "stream: item0")) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// change returns the record of item 0 that is a delta.
func (d delta) change() (c change) {
	number := func(n int) map[string]any { return map[string]any{"N": fmt.Sprint(n)} }
	image := func(c cell) attributes {
		if c == (cell{}) {
			return nil
		}
		return attributes{"sk": number(0), "w": number(c.by), "c": number(c.count)}
	}
	c.EventID, c.Dynamodb.Keys = d.id, attributes{"sk": number(0)}
	c.Dynamodb.OldImage, c.Dynamodb.NewImage = image(d.old), image(d.new)
	return c
}

func did(begin, end int64, a action, s seen) event {
	return event{order: orderOf(a, false), begin: begin, end: end, seen: []seen{s}}
}

func cutOff(begin, end int64, a action) event {
	return event{order: orderOf(a, false), begin: begin, end: end}
}

func transacted(begin, end int64, actions []action, s ...seen) event {
	return event{order: transactionOf(actions, false), begin: begin, end: end, seen: s}
}
