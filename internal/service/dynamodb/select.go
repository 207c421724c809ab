package dynamodb

import (
	"slices"
	"strings"

	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// Values of Select, in AWS's words.
const (
	allAttributes      = "ALL_ATTRIBUTES"
	allProjected       = "ALL_PROJECTED_ATTRIBUTES"
	specificAttributes = "SPECIFIC_ATTRIBUTES"
	countAlone         = "COUNT"
)

// textSpecificOfWhat is enveloped on Query and plain on Scan.
const textSpecificOfWhat = "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"

// checkSelect makes the checks of Select that need no table. projection is the
// parameter that names attributes, "" for none.
func checkSelect(d dialect, selected wire.Opt[string], projection string, index bool) error {
	switch {
	case selected.Value == specificAttributes && projection == "":
		return d.text(textSpecificOfWhat)
	case selected.Value == allProjected && !index:
		return invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
	case !selected.Set || projection == "" || selected.Value == specificAttributes:
		return nil
	case selected.Value == countAlone:
		return invalid("Cannot specify the " + projection + " when choosing to get only the Count")
	}
	// What AWS says with ALL_PROJECTED_ATTRIBUTES is not published.
	return invalid("Cannot specify the " + projection + " when choosing to get " + selected.Value)
}

// checkProjected refuses to read from a global index what it does not hold.
func checkProjected(v *schema.View, selected string, p *expr.Projection) error {
	if !v.IsGlobal() || v.ProjectsAll() {
		return nil
	}
	if selected == allAttributes {
		return invalid(wereInvalid + "Select type ALL_ATTRIBUTES is not supported for global secondary index " +
			v.Index.Name + " because its projection type is not ALL")
	}
	if missing := unprojected(v, p); missing != nil {
		return invalid(wereInvalid + "Global secondary index " + v.Index.Name + " does not project [" + strings.Join(missing, ", ") + "]")
	}
	return nil
}

// fetches reports whether what is asked for is not all in the view's entries, so
// that each entry's item has to be read from the table. Only local indexes do
// that.
func fetches(v *schema.View, selected string, p *expr.Projection) bool {
	if v.ProjectsAll() || selected == countAlone {
		return false
	}
	return selected == allAttributes || unprojected(v, p) != nil
}

// unprojected returns the attributes that are asked for and that the view's
// entries do not hold, in the order in which they are asked for.
func unprojected(v *schema.View, p *expr.Projection) (names []string) {
	for _, path := range p.Paths() {
		if name := path.Head(); !v.Projects(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
