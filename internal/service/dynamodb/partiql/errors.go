package partiql

import "fmt"

// Error is a ValidationException that a statement earns.
//
// All texts of the package stand in this file. They are AWS's, word for word,
// as far as they are known; those that are not say so.
type Error struct {
	Text string
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

// notWellFormed is a statement that cannot be read. Of the details AWS's own are
// known: Expected data manipulation, Expected RIGHT_PAREN, Unexpected keyword,
// Unexpected token after expression. The others are made after these.
func notWellFormed(detail string) *Error {
	return &Error{"Statement wasn't well formed, can't be processed: " + detail}
}

const (
	detailNoStatement       = "Expected data manipulation"
	detailKeyword           = "Unexpected keyword"
	detailTerm              = "Unexpected term"
	detailAfter             = "Unexpected token after expression"
	detailNested            = "Nested too deeply"
	detailLong              = "Statement too long"
	detailText              = "Not valid UTF-8"
	detailEndlessString     = "Expected end of string"
	detailEndlessIdentifier = "Expected end of identifier"
	detailEndlessComment    = "Expected end of comment"
)

func (p position) String() string { return fmt.Sprintf("%d:%d:%d", p.line, p.column, p.length) }

func errPathComponent(at position) *Error {
	return &Error{"Unexpected path component at " + at.String()}
}

func errUnsupportedClause(clause string, at position) *Error {
	return &Error{"Unsupported clause: " + clause + " at " + at.String()}
}

func errStarWithOthers() *Error {
	return &Error{"Other attributes should not be present in the projection when '*' is used."}
}

func errQualifiedTarget(at position) *Error {
	return &Error{"FROM clause may only contain a single table name in data manipulation statements at " + at.String()}
}

func errSourceParts() *Error {
	return &Error{"A path may contain at most 2 components in the FROM clause"}
}

func errEmptyComponent() *Error {
	return &Error{"Path component cannot be an empty string"}
}

func errOnIndex() *Error {
	return &Error{"This operation is not supported on an index"}
}

func errReturningDelete(r *Returning) *Error {
	return &Error{"Invalid returning clause: " + r.String() + ". Only RETURNING ALL OLD * is allowed in DELETE statements."}
}

func errParameterCount() *Error {
	return &Error{"Number of parameters in request and statement don't match."}
}

func errListIndex(digits string, at position) *Error {
	return &Error{"List index is not within the allowable range; index: [" + digits + "] at " + at.String()}
}

func errPathTooDeep(levels int) *Error {
	return &Error{fmt.Sprintf("The document path has too many nesting levels; nesting levels: %d", levels)}
}

func errFunctionName(name string) *Error {
	return &Error{"Invalid function name; function: " + name}
}

func errNesting() *Error {
	return &Error{"Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"}
}

func errEmptyName() *Error {
	return &Error{"One or more parameter values were invalid: An AttributeValue may not contain an empty attribute name"}
}

// The texts that follow are ours.

func errSetMembers() *Error {
	return &Error{"The members of a set must be strings, numbers or binary values, all of one type"}
}

func errDuplicateName(name string) *Error {
	return &Error{"An attribute may appear only once in an item or map; attribute name: " + name}
}

func errInsertNoItem() *Error {
	return &Error{"The value of an INSERT statement must be a tuple"}
}

func errTypeName(name string) *Error {
	return notWellFormed("Unexpected type name " + name)
}
