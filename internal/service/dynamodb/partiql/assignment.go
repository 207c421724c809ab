package partiql

import (
	"strings"

	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
)

// assignment reads what a SET sets:
//
//	assignment = path "=" expression
//	expression = term [ ( "+" | "-" ) term ]
//	term       = path | value | function "(" expression { "," expression } ")"
//	function   = "LIST_APPEND" | "SET_ADD" | "SET_DELETE" | "IF_NOT_EXISTS"
func (p *parser) assignment() Action {
	a := Action{Path: p.path()}
	p.expectSymbol("=", "EQ")
	a.Value = p.expression()
	return a
}

func (p *parser) expression() *Expression {
	left := p.term()
	if !p.isSymbol("+") && !p.isSymbol("-") {
		return left
	}
	return &Expression{Function: p.advance(), Operands: []*Expression{left, p.term()}}
}

func (p *parser) term() *Expression {
	switch {
	case p.startsCall():
		return p.assignedCall()
	case p.startsValue():
		return &Expression{Value: p.value(1)}
	}
	return &Expression{Path: p.path()}
}

func (p *parser) assignedCall() *Expression {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	name := p.advance()
	e := &Expression{Function: strings.ToLower(name)}
	switch e.Function {
	case "list_append", "set_add", "set_delete", "if_not_exists":
	default:
		p.fail(errFunctionName(name))
		return nil
	}
	p.advance()
	for more := true; more; more = p.acceptSymbol(",") {
		e.Operands = append(e.Operands, p.term())
	}
	p.expectSymbol(")", "RIGHT_PAREN")
	return e
}

// Compile returns the update that the statement makes.
func (u *Update) Compile() (*expr.Update, *Error) {
	b := expr.NewUpdateBuilder()
	for _, a := range u.Actions {
		if a.Value == nil {
			b.Remove(a.Path)
			continue
		}
		b.Set(a.Path, a.Value.compile(b))
	}
	update, err := b.Finish()
	if err != nil {
		return nil, &Error{err.Text}
	}
	return update, nil
}

func (e *Expression) compile(b *expr.UpdateBuilder) int32 {
	switch {
	case e.Path != nil:
		return b.Path(e.Path)
	case e.Function == "":
		return b.Literal(e.Value)
	}
	operands := make([]int32, len(e.Operands))
	for i, o := range e.Operands {
		operands[i] = o.compile(b)
	}
	if e.Function == "+" || e.Function == "-" {
		return b.Sum(e.Function == "-", operands[0], operands[1])
	}
	return b.Function(e.Function, operands)
}
