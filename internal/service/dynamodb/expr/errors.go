package expr

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/gramme-db/gramme/internal/item"
)

// Error is a ValidationException that an expression, its variables or a
// legacy parameter earns.
//
// All texts of the package stand in this file. They are AWS's, word for word:
// clients match on them. Texts that nobody has published say so.
type Error struct {
	Text string

	// Envelope marks the texts that AWS's newer validation layer prints
	// behind "1 validation error detected: " on PutItem and UpdateItem.
	Envelope bool
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

// Prefixes of AWS's texts.
const (
	textInvalid    = "One or more parameter values were invalid: "
	textNames      = "ExpressionAttributeNames"
	textValues     = "ExpressionAttributeValues"
	textKeyInvalid = "Invalid condition in KeyConditionExpression: "
)

// Static errors of expressions.

// invalid is what is wrong with an expression. Of a statement AWS prints the
// detail alone.
func (k Kind) invalid(detail string) *Error {
	if k == KindStatement {
		return &Error{Text: detail}
	}
	return &Error{Text: "Invalid " + k.String() + ": " + detail}
}

func (k Kind) invalidEnveloped(detail string) *Error {
	e := k.invalid(detail)
	e.Envelope = true
	return e
}

func errEmpty(k Kind) *Error {
	return k.invalid("The expression can not be empty;")
}

func errTooLong(k Kind, bytes int) *Error {
	return k.invalidEnveloped("Expression size has exceeded the maximum allowed size; expression size: " + strconv.Itoa(bytes))
}

func errSyntax(k Kind, token, near string) *Error {
	return k.invalidEnveloped(`Syntax error; token: "` + token + `", near: "` + near + `"`)
}

func errRedundantParentheses(k Kind) *Error {
	return k.invalidEnveloped("The expression has redundant parentheses;")
}

func errTooManyOperators(k Kind, count int) *Error {
	return k.invalid("The expression contains too many operators; operator count: " + strconv.Itoa(count))
}

func errTooManyInOperands(k Kind, count int) *Error {
	return k.invalid("The IN operator is provided with too many operands; number of operands: " + strconv.Itoa(count))
}

func errPathTooDeep(k Kind, levels int) *Error {
	return k.invalid("The document path has too many nesting levels; nesting levels: " + strconv.Itoa(levels))
}

func errIndexRange(k Kind, digits string) *Error {
	return k.invalid("List index is not within the allowable range; index: [" + digits + "]")
}

func errReserved(k Kind, word string) *Error {
	return k.invalid("Attribute name is a reserved keyword; reserved keyword: " + word)
}

func errUndefinedName(k Kind, ref string) *Error {
	return k.invalid("An expression attribute name used in the document path is not defined; attribute name: " + ref)
}

func errUndefinedValue(k Kind, ref string) *Error {
	return k.invalid("An expression attribute value used in expression is not defined; attribute value: " + ref)
}

func errUnknownFunction(k Kind, name string) *Error {
	return k.invalid("Invalid function name; function: " + name)
}

func errMisusedFunction(k Kind, name string) *Error {
	return k.invalid("The function is not allowed to be used this way in an expression; function: " + name)
}

func errOperandCount(k Kind, operator string, count int) *Error {
	return k.invalid("Incorrect number of operands for operator or function; operator or function: " + operator +
		", number of operands: " + strconv.Itoa(count))
}

func errPathRequired(k Kind, function string) *Error {
	return k.invalid("Operator or function requires a document path; operator or function: " + function)
}

func errOperandType(k Kind, operator, kind string) *Error {
	return k.invalid("Incorrect operand type for operator or function; operator or function: " + operator +
		", operand type: " + kind)
}

// anyTypeText is what AWS prints for the type of a path where it wants a value.
const anyTypeText = "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"

func errTypeName(k Kind, name string) *Error {
	return k.invalid("Invalid attribute type name found; type: " + name + ", valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}")
}

func errNotDistinct(k Kind, operator string, first Path) *Error {
	return k.invalidEnveloped("The first operand must be distinct from the remaining operands for this operator or function; operator: " +
		operator + ", first operand: " + first.String())
}

func errBetweenTypes(k Kind, lower, upper item.Value) *Error {
	return k.invalid("The BETWEEN operator requires same data type for lower and upper bounds; " + boundsText(lower, upper))
}

func errBetweenOrder(k Kind, lower, upper item.Value) *Error {
	return k.invalid("The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " + boundsText(lower, upper))
}

func boundsText(lower, upper item.Value) string {
	return "lower bound operand: AttributeValue: " + boundText(lower) + ", upper bound operand: AttributeValue: " + boundText(upper)
}

// boundText prints an S, N or B as AWS does. What it prints for a B is not
// published; base64 is our choice.
func boundText(v item.Value) string {
	text := string(v.Bytes())
	if v.Kind() == item.B {
		text = base64.StdEncoding.EncodeToString(v.Bytes())
	}
	return "{" + v.Kind().String() + ":" + text + "}"
}

func errOverlap(k Kind, one, two Path) *Error {
	return k.invalid("Two document paths overlap with each other; must remove or rewrite one of these paths; path one: " +
		one.String() + ", path two: " + two.String())
}

func errConflict(k Kind, one, two Path) *Error {
	return k.invalid("Two document paths conflict with each other; must remove or rewrite one of these paths; path one: " +
		one.String() + ", path two: " + two.String())
}

// errColumnRepeated: not published; the wording is ours.
func errColumnRepeated(name string) *Error {
	return KindStatement.invalid("The names of the selected attributes must be distinct; attribute name: " + name)
}

func errRepeatedSection(s section) *Error {
	return KindUpdate.invalid(`The "` + s.String() + `" section can only be used once in an update expression;`)
}

func errActionOperandType(s section, kind item.Kind) *Error {
	return KindUpdate.invalid("Incorrect operand type for operator or function; operator: " + s.String() +
		", operand type: " + longTypeName(kind))
}

// longTypeName is AWS's second set of type names, used by ADD and DELETE only.
func longTypeName(k item.Kind) string {
	switch k {
	case item.S:
		return "STRING"
	case item.N:
		return "NUMBER"
	case item.B:
		return "BINARY"
	case item.BOOL:
		return "BOOLEAN"
	case item.L:
		return "LIST"
	case item.M:
		return "MAP"
	}
	return k.String()
}

// Errors of the variables.

func errNoNames() *Error  { return &Error{Text: textNames + " must not be empty"} }
func errNoValues() *Error { return &Error{Text: textValues + " must not be empty"} }

func errVariableKey(member, key string) *Error {
	return &Error{Text: member + ` contains invalid key: Syntax error; key: "` + key + `"`}
}

// errVariableKeyTooLong: not published; the wording is ours.
func errVariableKeyTooLong(member, key string) *Error {
	return &Error{Text: member + ` contains invalid key: The expression attribute map contains a key that is too long; key: "` + key + `"`}
}

func errEmptyName(key string) *Error {
	return &Error{Text: textNames + " contains invalid value: Empty attribute name for key " + key}
}

// errVariablesTooLarge: not published; the wording is ours.
func errVariablesTooLarge() *Error {
	return &Error{Text: "The expression attribute names and values exceed the maximum allowed size"}
}

// errVariableValue wraps what is wrong with a value; a NULL that is false and
// one nested too deep are printed bare.
func errVariableValue(e *item.ValueError) *Error {
	switch e.Class {
	case item.NullFalse, item.Nesting:
		return errValue(e)
	}
	wrapped := errValue(e)
	wrapped.Text = textValues + " contains invalid value: " + e.Text + " for key " + e.Key
	return wrapped
}

// errValue is what is wrong with a value that stands in a parameter of its own.
func errValue(e *item.ValueError) *Error {
	switch e.Class {
	case item.NullFalse, item.EmptySet, item.EmptyNumberSet, item.DuplicateInSet:
		return &Error{Text: e.Text, Envelope: true}
	}
	return &Error{Text: e.Text}
}

func errUnused(member string, keys []string) *Error {
	return &Error{Text: "Value provided in " + member + " unused in expressions: keys: {" + strings.Join(keys, ", ") + "}"}
}

// Errors of applying an update.

func errUpdatePath() *Error {
	return &Error{Text: "The document path provided in the update expression is invalid for update"}
}

func errMissingAttribute() *Error {
	return &Error{Text: "The provided expression refers to an attribute that does not exist in the item"}
}

func errUpdateOperandType() *Error {
	return &Error{Text: "An operand in the update expression has an incorrect data type"}
}

func errUpdateTypeMismatch() *Error {
	return &Error{Text: "Type mismatch for attribute to update"}
}

func errUpdateTooLarge() *Error {
	return &Error{Text: "Item size to update has exceeded the maximum allowed size"}
}

func errNumber(e *item.ValueError) *Error { return &Error{Text: e.Text} }

func errNesting() *Error {
	return &Error{Text: "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"}
}

// Errors of key conditions.

func errKeyOperator(operator string) *Error {
	return &Error{Text: "Invalid operator used in KeyConditionExpression: " + operator}
}

func errKeyNestedOperation() *Error {
	return &Error{Text: "KeyConditionExpressions cannot contain nested operations"}
}

func errKeyFirstOperand(operator string) *Error {
	return &Error{Text: textKeyInvalid + operator + " operator must have the key attribute as its first operand"}
}

func errKeyManyNames() *Error {
	return &Error{Text: textKeyInvalid + "Multiple attribute names used in one condition"}
}

func errKeyNoName() *Error {
	return &Error{Text: textKeyInvalid + "No key attribute specified"}
}

func errKeyNestedPath() *Error {
	return KindKeyCondition.invalid("KeyConditionExpressions cannot have conditions on nested attributes")
}

func errKeyRepeated() *Error {
	return KindKeyCondition.invalid("KeyConditionExpressions must only contain one condition per key")
}

// Errors of legacy parameters.

func errLegacy(text string) *Error { return &Error{Text: textInvalid + text} }

func errLegacyCount(operator string) *Error {
	return errLegacy("Invalid number of argument(s) for the " + operator + " ComparisonOperator")
}

func errLegacyMixedTypes() *Error {
	return errLegacy("AttributeValues inside AttributeValueList must be of same type")
}

func errLegacyType(operator string, kind item.Kind) *Error {
	return errLegacy("ComparisonOperator " + operator + " is not valid for " + kind.String() + " AttributeValue type")
}

func errLegacyBetween() *Error {
	return &Error{Text: "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"}
}

func errExpected(rule, attribute string) *Error {
	return errLegacy(rule + " for Attribute: " + attribute)
}

func errUpdateWithoutValue() *Error {
	return errLegacy("Only DELETE action is allowed when no attribute value is specified")
}

func errUpdateDeleteType(kind item.Kind) *Error {
	return errLegacy("DELETE action with value is not supported for the type " + kind.String())
}

func errUpdateAddType(kind item.Kind) *Error {
	return errLegacy("ADD action is not supported for the type " + kind.String())
}

func errDuplicateName(name string) *Error {
	return errLegacy("Duplicate value in attribute name: " + name)
}
