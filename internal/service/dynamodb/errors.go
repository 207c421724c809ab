package dynamodb

import (
	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// wereInvalid begins many of AWS's texts.
const wereInvalid = "One or more parameter values were invalid: "

// invalid is a ValidationException.
func invalid(text string) error { return awsjson.Validation(text) }

// enveloped is a ValidationException in the form of the model's constraints.
// AWS's newer validation layer puts some plain texts into it on PutItem and
// UpdateItem.
func enveloped(text string) error {
	return awsjson.Validation("1 validation error detected: " + text)
}

// dialect is how an operation words its refusals.
type dialect bool

const (
	plain       dialect = false // DeleteItem, reads, batches
	newerLayer  dialect = true  // PutItem and UpdateItem: see enveloped
	textOldOnly         = "ReturnValues can only be ALL_OLD or NONE"
)

// text words a refusal that the newer layer puts into its envelope.
func (d dialect) text(text string) error {
	if d == newerLayer {
		return enveloped(text)
	}
	return invalid(text)
}

// expression words a refusal of an expression; nil stays nil.
func (d dialect) expression(e *expr.Error) error {
	switch {
	case e == nil:
		return nil
	case e.Envelope:
		return d.text(e.Text)
	}
	return invalid(e.Text)
}

// value words what is wrong with an attribute value; nil stays nil.
func (d dialect) value(e *item.ValueError) error {
	if e == nil {
		return nil
	}
	switch e.Class {
	case item.EmptySet, item.EmptyNumberSet, item.DuplicateInSet, item.NullFalse:
		return d.text(e.Text)
	}
	return invalid(e.Text)
}

// refused is the ValidationException of a rule of the table; nil stays nil.
func refused(r *schema.Refusal) error {
	if r == nil {
		return nil
	}
	return invalid(r.Text)
}

// The texts of ResourceNotFoundException differ between item and table
// operations.
func itemTableNotFound() error {
	return api.ResourceNotFoundException("Requested resource not found")
}

func tableNotFound(name string) error {
	return api.ResourceNotFoundException("Requested resource not found: Table: " + name + " not found")
}

// conditionFailed is the answer to a write whose condition does not hold for
// old, with the item when the request asked for it.
func conditionFailed(returnValues wire.Opt[string], old item.Item) error {
	var shown item.Item
	if returnValues.Value == allOld {
		shown = old
	}
	return api.ConditionalCheckFailedException(textConditionFailed, shown)
}

// transactionConflict is the answer to a write of an item that a transaction is
// at work on.
func transactionConflict() error {
	return api.TransactionConflictException(textConflict)
}

// Texts that transactions have in common with the operations on one item.
const (
	textConflict        = "Transaction is ongoing for the item"
	textConditionFailed = "The conditional request failed"
	textDuplicateItem   = "Duplicate primary key exists in table"
	textItemTooLarge    = "Item size has exceeded the maximum allowed size"
	textUpdatedTooLarge = "Item size to update has exceeded the maximum allowed size"
)
