package expr

import (
	"iter"
	"slices"

	"github.com/gramme-db/gramme/internal/item"
)

// Update is a parsed update, or AttributeUpdates compiled to one. A nil
// Update changes nothing.
type Update struct {
	actions []action // in the order of the text
	values  []value
	written []Path  // the actions' paths, same order
	paths   []Path  // every path, same order
	targets targets // written, sorted

	// legacy AttributeUpdates append lists with ADD, and word a mismatch of
	// types differently.
	legacy bool

	// Room for what most updates need, so that they cost one allocation.
	room struct {
		actions  [3]action
		values   [4]value
		written  [3]Path
		paths    [4]Path
		targets  [3]target
		elements [5]Element
	}
}

// section is a kind of action.
type section uint8

const (
	sectionSet section = iota
	sectionRemove
	sectionAdd
	sectionDelete
	sectionCount
)

// String returns the section's keyword.
func (s section) String() string {
	return [...]string{"SET", "REMOVE", "ADD", "DELETE"}[s]
}

// action writes to the path of the same place in Update.written.
type action struct {
	section section
	value   int32 // the root of its expression in Update.values; unused by REMOVE
}

// value is a node of the expression that a SET assigns; ADD and DELETE have a
// literal only.
type value struct {
	kind    valueKind
	path    Path       // of all but literals, lists and sums
	literal item.Value // of valueLiteral
	a, b    int32      // operands, in Update.values; those with a path have b only
}

type valueKind uint8

const (
	valueLiteral valueKind = iota
	valuePath
	valueIfNotExists
	valueListAppend
	valuePlus
	valueMinus

	// What PartiQL has in place of ADD and DELETE: of a path and a literal.
	valueSetAdd
	valueSetDelete
)

// newUpdate returns an Update without actions.
func newUpdate() *Update {
	u := new(Update)
	u.actions, u.values = u.room.actions[:0], u.room.values[:0]
	return u
}

// Targets returns the paths the update writes to, in the order of the text.
func (u *Update) Targets() []Path {
	if u == nil {
		return nil
	}
	return u.written
}

// Paths returns every path the update writes or reads, in the order of the
// text.
func (u *Update) Paths() []Path {
	if u == nil {
		return nil
	}
	return u.paths
}

// StaticTypes ranges over the top-level attributes that the update sets to a
// value as given, with the value's type: what they will be is known before
// the item is.
func (u *Update) StaticTypes() iter.Seq2[string, item.Kind] {
	return func(yield func(string, item.Kind) bool) {
		if u == nil {
			return
		}
		for i, a := range u.actions {
			if a.section != sectionSet || u.written[i].Nested() || u.values[a.value].kind != valueLiteral {
				continue
			}
			if !yield(u.written[i].Head(), u.values[a.value].literal.Kind()) {
				return
			}
		}
	}
}

// SizeOverhead returns how many bytes AWS counts for the update itself: it
// refuses an update if the resulting item without its key attributes, plus
// the overhead, is larger than an item may be.
func (u *Update) SizeOverhead() int {
	n := updateBaseBytes
	if u == nil {
		return n
	}
	for i, a := range u.actions {
		n += u.actionBytes(a)
		if u.written[i].endsInIndex() {
			n += listTargetBytes
		}
	}
	return n
}

func (u *Update) actionBytes(a action) int {
	switch a.section {
	case sectionRemove, sectionDelete:
		return removeActionBytes
	case sectionSet:
		if k := u.values[a.value].kind; k == valuePlus || k == valueMinus {
			return assignActionBytes + arithmeticActionBytes
		}
	}
	return assignActionBytes
}

// Fragment returns what UPDATED_OLD shows of the item before the update: the
// values at the update's paths. It is nil where nothing remains.
func (u *Update) Fragment(old item.Item) item.Item {
	if u == nil || old == nil {
		return nil
	}
	return noneIfEmpty(u.targets.project(old))
}

func noneIfEmpty(it item.Item) item.Item {
	if it.Len() == 0 {
		return nil
	}
	return it
}

// Apply returns the item after the update. old is the item before it, nil
// where there is none; key holds the key attributes alone, which is what a
// new item starts from. The result is nil where there was no item and none is
// to be created, because the update only takes away. It may alias old or key.
func (u *Update) Apply(old, key item.Item) (item.Item, *Error) {
	it := old
	if it == nil {
		it = key
	}
	if u == nil || len(u.actions) == 0 {
		return it, nil
	}
	it, err := u.rewrite(it, false)
	if err != nil || old == nil && !u.creates() {
		return nil, err
	}
	return it, nil
}

// creates reports whether the update makes an item where there is none.
func (u *Update) creates() bool {
	for _, a := range u.actions {
		if a.section == sectionSet || a.section == sectionAdd {
			return true
		}
	}
	return false
}

// NewFragment returns what UPDATED_NEW shows after Apply(old, key) has
// succeeded: what the update has written, at the positions that the elements
// of lists have taken. It is nil where nothing remains. The new item alone
// does not tell which elements of its lists were written.
func (u *Update) NewFragment(old, key item.Item) item.Item {
	it := old
	if it == nil {
		it = key
	}
	if u == nil || len(u.actions) == 0 {
		return nil
	}
	fragment, err := u.rewrite(it, true)
	if err != nil {
		return nil
	}
	return noneIfEmpty(fragment)
}

// rewrite returns the item with what the actions write, or that alone. The
// error is about a value, or a path whose parents are not there.
func (u *Update) rewrite(it item.Item, writtenOnly bool) (item.Item, *Error) {
	var room struct { // on the stack, for most updates
		results [8]item.Value
		met     [8]uint8
	}
	n := len(u.actions)
	r := rewriter{
		targets:     u.targets,
		results:     slices.Grow(room.results[:0], n)[:n],
		met:         slices.Grow(room.met[:0], n)[:n],
		writtenOnly: writtenOnly,
	}
	e := evaluation{u: u, it: it}
	if err := e.results(r.results); err != nil {
		return nil, err
	}
	r.b = item.NewBuilder(make([]byte, 0, r.estimate(it)))
	r.b.BeginMap()
	if err := r.fields(it, span{0, n}, 0); err != nil {
		return nil, err
	}
	r.b.EndMap()
	return r.b.Item(), nil
}
