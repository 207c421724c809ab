package schema

import (
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
)

// Bounds is a key condition that fits a view: one value of the partition key,
// and conditions on the first attributes of the sort key, all by equality but
// the last one, which may be by any operator.
type Bounds struct {
	view      *View
	partition []item.Value
	sort      []expr.KeyTerm

	room struct { // for what most have, in no allocations of their own
		partition [1]item.Value
		sort      [1]expr.KeyTerm
	}
}

// The refusals of a key condition.
const (
	errConditionCount     = "Conditions can be of length 1 or 2 only"
	errConditionUnfit     = "Query key condition not supported"
	errConditionIndexable = "Attempted conditional constraint is not an indexable operation"
	errConditionKind      = wereInvalid + "Condition parameter type does not match schema type"
)

// CheckConditionCount refuses a key condition with more conditions than a key
// has attributes, or none. AWS looks at this before it looks the table up. Where
// an index is named it may have a key of many attributes; the rest is
// then left to View.Bounds. What AWS says of these is not published.
func CheckConditionCount(k *expr.KeyCondition, index bool) *Refusal {
	most := 2
	if index {
		most = 2 * IndexKeyPartsMax
	}
	if n := len(k.Terms); n < 1 || n > most {
		return &Refusal{errConditionCount}
	}
	return nil
}

// Bounds returns the bounds that a key condition sets to reading the view.
func (v *View) Bounds(k *expr.KeyCondition) (*Bounds, *Refusal) {
	switch n := len(k.Terms); {
	case n > 2 && len(v.Partition) == 1 && len(v.Sort) <= 1:
		return nil, &Refusal{errConditionCount}
	case n > len(v.Partition) && len(v.Sort) == 0:
		return nil, &Refusal{errConditionUnfit}
	}
	b := &Bounds{view: v}
	b.partition, b.sort = b.room.partition[:0], b.room.sort[:0]
	for _, key := range v.Partition {
		t, ok := k.Term(key.Name)
		if !ok {
			return nil, missedElement(key)
		}
		if refusal := v.checkTerm(key, t); refusal != nil {
			return nil, refusal
		}
		if t.Operator != expr.KeyEqual {
			return nil, &Refusal{errConditionUnfit}
		}
		if refusal := v.checkTermValues(key, t); refusal != nil {
			return nil, refusal
		}
		b.partition = append(b.partition, t.Value)
	}
	if refusal := b.addSort(k); refusal != nil {
		return nil, refusal
	}
	return b, b.checkSizes()
}

// addSort takes the conditions on the sort key, which constrain its attributes
// from the first on, without gaps.
func (b *Bounds) addSort(k *expr.KeyCondition) *Refusal {
	left := len(k.Terms) - len(b.partition)
	for _, key := range b.view.Sort {
		if left == 0 {
			break
		}
		t, ok := k.Term(key.Name)
		if !ok {
			return missedElement(key)
		}
		if refusal := b.view.checkTerm(key, t); refusal != nil {
			return refusal
		}
		if refusal := b.view.checkTermValues(key, t); refusal != nil {
			return refusal
		}
		if last := len(b.sort) - 1; last >= 0 && b.sort[last].Operator != expr.KeyEqual {
			return &Refusal{errConditionUnfit}
		}
		b.sort = append(b.sort, t)
		left--
	}
	if left > 0 {
		return &Refusal{errConditionUnfit}
	}
	return nil
}

func missedElement(key KeyAttribute) *Refusal {
	return &Refusal{"Query condition missed key schema element: " + key.Name}
}

// checkTerm refuses a condition that no key of its kind can serve.
func (v *View) checkTerm(key KeyAttribute, t expr.KeyTerm) *Refusal {
	switch {
	case t.Operator == expr.KeyNotIndexable:
		return &Refusal{errConditionIndexable}
	case t.Value.Kind() != key.Kind, t.Operator == expr.KeyBetween && t.Upper.Kind() != key.Kind:
		return &Refusal{errConditionKind}
	}
	return nil
}

// checkTermValues refuses values that no key has.
func (v *View) checkTermValues(key KeyAttribute, t expr.KeyTerm) *Refusal {
	if !isEmpty(t.Value) && (t.Operator != expr.KeyBetween || !isEmpty(t.Upper)) {
		return nil
	}
	if v.Index == nil {
		return emptyKeyValue(key)
	}
	return v.Index.emptyKeyValue(key)
}

// checkSizes refuses values that are too long for a key.
func (b *Bounds) checkSizes() *Refusal {
	lower, upper := 0, 0
	for _, t := range b.sort {
		lower += keyBytes(t.Value)
		if t.Operator == expr.KeyBetween {
			upper += keyBytes(t.Upper)
		} else {
			upper += keyBytes(t.Value)
		}
	}
	return checkKeySizes(keysBytes(b.partition), max(lower, upper))
}

// Range returns the keys of the entries within the bounds.
func (b *Bounds) Range() layout.Range {
	keys := b.view.partition(b.partition)
	for _, t := range b.sort {
		if t.Operator != expr.KeyEqual {
			return rangeOf(keys, t)
		}
		keys = keys.With(t.Value)
	}
	return keys.All()
}

// rangeOf returns the keys of a partition that go on with a value that meets a
// condition.
func rangeOf(keys layout.Partition, t expr.KeyTerm) layout.Range {
	switch t.Operator {
	case expr.KeyLess:
		return keys.Less(t.Value)
	case expr.KeyLessOrEqual:
		return keys.AtMost(t.Value)
	case expr.KeyGreater:
		return keys.Greater(t.Value)
	case expr.KeyGreaterOrEqual:
		return keys.AtLeast(t.Value)
	case expr.KeyBetween:
		return keys.Between(t.Value, t.Upper)
	case expr.KeyBeginsWith:
		return keys.BeginsWith(t.Value)
	}
	return keys.With(t.Value).All()
}

// CheckStart refuses to go on at a position out of the bounds.
func (b *Bounds) CheckStart(p *Position) *Refusal {
	for i, t := range b.sort {
		if !t.Holds(p.Sort[i]) {
			return &Refusal{errStartRange}
		}
	}
	for i, value := range b.partition {
		if item.Equal(value, p.Partition[i]) {
			continue
		}
		if len(b.sort) > 0 {
			return &Refusal{errStartHash} // AWS says so whatever the operator is
		}
		return &Refusal{errStartBounds}
	}
	return nil
}
