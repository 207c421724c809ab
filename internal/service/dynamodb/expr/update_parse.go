package expr

import "github.com/gramme-db/gramme/internal/item"

// ParseUpdate parses an update and checks what can be checked without an item:
//
//	update   = section { section }
//	section  = "SET" path "=" value { "," path "=" value }
//	         | "REMOVE" path { "," path }
//	         | "ADD" path :value { "," path :value }
//	         | "DELETE" path :value { "," path :value }
//	value    = operand [ ( "+" | "-" ) operand ] | "(" value ")"
//	operand  = function | :value | path | "(" operand ")"
//	function = identifier "(" operand { "," operand } ")"
//	path     = name { "." name | "[" number "]" }
//
// Each section appears at most once.
func ParseUpdate(text string, s *Scope) (*Update, *Error) {
	u := newUpdate()
	p := updateParser{parser: parser{kind: KindUpdate, scope: s, text: text}, u: u}
	if err := p.begin(); err != nil {
		return nil, err
	}
	p.elements, p.paths = u.room.elements[:0], u.room.paths[:0]
	u.written = u.room.written[:0]
	p.update()
	if p.syntax == nil {
		p.checkTargets()
	}
	if err := p.end(); err != nil {
		return nil, err
	}
	u.paths = p.paths
	return u, nil
}

type updateParser struct {
	parser
	u    *Update
	seen [sectionCount]bool
}

func (p *updateParser) update() {
	for {
		switch p.tok.kind {
		case tokenSet:
			p.section(sectionSet)
		case tokenRemove:
			p.section(sectionRemove)
		case tokenAdd:
			p.section(sectionAdd)
		case tokenDelete:
			p.section(sectionDelete)
		default:
			if len(p.u.actions) == 0 {
				p.unexpected()
			}
			return
		}
	}
}

func (p *updateParser) section(s section) {
	if p.seen[s] {
		p.fault(rankRepeatedSection, errRepeatedSection(s))
	}
	p.seen[s] = true
	p.advance()
	p.action(s)
	for p.accept(tokenComma) {
		p.action(s)
	}
}

func (p *updateParser) action(s section) {
	p.u.written = append(p.u.written, p.path())
	a := action{section: s}
	switch s {
	case sectionSet:
		p.expect(tokenEqual)
		a.value, _ = p.value()
	case sectionAdd, sectionDelete:
		a.value = p.literal()
		p.checkActionOperand(s, p.u.values[a.value].literal)
	}
	p.u.actions = append(p.u.actions, a)
}

func (p *updateParser) checkActionOperand(s section, v item.Value) {
	k := v.Kind()
	if k == item.Absent || k.IsSet() || s == sectionAdd && k == item.N {
		return
	}
	p.fault(rankActionOperand, errActionOperandType(s, k))
}

// value reads what a SET assigns. It reports whether that is a pair of
// parentheses and nothing else.
func (p *updateParser) value() (v int32, grouped bool) {
	if p.accept(tokenOpen) {
		v, grouped = p.value()
		p.closeGroup(grouped)
		grouped = true
		if k := p.u.values[v].kind; k == valuePlus || k == valueMinus {
			return v, grouped // there is one + or - at most
		}
	} else {
		v, grouped = p.operand()
	}
	if p.tok.kind != tokenPlus && p.tok.kind != tokenMinus {
		return v, grouped
	}
	sum := value{kind: valuePlus, a: v}
	if p.tok.kind == tokenMinus {
		sum.kind = valueMinus
	}
	name := p.operator()
	sum.b, _ = p.operand()
	p.checkLiteral(name, sum.a, item.N)
	p.checkLiteral(name, sum.b, item.N)
	return p.push(sum), false
}

// closeGroup ends a pair of parentheses. grouped tells that there is another
// pair in it and nothing else.
func (p *updateParser) closeGroup(grouped bool) {
	if grouped {
		p.fault(rankRedundantParentheses, errRedundantParentheses(p.kind))
	}
	p.expect(tokenClose)
}

