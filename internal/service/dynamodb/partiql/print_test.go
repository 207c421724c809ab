package partiql

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
)

// print writes a statement as text that parses to the same tree. Binary values
// have no text in PartiQL: they are printed for people alone.
func print(st Statement) string {
	switch st := st.(type) {
	case *Select:
		return printSelect(st)
	case *Exists:
		return "EXISTS(" + printSelect(st.Select) + ")"
	case *Insert:
		return "INSERT INTO " + printSource(st.Source) + " VALUE " + printValue(st.Item.AsValue())
	case *Update:
		text := "UPDATE " + printSource(st.Source)
		for _, a := range st.Actions {
			if a.Value == nil {
				text += " REMOVE " + printPath(a.Path)
			} else {
				text += " SET " + printPath(a.Path) + " = " + printExpression(a.Value)
			}
		}
		return text + printWhere(st.Where) + printReturning(st.Returning)
	case *Delete:
		return "DELETE FROM " + printSource(st.Source) + printWhere(st.Where) + printReturning(st.Returning)
	}
	return ""
}

func printSelect(s *Select) string {
	what := "*"
	if s.Columns != nil {
		list := make([]string, len(s.Columns))
		for i, c := range s.Columns {
			list[i] = printPath(c.Path) + " AS " + printName(c.Name)
		}
		what = strings.Join(list, ", ")
	}
	text := "SELECT " + what + " FROM " + printSource(s.Source) + printWhere(s.Where)
	for i, o := range s.Order {
		text += [...]string{" ORDER BY ", ", "}[min(i, 1)] + printName(o.Attribute)
		if o.Descending {
			text += " DESC"
		}
	}
	return text
}

func printSource(s Source) string {
	if s.Index == "" {
		return printName(s.Table)
	}
	return printName(s.Table) + "." + printName(s.Index)
}

func printName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func printPath(p expr.Path) string {
	var b strings.Builder
	for i, e := range p {
		switch {
		case e.IsIndex:
			fmt.Fprintf(&b, "[%d]", e.Index)
		case i > 0:
			b.WriteString("." + printName(e.Name))
		default:
			b.WriteString(printName(e.Name))
		}
	}
	return b.String()
}

func printWhere(c *Condition) string {
	if c == nil {
		return ""
	}
	return " WHERE " + printCondition(c)
}

func printReturning(r *Returning) string {
	if r == nil {
		return ""
	}
	return " " + r.String()
}

func printCondition(c *Condition) string {
	switch c.Operator {
	case expr.And, expr.Or:
		return "(" + printCondition(c.Left) + " " + c.Operator.String() + " " + printCondition(c.Right) + ")"
	case expr.Not:
		return "NOT " + printCondition(c.Left)
	}
	operands := make([]string, len(c.Operands))
	for i, o := range c.Operands {
		operands[i] = printOperand(o)
	}
	switch c.Operator {
	case expr.Between:
		return operands[0] + " BETWEEN " + operands[1] + " AND " + operands[2]
	case expr.In:
		return operands[0] + " IN [" + strings.Join(operands[1:], ", ") + "]"
	case expr.Exists, expr.NotExists, expr.HasType, expr.BeginsWith, expr.Contains:
		return c.Operator.String() + "(" + strings.Join(operands, ", ") + ")"
	}
	return operands[0] + " " + c.Operator.String() + " " + operands[1]
}

func printOperand(o Operand) string {
	switch {
	case o.Size:
		return "size(" + printPath(o.Path) + ")"
	case o.Path != nil:
		return printPath(o.Path)
	}
	return printValue(o.Value)
}

func printExpression(e *Expression) string {
	switch {
	case e.Path != nil:
		return printPath(e.Path)
	case e.Function == "":
		return printValue(e.Value)
	}
	operands := make([]string, len(e.Operands))
	for i, o := range e.Operands {
		operands[i] = printExpression(o)
	}
	if e.Function == "+" || e.Function == "-" {
		return operands[0] + " " + e.Function + " " + operands[1]
	}
	return e.Function + "(" + strings.Join(operands, ", ") + ")"
}

func printText(text []byte) string { return "'" + strings.ReplaceAll(string(text), "'", "''") + "'" }

func printValue(v item.Value) string {
	switch kind := v.Kind(); kind {
	case item.S:
		return printText(v.Bytes())
	case item.N:
		return string(v.Bytes())
	case item.BOOL:
		return fmt.Sprint(v.Bool())
	case item.NULL:
		return "null"
	case item.L:
		var list []string
		for e := range v.Elements() {
			list = append(list, printValue(e))
		}
		return "[" + strings.Join(list, ", ") + "]"
	case item.M:
		var list []string
		for name, f := range v.Map().All() {
			list = append(list, printText(name)+": "+printValue(f))
		}
		return "{" + strings.Join(list, ", ") + "}"
	case item.SS, item.NS, item.BS:
		var list []string
		for m := range v.Members() {
			switch kind {
			case item.SS:
				list = append(list, printText(m))
			case item.NS:
				list = append(list, string(m))
			default:
				list = append(list, "b64'"+base64.StdEncoding.EncodeToString(m)+"'")
			}
		}
		return "<<" + strings.Join(list, ", ") + ">>"
	}
	return "b64'" + base64.StdEncoding.EncodeToString(v.Bytes()) + "'"
}
