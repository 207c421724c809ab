// Package partiql parses the statements of PartiQL that DynamoDB knows: SELECT,
// INSERT, UPDATE, DELETE and EXISTS. It makes no second evaluator: what a
// statement demands, assigns and selects is compiled to the conditions, updates
// and projections of package expr. Tables and their keys, plans and stores are
// not its business. Called by service/dynamodb.
//
// A statement is parsed once, with its parameters: a ? is the value that it
// stands for wherever it stands, so the tree knows values alone. Everything
// parsed aliases the text and the parameters, which must not change as long as
// it is used.
package partiql

import (
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
)

// Statement is a *Select, *Insert, *Update, *Delete or *Exists.
type Statement interface {
	// Target returns the table that the statement reads or writes.
	Target() string
}

// Source is what a statement reads or writes: a table, or an index of it.
type Source struct {
	Table string
	Index string // "": the table itself
}

// Target returns the table.
func (s Source) Target() string { return s.Table }

// Select reads items.
type Select struct {
	Source
	Columns []Column   // nil: whole items
	Where   *Condition // nil: all items
	Order   []Order
}

// Column is a selected path, and the name that its value is returned under.
type Column = expr.Column

// Order is an attribute that items are ordered by.
type Order struct {
	Attribute  string
	Descending bool
}

// Insert puts an item where none is.
type Insert struct {
	Source
	Item item.Item
}

// Update changes an item that is there.
type Update struct {
	Source
	Actions   []Action
	Where     *Condition // nil: the statement has none
	Returning *Returning // nil: nothing
}

// Action assigns to a path, or removes what is there.
type Action struct {
	Path  expr.Path
	Value *Expression // nil: REMOVE
}

// Expression is what a SET assigns: a path, a value, or a function of others.
// The functions are AWS's, in lower case, and + and -.
type Expression struct {
	Path     expr.Path
	Value    item.Value
	Function string
	Operands []*Expression
}

// Delete removes an item.
type Delete struct {
	Source
	Where     *Condition // nil: the statement has none
	Returning *Returning // nil: nothing
}

// Returning is what a write returns of its item.
type Returning struct {
	Modified bool // the parts alone that are written
	New      bool // after the write, not before
}

// String returns the clause.
func (r *Returning) String() string {
	what, when := "ALL", "OLD"
	if r.Modified {
		what = "MODIFIED"
	}
	if r.New {
		when = "NEW"
	}
	return "RETURNING " + what + " " + when + " *"
}

// Exists demands, in a transaction, that an item is there for which a condition
// holds.
type Exists struct {
	*Select
}

// Condition is a node of a WHERE clause. IS and NOT IN are written with the
// operators of expr.
type Condition struct {
	Operator    expr.Operator
	Left, Right *Condition // of And and Or; Not has Left alone
	Operands    []Operand  // of all others
}

// Operand is a path or a value, or the size of one.
type Operand struct {
	Path  expr.Path
	Value item.Value
	Size  bool
}
