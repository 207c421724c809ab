package expr

import (
	"slices"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/wire"
)

// Comparison is one entry of QueryFilter, ScanFilter or KeyConditions.
type Comparison struct {
	Attribute string
	Operator  string
	List      []item.Input
}

// Expected is one entry of Expected.
type Expected struct {
	Attribute string
	Value     item.Input
	Exists    wire.Opt[bool]
	Operator  wire.Opt[string]
	List      []item.Input
	HasList   bool
}

// AttributeUpdate is one entry of AttributeUpdates. Its action is PUT where it
// has none.
type AttributeUpdate struct {
	Attribute string
	Action    string
	Value     item.Input
}

// ComparisonCondition compiles QueryFilter or ScanFilter. or joins the
// entries with OR instead of AND. No entries make no condition.
func ComparisonCondition(entries []Comparison, or bool) (*Condition, *Error) {
	if len(entries) == 0 {
		return nil, nil
	}
	l := newLegacyCondition(or)
	for _, e := range entries {
		if err := checkComparison(e); err != nil {
			return nil, err
		}
		l.compare(e.Attribute, e.Operator, e.List)
	}
	return l.finish(), nil
}

// ExpectedCondition compiles Expected. or joins the entries with OR instead
// of AND. No entries make no condition.
func ExpectedCondition(entries []Expected, or bool) (*Condition, *Error) {
	l := newLegacyCondition(or)
	for i := range entries {
		e := &entries[i]
		if err := e.check(); err != nil {
			return nil, err
		}
		switch {
		case e.Operator.Set:
			l.compare(e.Attribute, e.Operator.Value, e.operands())
		case e.Exists.Set && !e.Exists.Value:
			l.compare(e.Attribute, "NULL", nil)
		default:
			l.compare(e.Attribute, "EQ", e.operands())
		}
	}
	return l.finish(), nil
}

// operands returns the list, or the value as a list.
func (e *Expected) operands() []item.Input {
	if e.Value.Set {
		return []item.Input{e.Value}
	}
	return e.List
}

// check finds the first rule that the entry breaks.
func (e *Expected) check() *Error {
	if err := checkInputs(e.List); err != nil {
		return err
	}
	if e.Value.Err != nil {
		return errValue(e.Value.Err)
	}
	switch {
	case e.Value.Set && e.HasList:
		return errExpected("Value and AttributeValueList cannot be used together", e.Attribute)
	case e.Exists.Set && e.Operator.Set:
		return errExpected("Exists and ComparisonOperator cannot be used together", e.Attribute)
	case e.Operator.Set:
		return e.checkOperator()
	case e.HasList:
		return errExpected("AttributeValueList can only be used with a ComparisonOperator", e.Attribute)
	case !e.Exists.Set && !e.Value.Set:
		return errExpected("Value must be provided when Exists is null", e.Attribute)
	case e.Exists.Set && e.Exists.Value && !e.Value.Set:
		return errExpected("Value must be provided when Exists is true", e.Attribute)
	case e.Exists.Set && !e.Exists.Value && e.Value.Set:
		return errExpected("Value cannot be used when Exists is false", e.Attribute)
	}
	return nil
}

func (e *Expected) checkOperator() *Error {
	operator := e.Operator.Value
	if !e.Value.Set && !e.HasList && operator != "NULL" && operator != "NOT_NULL" {
		return errExpected("Value or AttributeValueList must be used with ComparisonOperator: "+operator, e.Attribute)
	}
	return checkComparison(Comparison{Attribute: e.Attribute, Operator: operator, List: e.operands()})
}

// checkComparison checks operator and values of an entry.
func checkComparison(c Comparison) *Error {
	if err := checkInputs(c.List); err != nil {
		return err
	}
	if !countFits(c.Operator, len(c.List)) {
		return errLegacyCount(c.Operator)
	}
	for _, v := range c.List {
		if v.Value.Kind() != c.List[0].Value.Kind() {
			return errLegacyMixedTypes()
		}
	}
	if len(c.List) == 0 {
		return nil
	}
	if k := c.List[0].Value.Kind(); !typeFits(c.Operator, k) {
		return errLegacyType(c.Operator, k)
	}
	if c.Operator == "BETWEEN" {
		if order, _ := item.Compare(c.List[0].Value, c.List[1].Value); order > 0 {
			return errLegacyBetween()
		}
	}
	return nil
}

// checkInputs returns what is wrong with the first value that is none.
func checkInputs(list []item.Input) *Error {
	for _, v := range list {
		if v.Err != nil {
			return errValue(v.Err)
		}
	}
	return nil
}

func countFits(operator string, n int) bool {
	switch operator {
	case "NULL", "NOT_NULL":
		return n == 0
	case "BETWEEN":
		return n == betweenBounds
	case "IN":
		return n >= 1
	}
	return n == 1
}

func typeFits(operator string, k item.Kind) bool {
	switch operator {
	case "LT", "LE", "GT", "GE", "BETWEEN", "IN":
		return isOrdered(k)
	case "CONTAINS", "NOT_CONTAINS":
		return isOrdered(k) || k == item.BOOL || k == item.NULL
	case "BEGINS_WITH":
		return k == item.S || k == item.B
	}
	return true
}

// isOrdered tells the types whose values are less and greater.
func isOrdered(k item.Kind) bool { return k == item.S || k == item.N || k == item.B }

