package dynamodb

import (
	"strings"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/wire"
)

// Values of ReturnValues and its like, in AWS's words.
const (
	none       = "NONE"
	allOld     = "ALL_OLD"
	allNew     = "ALL_NEW"
	updatedOld = "UPDATED_OLD"
	updatedNew = "UPDATED_NEW"
)

// parameter is a member of a request that takes part in a rule about which
// members go together.
type parameter struct {
	name string
	set  bool
}

// checkMixing refuses a request that uses expressions and their predecessors
// together.
func checkMixing(d dialect, legacy, expressions []parameter) error {
	old, new := present(legacy), present(expressions)
	if old == "" || new == "" {
		return nil
	}
	text := "Can not use both expression and non-expression parameters in the same request: " +
		"Non-expression parameters: {" + old + "} Expression parameters: {" + new + "}"
	if d == newerLayer && strings.Contains(old, "Expected") {
		return enveloped(text)
	}
	return invalid(text)
}

// present lists the parameters that are set.
func present(parameters []parameter) string {
	var names []string
	for _, p := range parameters {
		if p.set {
			names = append(names, p.name)
		}
	}
	return strings.Join(names, ", ")
}

// substitutions checks ExpressionAttributeNames and ExpressionAttributeValues
// and returns them for the parsers; nil when there are none. expressions are the request's expressions;
// those in valueless cannot use values.
func substitutions(d dialect, names wire.Map[string], values item.Attributes, expressions, valueless []parameter) (*expr.Scope, error) {
	if names != nil && present(expressions) == "" && present(valueless) == "" {
		return nil, invalid("ExpressionAttributeNames can only be specified when using expressions")
	}
	if values.Set && present(expressions) == "" {
		return nil, d.text("ExpressionAttributeValues can only be specified when using expressions: " + areNull(expressions))
	}
	if names == nil && !values.Set {
		return nil, nil
	}
	scope, err := expr.NewScope(names, values)
	if err != nil {
		return nil, d.expression(err)
	}
	return scope, nil
}

// areNull says that none of the expressions is there.
func areNull(expressions []parameter) string {
	names := make([]string, len(expressions))
	for i, p := range expressions {
		names[i] = p.name
	}
	if len(names) == 1 {
		return names[0] + " is null"
	}
	return strings.Join(names, " and ") + " are null"
}

// expectedCondition returns the condition of the legacy Expected; nil when
// there is none.
func expectedCondition(d dialect, expected wire.Map[*api.ExpectedAttributeValue], operator wire.Opt[string]) (*expr.Condition, error) {
	if err := checkConditionalOperator(operator, len(expected)); err != nil {
		return nil, err
	}
	if len(expected) == 0 {
		return nil, nil
	}
	entries := make([]expr.Expected, len(expected))
	for i, e := range expected {
		entries[i] = expr.Expected{
			Attribute: e.Key,
			Value:     e.Value.Value,
			Exists:    e.Value.Exists,
			Operator:  e.Value.ComparisonOperator,
			List:      e.Value.AttributeValueList,
			HasList:   e.Value.AttributeValueList != nil,
		}
	}
	c, refusal := expr.ExpectedCondition(entries, operator.Value == "OR")
	if refusal != nil {
		return nil, d.expression(refusal)
	}
	return c, nil
}

// checkConditionalOperator refuses a ConditionalOperator that has nothing to
// combine. entries is how many conditions there are.
func checkConditionalOperator(operator wire.Opt[string], entries int) error {
	switch {
	case !operator.Set || entries >= 2:
		return nil
	case entries == 0:
		return invalid("ConditionalOperator cannot be used without Filter or Expected")
	}
	return invalid("ConditionalOperator can only be used when Filter or Expected has two or more elements")
}

// parseCondition returns the condition of an expression; nil, which always
// holds, when there is none.
func parseCondition(d dialect, text wire.Opt[string], scope *expr.Scope) (*expr.Condition, error) {
	if !text.Set {
		return nil, nil
	}
	c, err := expr.ParseCondition(expr.KindCondition, text.Value, scope)
	if err != nil {
		return nil, d.expression(err)
	}
	return c, nil
}

// guard is the part of a put or delete that says when it may happen.
type guard struct {
	expected wire.Map[*api.ExpectedAttributeValue]
	operator wire.Opt[string]
	text     wire.Opt[string]
	names    wire.Map[string]
	values   item.Attributes
}

// condition checks the guard and returns its condition, which is nil when the
// write may happen always.
func (g *guard) condition(d dialect) (*expr.Condition, error) {
	legacy, err := expectedCondition(d, g.expected, g.operator)
	if err != nil {
		return nil, err
	}
	expressions := []parameter{{"ConditionExpression", g.text.Set}}
	scope, err := substitutions(d, g.names, g.values, expressions, nil)
	if err != nil {
		return nil, err
	}
	c, err := parseCondition(d, g.text, scope)
	if err != nil {
		return nil, err
	}
	if err := unused(d, scope); err != nil {
		return nil, err
	}
	if legacy != nil {
		return legacy, nil
	}
	return c, nil
}

// unused refuses substitution variables that no expression has used.
func unused(d dialect, scope *expr.Scope) error {
	return d.expression(scope.Unused())
}
