package expr

import "github.com/gramme-db/gramme/internal/item"

// evaluation computes what an update writes. It reads the item as it was
// before the update, so the order of actions does not matter.
type evaluation struct {
	u     *Update
	it    item.Item
	bytes int // computed so far
}

// results computes what every action leaves at its path, nil for nothing.
func (e *evaluation) results(results []item.Value) *Error {
	for i := range e.u.actions {
		v, err := e.result(i)
		if err != nil {
			return err
		}
		if err := e.spend(len(v)); err != nil {
			return err
		}
		if len(e.u.written[i])+v.Levels() > nestingLevelMax {
			return errNesting()
		}
		results[i] = v
	}
	return nil
}

// spend counts bytes of results. All of them end in one item, so that a short
// update which copies a large list over and over is stopped before it has
// built what would be refused for its size.
func (e *evaluation) spend(n int) *Error {
	e.bytes += n
	if e.bytes > resultBytesMax {
		return errUpdateTooLarge()
	}
	return nil
}

func (e *evaluation) result(i int) (item.Value, *Error) {
	a, path := e.u.actions[i], e.u.written[i]
	switch a.section {
	case sectionSet:
		return e.compute(a.value)
	case sectionAdd:
		return e.add(path.in(e.it), e.u.values[a.value].literal)
	case sectionDelete:
		return e.subtract(path.in(e.it), e.u.values[a.value].literal)
	}
	return nil, nil
}

// compute evaluates an expression.
func (e *evaluation) compute(i int32) (item.Value, *Error) {
	v := e.chosen(i)
	switch v.kind {
	case valueLiteral:
		return v.literal, nil
	case valueListAppend:
		return e.listAppend(v)
	case valueSetAdd:
		return e.add(v.path.in(e.it), e.u.values[v.b].literal)
	case valueSetDelete:
		return e.subtract(v.path.in(e.it), e.u.values[v.b].literal)
	case valuePlus, valueMinus:
		a, err := e.compute(v.a)
		if err != nil {
			return nil, err
		}
		b, err := e.compute(v.b)
		if err != nil {
			return nil, err
		}
		return arithmetic(v.kind, a, b)
	}
	found := v.path.in(e.it)
	if found == nil {
		return nil, errMissingAttribute()
	}
	return found, nil
}

// chosen returns the expression that a chain of if_not_exists comes down to.
func (e *evaluation) chosen(i int32) *value {
	v := &e.u.values[i]
	for v.kind == valueIfNotExists && v.path.in(e.it) == nil {
		v = &e.u.values[v.b]
	}
	return v
}

func (e *evaluation) listAppend(v *value) (item.Value, *Error) {
	var b item.Builder
	b.BeginList()
	if err := e.appendLists(&b, v); err != nil {
		return nil, err
	}
	b.EndList()
	return b.Finish(), nil
}

// appendLists writes the elements of both operands. An operand that is itself
// a list_append is not built first: a chain of them costs its length once.
func (e *evaluation) appendLists(b *item.Builder, v *value) *Error {
	for _, i := range [...]int32{v.a, v.b} {
		if operand := e.chosen(i); operand.kind == valueListAppend {
			if err := e.appendLists(b, operand); err != nil {
				return err
			}
			continue
		}
		list, err := e.compute(i)
		if err != nil {
			return err
		}
		if list.Kind() != item.L {
			return errUpdateOperandType()
		}
		if err := e.spend(len(list)); err != nil {
			return err
		}
		for element := range list.Elements() {
			b.Value(element)
		}
	}
	return nil
}

func arithmetic(k valueKind, a, b item.Value) (item.Value, *Error) {
	x, okX := a.Decimal()
	y, okY := b.Decimal()
	if !okX || !okY {
		return nil, errUpdateOperandType()
	}
	if k == valueMinus {
		y = y.Neg()
	}
	sum, err := x.Add(y)
	if err != nil {
		return nil, errNumber(err)
	}
	return item.Number(sum), nil
}

// add returns what ADD makes of the present value.
func (e *evaluation) add(present, v item.Value) (item.Value, *Error) {
	kind := v.Kind()
	switch {
	case len(present) == 0:
		return v, nil
	case present.Kind() != kind:
		return nil, e.errMismatch()
	case kind == item.N:
		return arithmetic(valuePlus, present, v)
	case kind == item.L:
		return concatenation(present, v), nil
	}
	members := newMemberSet(present)
	for m := range v.Members() {
		members.add(m)
	}
	return item.Set(kind, members.list), nil
}

// concatenation returns the elements of two lists as one.
func concatenation(a, b item.Value) item.Value {
	builder := item.NewBuilder(make([]byte, 0, len(a)+len(b)))
	builder.BeginList()
	for e := range a.Elements() {
		builder.Value(e)
	}
	for e := range b.Elements() {
		builder.Value(e)
	}
	builder.EndList()
	return builder.Finish()
}

// subtract returns what DELETE makes of the present value.
func (e *evaluation) subtract(present, v item.Value) (item.Value, *Error) {
	if len(present) == 0 {
		return nil, nil
	}
	if present.Kind() != v.Kind() {
		return nil, e.errMismatch()
	}
	out := newMemberSet(v)
	var kept [][]byte
	for m := range present.Members() {
		if !out.has(m) {
			kept = append(kept, m)
		}
	}
	if kept == nil {
		return nil, nil
	}
	return item.Set(v.Kind(), kept), nil
}

func (e *evaluation) errMismatch() *Error {
	if e.u.legacy {
		return errUpdateTypeMismatch()
	}
	return errUpdateOperandType()
}

// memberSet is a set that grows. Its members alias the values they come from.
type memberSet struct {
	list [][]byte
	hash map[string]struct{} // of all members, once they are many
}

func newMemberSet(v item.Value) *memberSet {
	s := &memberSet{list: make([][]byte, 0, v.Len())}
	for m := range v.Members() { // distinct already
		s.list = append(s.list, m)
	}
	if len(s.list) > pairwiseMax {
		s.index()
	}
	return s
}

func (s *memberSet) index() {
	s.hash = make(map[string]struct{}, 2*len(s.list))
	for _, m := range s.list {
		s.hash[string(m)] = struct{}{}
	}
}

func (s *memberSet) has(member []byte) bool {
	if s.hash != nil {
		_, ok := s.hash[string(member)]
		return ok
	}
	for _, m := range s.list {
		if string(m) == string(member) {
			return true
		}
	}
	return false
}

func (s *memberSet) add(member []byte) {
	if s.has(member) {
		return
	}
	s.list = append(s.list, member)
	switch {
	case s.hash != nil:
		s.hash[string(member)] = struct{}{}
	case len(s.list) > pairwiseMax:
		s.index()
	}
}
