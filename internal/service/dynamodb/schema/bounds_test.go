package schema

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
)

// league is a table with an index keyed by two and three attributes.
func league() *Table {
	return &Table{
		ID: 7, Name: "Games", Partition: KeyAttribute{"id", item.S},
		Indexes: []Index{{
			Number: 1, Name: "ByRound",
			Partition:  []KeyAttribute{{"cup", item.S}, {"region", item.S}},
			Sort:       []KeyAttribute{{"round", item.N}, {"bracket", item.S}, {"match", item.B}},
			Projection: Projection{Type: ProjectAll},
		}},
	}
}

// TestBoundsAndPositionsAgree holds the range of keys that a key condition sets
// against the condition itself: a position is one that a query can go on at
// exactly if its key is in the range.
func TestBoundsAndPositionsAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	shop, games := shop(), league()
	views := []*View{shop.View(nil), games.View(nil), games.View(&games.Indexes[0])}
	for i := range shop.Indexes {
		views = append(views, shop.View(&shop.Indexes[i]))
	}
	within := 0
	for range 5000 {
		v := views[rng.IntN(len(views))]
		b, refusal := v.Bounds(randomCondition(rng, v))
		if refusal != nil {
			t.Fatal(refusal)
		}
		p, refusal := v.QueryPosition(randomPosition(rng, v))
		if refusal == nil {
			refusal = v.CheckBase(p)
		}
		if refusal != nil {
			t.Fatal(refusal)
		}
		key, keys := v.key(p), b.Range()
		inside := bytes.Compare(key, keys.Start) >= 0 && bytes.Compare(key, keys.End) < 0
		if refusal := b.CheckStart(p); inside != (refusal == nil) {
			t.Fatalf("%+v, %+v: in the range: %v; refusal: %v", b.sort, p, inside, refusal)
		}
		if inside {
			within++
			checkRest(t, v, b, p)
		}
	}
	if within < 100 {
		t.Errorf("only %d positions are within the bounds", within)
	}
}

// checkRest checks that what is left of a range on either side of a position
// does not hold the position itself.
func checkRest(t *testing.T, v *View, b *Bounds, p *Position) {
	t.Helper()
	key := v.key(p)
	if up := v.Rest(b.Range(), p, false); bytes.Compare(key, up.Start) >= 0 {
		t.Fatalf("a query upwards comes to % x again", key)
	}
	if down := v.Rest(b.Range(), p, true); bytes.Compare(key, down.End) < 0 {
		t.Fatalf("a query downwards comes to % x again", key)
	}
}

func randomValue(rng *rand.Rand, kind item.Kind) item.Value {
	switch kind {
	case item.N:
		return item.Number(item.Int(int64(rng.IntN(4) - 1)))
	case item.B:
		return item.Binary([]byte{0xff, 0xff}[:1+rng.IntN(2)])
	}
	return item.String([]string{"a", "ab", "a\x00", "b"}[rng.IntN(4)])
}

// randomCondition returns a key condition that fits the view.
func randomCondition(rng *rand.Rand, v *View) *expr.KeyCondition {
	k := new(expr.KeyCondition)
	for _, key := range v.Partition {
		k.Terms = append(k.Terms, expr.KeyTerm{Attribute: key.Name, Value: randomValue(rng, key.Kind)})
	}
	for _, key := range v.Sort[:rng.IntN(len(v.Sort)+1)] {
		k.Terms = append(k.Terms, expr.KeyTerm{Attribute: key.Name, Value: randomValue(rng, key.Kind)})
	}
	last := &k.Terms[len(k.Terms)-1]
	if len(k.Terms) == len(v.Partition) {
		return k
	}
	last.Operator = []expr.KeyOperator{
		expr.KeyEqual, expr.KeyLess, expr.KeyLessOrEqual, expr.KeyGreater, expr.KeyGreaterOrEqual, expr.KeyBetween, expr.KeyBeginsWith,
	}[rng.IntN(7)]
	switch {
	case last.Operator == expr.KeyBetween:
		last.Upper = randomValue(rng, last.Value.Kind())
		if c, _ := item.Compare(last.Value, last.Upper); c > 0 {
			last.Value, last.Upper = last.Upper, last.Value
		}
	case last.Operator == expr.KeyBeginsWith && last.Value.Kind() == item.N:
		last.Operator = expr.KeyEqual
	}
	return k
}

// randomPosition returns the attributes of a position in the view.
func randomPosition(rng *rand.Rand, v *View) item.Item {
	b := item.NewBuilder(nil)
	b.BeginMap()
	v.eachKey(func(k KeyAttribute) { b.Field(k.Name, randomValue(rng, k.Kind)) })
	b.EndMap()
	return b.Item()
}

// TestPositionOf shows what LastEvaluatedKey holds: the view's key and the
// table's, each attribute once.
func TestPositionOf(t *testing.T) {
	shop := shop()
	it := order("open", "2026-11-23", "fragile").Item
	for _, c := range []struct {
		view *View
		want string
	}{
		{shop.View(nil), `{Customer:"c1" Order:1}`},
		{shop.View(&shop.Indexes[0]), `{Customer:"c1" Date:"2026-11-23" Order:1}`},
		{shop.View(&shop.Indexes[1]), `{Status:"open" Customer:"c1" Order:1}`},
		{shop.View(&shop.Indexes[2]), `{Status:"open" Date:"2026-11-23" Customer:"c1" Order:1}`},
	} {
		if got, ok := c.view.PositionOf(it); !ok || got.String() != c.want {
			t.Errorf("%v, %v; want %s", got, ok, c.want)
		}
	}
	if got, ok := shop.View(&shop.Indexes[2]).PositionOf(order("", "2026", "").Item); ok {
		t.Errorf("an entry without its key stands at %v", got)
	}
}
