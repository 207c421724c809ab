package expr

import "github.com/gramme-db/gramme/internal/item"

// Projection is a parsed projection, or a list of attributes compiled to one. A
// nil Projection leaves items as they are.
type Projection struct {
	paths   []Path // in the order of the text
	targets targets
	names   []string // of the columns at the paths; nil: what is left stays where it is

	// Room for what most projections need, so that they cost one allocation.
	room struct {
		paths    [4]Path
		targets  [4]target
		elements [4]Element
	}
}

// ParseProjection parses a projection and checks what can be checked without
// an item:
//
//	projection = path { "," path }
//	path       = name { "." name | "[" number "]" }
func ParseProjection(text string, s *Scope) (*Projection, *Error) {
	pr := new(Projection)
	p := parser{kind: KindProjection, scope: s, text: text}
	if err := p.begin(); err != nil {
		return nil, err
	}
	p.elements, p.paths = pr.room.elements[:0], pr.room.paths[:0]
	p.path()
	for p.accept(tokenComma) {
		p.path()
	}
	pr.targets = p.targets(pr.room.targets[:0])
	if err := p.end(); err != nil {
		return nil, err
	}
	pr.paths = p.paths
	return pr, nil
}

// targets sorts the paths that have been read and checks that none stands in
// another's way.
func (p *parser) targets(room []target) targets {
	ts, overlapping, conflicting := newTargets(p.kind, p.paths, room)
	if overlapping != nil {
		p.fault(rankOverlap, overlapping)
	}
	if conflicting != nil {
		p.fault(rankConflict, conflicting)
	}
	return ts
}

// Paths returns the projection's paths, in the order of the text.
func (p *Projection) Paths() []Path {
	if p == nil {
		return nil
	}
	return p.paths
}

// Apply returns the part of an item that the paths lead to, in a new item
// that may have no attributes. The elements of a list close up. No item stays
// none.
func (p *Projection) Apply(it item.Item) item.Item {
	if p == nil || it == nil {
		return it
	}
	if p.names != nil {
		b := item.NewBuilder(make([]byte, 0, min(len(it), projectionScratchBytes)))
		p.buildColumns(b, it)
		return b.Item()
	}
	return p.targets.project(it)
}

// Build is Apply for many items: it writes what is left of an item with a
// Builder of the caller's.
func (p *Projection) Build(b *item.Builder, it item.Item) {
	if p.names != nil {
		p.buildColumns(b, it)
		return
	}
	p.targets.build(b, it)
}

// BytesMax bounds the length of what Build writes of an item. Only the names of
// columns can make it longer than the item.
func (p *Projection) BytesMax(it item.Item) int {
	n := len(it)
	if p != nil {
		for _, name := range p.names {
			n += columnHeadBytes + len(name)
		}
	}
	return n
}

// project returns the part of an item that the targets lead to.
func (ts targets) project(it item.Item) item.Item {
	b := item.NewBuilder(make([]byte, 0, min(len(it), projectionScratchBytes)))
	ts.build(b, it)
	return b.Item()
}

func (ts targets) build(b *item.Builder, it item.Item) {
	b.BeginMap()
	ts.fields(b, it, span{0, len(ts)}, 0)
	b.EndMap()
}

func (ts targets) fields(b *item.Builder, m item.Item, s span, depth int) {
	for name, v := range m.All() {
		if below := ts.named(s, depth, name); ts.reach(v, below, depth) {
			b.Name(name)
			ts.value(b, v, below, depth)
		}
	}
}

func (ts targets) elements(b *item.Builder, l item.Value, s span, depth int) {
	i := int32(0)
	for v := range l.Elements() {
		below := ts.indexed(s, depth, i)
		if ts.reach(v, below, depth) {
			ts.value(b, v, below, depth)
		}
		if s.lo = below.hi; s.lo == s.hi {
			return
		}
		i++
	}
}

// value copies what the targets of s lead to. v is what they all go through
// at depth; something of it is left.
func (ts targets) value(b *item.Builder, v item.Value, s span, depth int) {
	switch {
	case ts.isLeaf(s, depth):
		b.Value(v)
	case v.Kind() == item.L:
		b.BeginList()
		ts.elements(b, v, s, depth+1)
		b.EndList()
	default:
		b.BeginMap()
		ts.fields(b, v.Map(), s, depth+1)
		b.EndMap()
	}
}

// reach reports whether any target of s leads to something in v, which is
// what they all go through at depth.
func (ts targets) reach(v item.Value, s span, depth int) bool {
	for _, t := range ts[s.lo:s.hi] {
		if t.path[depth+1:].below(v) != nil {
			return true
		}
	}
	return false
}