// legacyCondition is a condition that grows entry by entry.
type legacyCondition struct {
	c       *Condition
	join    op
	entries []int32 // their nodes
}

func newLegacyCondition(or bool) *legacyCondition {
	l := &legacyCondition{c: newCondition(), join: opAnd}
	if or {
		l.join = opOr
	}
	return l
}

// compare adds the condition of an entry that has been checked.
func (l *legacyCondition) compare(attribute, operator string, list []item.Input) {
	path := Path{{Name: attribute}}
	l.c.paths = append(l.c.paths, path)
	at := int32(len(l.c.operands))
	l.c.operands = append(l.c.operands, operand{path: path})
	for _, v := range list {
		l.c.operands = append(l.c.operands, operand{value: v.Value})
	}
	n := l.node(legacyOp(operator), at, int32(len(l.c.operands)))
	if operator == "NOT_CONTAINS" { // false for a missing attribute
		n = l.node(opAnd, l.node(opExists, at, at+1), l.node(opNot, n, n))
	}
	l.entries = append(l.entries, n)
}

// finish joins the entries and returns the condition, nil for none.
func (l *legacyCondition) finish() *Condition {
	last := len(l.entries) - 1
	if last < 0 {
		return nil
	}
	l.c.root = l.entries[last]
	for _, n := range slices.Backward(l.entries[:last]) {
		l.c.root = l.node(l.join, n, l.c.root)
	}
	return l.c
}

func (l *legacyCondition) node(o op, a, b int32) int32 {
	l.c.nodes = append(l.c.nodes, node{op: o, a: a, b: b})
	return int32(len(l.c.nodes) - 1)
}

// legacyOp returns what a comparison operator tests; for NOT_CONTAINS the
// opposite.
func legacyOp(operator string) op {
	switch operator {
	case "NE":
		return opNotEqual
	case "LT":
		return opLess
	case "LE":
		return opLessEqual
	case "GT":
		return opGreater
	case "GE":
		return opGreaterEqual
	case "BETWEEN":
		return opBetween
	case "IN":
		return opIn
	case "NULL":
		return opNotExists
	case "NOT_NULL":
		return opExists
	case "BEGINS_WITH":
		return opBeginsWith
	case "CONTAINS", "NOT_CONTAINS":
		return opContains
	}
	return opEqual
}

// KeyConditions compiles the legacy KeyConditions of a query.
func KeyConditions(entries []Comparison) (*KeyCondition, *Error) {
	k := new(KeyCondition)
	k.Terms = k.room[:0]
	for _, e := range entries {
		if err := checkComparison(e); err != nil {
			return nil, err
		}
		t := KeyTerm{Attribute: e.Attribute, Operator: KeyNotIndexable}
		switch o := legacyOp(e.Operator); o {
		case opEqual, opLess, opLessEqual, opGreater, opGreaterEqual, opBeginsWith, opBetween:
			t.Operator, t.Value = o.keyOperator(false), e.List[0].Value
			if o == opBetween {
				t.Upper = e.List[1].Value
			}
		}
		k.Terms = append(k.Terms, t)
	}
	return k, nil
}

// AttributeUpdates compiles the legacy AttributeUpdates. No entries make an
// update that changes nothing.
func AttributeUpdates(entries []AttributeUpdate) (*Update, *Error) {
	for _, e := range entries {
		if e.Value.Err != nil {
			return nil, errValue(e.Value.Err)
		}
	}
	u := newUpdate()
	u.legacy = true
	for _, e := range entries {
		s, err := e.section()
		if err != nil {
			return nil, err
		}
		u.actions = append(u.actions, action{section: s, value: int32(len(u.values))})
		u.values = append(u.values, value{literal: e.Value.Value})
		u.written = append(u.written, Path{{Name: e.Attribute}})
	}
	u.paths = u.written
	// Attributes are the keys of a map, so no two of them clash.
	u.targets, _, _ = newTargets(KindUpdate, u.written, u.room.targets[:0])
	return u, nil
}

// section returns what the entry does in terms of an update expression.
func (e *AttributeUpdate) section() (section, *Error) {
	kind := e.Value.Value.Kind()
	switch {
	case !e.Value.Set && e.Action == "DELETE":
		return sectionRemove, nil
	case !e.Value.Set:
		return 0, errUpdateWithoutValue()
	case e.Action == "DELETE" && !kind.IsSet():
		return 0, errUpdateDeleteType(kind)
	case e.Action == "DELETE":
		return sectionDelete, nil
	case e.Action != "ADD":
		return sectionSet, nil
	case kind == item.N || kind == item.L || kind.IsSet():
		return sectionAdd, nil
	}
	return 0, errUpdateAddType(kind)
}

// AttributesToGet compiles the legacy list of attributes to return.
func AttributesToGet(names []string) (*Projection, *Error) {
	p := new(Projection)
	seen := make(map[string]struct{}, len(names))
	for _, name := range names {
		if _, ok := seen[name]; ok {
			return nil, errDuplicateName(name)
		}
		seen[name] = struct{}{}
		p.paths = append(p.paths, Path{{Name: name}})
	}
	p.targets, _, _ = newTargets(KindProjection, p.paths, p.room.targets[:0])
	return p, nil
}