// operand reads an operand. It reports whether that is a pair of parentheses
// and nothing else.
func (p *updateParser) operand() (v int32, grouped bool) {
	switch p.tok.kind {
	case tokenOpen:
		p.advance()
		v, grouped = p.operand()
		p.closeGroup(grouped)
		return v, true
	case tokenIdentifier:
		word := p.advance()
		if p.tok.kind == tokenOpen {
			return p.call(word), false
		}
		start := len(p.elements)
		p.identifier(word)
		return p.push(value{kind: valuePath, path: p.pathFrom(start)}), false
	case tokenName:
		return p.push(value{kind: valuePath, path: p.path()}), false
	}
	return p.literal(), false
}

// literal reads a :value.
func (p *updateParser) literal() int32 {
	if p.tok.kind != tokenValue {
		p.unexpected()
		return p.push(value{})
	}
	ref := p.advance()
	v, ok := p.scope.value(ref)
	if !ok {
		p.fault(rankUndefinedValue, errUndefinedValue(p.kind, ref))
	}
	return p.push(value{literal: v})
}

// call reads the operands of a function, whose name has been read.
func (p *updateParser) call(name string) int32 {
	p.operator() // the parenthesis; the count is for the function
	var operands [2]int32
	n := 0
	for more := true; more; more = p.accept(tokenComma) {
		v, _ := p.operand()
		if n < len(operands) {
			operands[n] = v
		}
		n++
	}
	p.expect(tokenClose)
	return p.function(name, operands, n)
}

// function makes an expression of a function and its n operands, of which no
// more than two count.
func (p *updateParser) function(name string, operands [2]int32, n int) int32 {
	kind, known := functionNamed(p.kind, name)
	switch {
	case !known:
		p.fault(rankUnknownFunction, errUnknownFunction(p.kind, name))
	case n != len(operands):
		p.fault(rankFunctionOperand, errOperandCount(p.kind, name, n))
	case kind == valueListAppend:
		p.checkLiteral(name, operands[0], item.L)
		p.checkLiteral(name, operands[1], item.L)
		return p.push(value{kind: kind, a: operands[0], b: operands[1]})
	case p.u.values[operands[0]].kind != valuePath:
		p.fault(rankFunctionOperand, errPathRequired(p.kind, name))
	default:
		if kind != valueIfNotExists {
			p.checkSetOperand(name, p.u.values[operands[1]].literal.Kind())
		}
		return p.push(value{kind: kind, path: p.u.values[operands[0]].path, b: operands[1]})
	}
	return p.push(value{})
}

// functionNamed returns what a function of an update does. Those that change
// sets are PartiQL's.
func functionNamed(k Kind, name string) (_ valueKind, known bool) {
	switch {
	case name == "if_not_exists":
		return valueIfNotExists, true
	case name == "list_append":
		return valueListAppend, true
	case name == "set_add" && k == KindStatement:
		return valueSetAdd, true
	case name == "set_delete" && k == KindStatement:
		return valueSetDelete, true
	}
	return 0, false
}

// checkSetOperand refuses what is no set where PartiQL wants one.
func (p *updateParser) checkSetOperand(name string, k item.Kind) {
	switch {
	case k == item.Absent:
		p.fault(rankFunctionOperand, errOperandType(p.kind, name, anyTypeText))
	case !k.IsSet():
		p.fault(rankFunctionOperand, errOperandType(p.kind, name, k.String()))
	}
}

// checkLiteral refuses a :value of another type than an operator takes.
func (p *updateParser) checkLiteral(operator string, v int32, want item.Kind) {
	if k := p.u.values[v].literal.Kind(); k != item.Absent && k != want {
		p.fault(rankFunctionOperand, errOperandType(p.kind, operator, k.String()))
	}
}

func (p *updateParser) push(v value) int32 {
	p.u.values = append(p.u.values, v)
	return int32(len(p.u.values) - 1)
}

// checkTargets sorts the paths that are written to and checks that none
// stands in another's way. Reading a path that is written is fine.
func (p *updateParser) checkTargets() {
	ts, overlapping, conflicting := newTargets(p.kind, p.u.written, p.u.room.targets[:0])
	if overlapping != nil {
		p.fault(rankOverlap, overlapping)
	}
	if conflicting != nil {
		p.fault(rankConflict, conflicting)
	}
	p.u.targets = ts
}
