// Package plan decides what of a model becomes Go, and under which names and
// types. It knows the rules that hold for every protocol: which shapes a
// request or an answer reaches, how members are represented, what has
// constraints, what AWS's Java calls things. Package emit writes it down.
package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gramme-db/gramme/tools/apigen/model"
)

// Service is the plan of one service's package.
type Service struct {
	Package string
	Model   *model.Service

	JavaPackage    string
	AttributeValue string // the shape that internal/item reads and writes; "" if none

	Operations []*Operation
	Types      []*Shape // structures, lists and maps, without inputs, outputs and exceptions
	Scalars    []*Shape // strings, numbers and blobs
	Exceptions []*Shape

	shapes map[string]*Shape
}

// Operation is one operation with its own structures.
type Operation struct {
	Name   string
	Input  *Shape
	Output *Shape // Absent if the model has none
}

// Shape is a model's shape with what the plan says of it.
type Shape struct {
	Name    string // in Go
	AWSName string // in the model
	Kind    model.Kind

	Members    []*Member
	Element    *Shape
	Key, Value *Shape

	Enum     []string
	Min, Max *int64
	Pattern  string
	Matches  []string
	Terse    []string
	Keys     string

	Order, Alone, OneOf []string

	Exception bool
	Status    int
	Namespace string

	Absent   bool // not in the model: an answer without a body
	InInput  bool // a request reaches it
	InOutput bool // an answer or error reaches it

	// Owner is the one operation that reaches the shape; nil if there are more.
	Owner *Operation
	used  bool
}

// Member is a member of a structure.
type Member struct {
	Name      string // on the wire
	GoName    string
	Shape     *Shape
	Required  bool
	Unchecked bool
	First     *First
	Streamed  bool
}

// New makes the plan of a model's package.
func New(pkg string, m *model.Service, o *Overlay) (*Service, error) {
	s := &Service{
		Package:        pkg,
		Model:          m,
		JavaPackage:    o.JavaPackage,
		AttributeValue: o.AttributeValue,
		shapes:         make(map[string]*Shape, len(m.Shapes)),
	}
	if s.JavaPackage == "" {
		s.JavaPackage = "com.amazonaws." + m.SigningName + ".v" + strings.ReplaceAll(m.APIVersion, "-", "")
	}
	if err := s.addShapes(); err != nil {
		return nil, err
	}
	if err := o.apply(s); err != nil {
		return nil, err
	}
	s.addOperations()
	s.sortShapes()
	return s, s.checkNames()
}

// addShapes takes over the model's shapes and ties them together.
func (s *Service) addShapes() error {
	names := make(map[string]int)
	for _, name := range sortedKeys(s.Model.Shapes) {
		m := s.Model.Shapes[name]
		if m.Document {
			return fmt.Errorf("shape %s is a document, which holds any JSON: not supported", name)
		}
		s.shapes[name] = &Shape{
			Name: distinct(names, goName(name)), AWSName: name, Kind: m.Kind,
			Enum: m.Enum, Min: whole(m.Min), Max: whole(m.Max), Pattern: m.Pattern,
			Exception: m.Exception, Status: exceptionStatus(m), Namespace: s.JavaPackage,
		}
	}
	for name, m := range s.Model.Shapes {
		shape := s.shapes[name]
		for _, member := range m.Members {
			if s.Model.Shapes[member.Shape].EventStream {
				continue // sent beside the body, by the service itself
			}
			shape.Members = append(shape.Members, &Member{
				Name: member.Name, GoName: goName(member.Name), Shape: s.shapes[member.Shape], Required: member.Required,
			})
		}
		shape.Element, shape.Key, shape.Value = s.at(m.Element), s.at(m.Key), s.at(m.Value)
	}
	return nil
}

// distinct numbers a Go name that several shapes would have, as models have
// String beside string.
func distinct(names map[string]int, name string) string {
	names[name]++
	if n := names[name]; n > 1 {
		return name + strconv.Itoa(n)
	}
	return name
}

func (s *Service) at(ref *model.Ref) *Shape {
	if ref == nil {
		return nil
	}
	return s.shapes[ref.Shape]
}

func exceptionStatus(m *model.Shape) int {
	switch {
	case m.Status != 0:
		return m.Status
	case m.Fault:
		return 500
	}
	return 400
}

// addOperations finds out what is reached from where.
func (s *Service) addOperations() {
	for _, m := range s.Model.Operations {
		o := &Operation{Name: m.Name, Input: s.shapes[m.Input], Output: s.shapes[m.Output]}
		if o.Input == nil {
			o.Input = absent(m.Name + "Input")
		}
		if o.Output == nil {
			o.Output = absent(m.Name + "Output")
		}
		s.Operations = append(s.Operations, o)
		in, out := s.reached(o.Input), s.reached(o.Output)
		for shape := range in {
			shape.InInput = true
			shape.usedBy(o)
		}
		for shape := range out {
			shape.InOutput = true
			shape.usedBy(o)
		}
	}
	for _, shape := range s.shapes {
		if !shape.Exception {
			continue
		}
		for part := range s.reached(shape) {
			part.InOutput = true
			part.usedBy(nil)
		}
	}
}

// absent makes the structure that an operation lacks.
func absent(name string) *Shape {
	return &Shape{Name: goName(name), AWSName: name, Kind: model.Structure, Absent: true}
}

// reached returns a shape and all it is made of. Attribute values and maps of
// them are not looked into.
func (s *Service) reached(shape *Shape) map[*Shape]bool {
	seen := make(map[*Shape]bool)
	var walk func(shape *Shape)
	walk = func(shape *Shape) {
		if shape == nil || seen[shape] || s.IsValue(shape) {
			return
		}
		seen[shape] = true
		if s.IsItem(shape) {
			return
		}
		for _, m := range shape.Members {
			walk(m.Shape)
		}
		walk(shape.Element)
		walk(shape.Key)
		walk(shape.Value)
	}
	walk(shape)
	return seen
}

func (shape *Shape) usedBy(o *Operation) {
	if shape.used && shape.Owner != o {
		shape.Owner = nil
		return
	}
	shape.Owner, shape.used = o, true
}

// sortShapes puts the shapes that are reached in their places.
func (s *Service) sortShapes() {
	own := make(map[*Shape]bool)
	for _, o := range s.Operations {
		own[o.Input], own[o.Output] = true, true
	}
	for _, name := range sortedKeys(s.shapes) {
		shape := s.shapes[name]
		switch {
		case shape.Exception:
			s.Exceptions = append(s.Exceptions, shape)
		case !shape.InInput && !shape.InOutput || own[shape]:
		case shape.Kind == model.Structure || shape.Kind == model.List || shape.Kind == model.Map && !s.IsItem(shape):
			s.Types = append(s.Types, shape)
		case shape.Kind != model.Map:
			s.Scalars = append(s.Scalars, shape)
		}
	}
}

// checkNames finds members of a structure that would have one name in Go.
func (s *Service) checkNames() error {
	for name, shape := range s.shapes {
		members := make(map[string]bool)
		for _, m := range shape.Members {
			if members[m.GoName] {
				return fmt.Errorf("structure %s has two members that are %s in Go", name, m.GoName)
			}
			members[m.GoName] = true
		}
	}
	return nil
}

// IsValue reports whether a shape is the attribute value.
func (s *Service) IsValue(shape *Shape) bool {
	return s.AttributeValue != "" && shape == s.shapes[s.AttributeValue]
}

// IsItem reports whether a shape is a map of attribute values.
func (s *Service) IsItem(shape *Shape) bool {
	return shape.Kind == model.Map && s.IsValue(shape.Value)
}

// HasConstraints reports whether a value of the shape can break a rule.
func (s *Service) HasConstraints(shape *Shape) bool {
	return s.reachesConstraint(shape, make(map[*Shape]bool))
}

func (s *Service) reachesConstraint(shape *Shape, seen map[*Shape]bool) bool {
	if seen[shape] || s.IsValue(shape) || s.IsItem(shape) {
		return false
	}
	seen[shape] = true
	if shape.HasOwnRules() {
		return true
	}
	for _, m := range shape.Members {
		if m.First != nil || !m.Unchecked && (m.Required || s.reachesConstraint(m.Shape, seen)) {
			return true
		}
	}
	for _, part := range []*Shape{shape.Element, shape.Key, shape.Value} {
		if part != nil && s.reachesConstraint(part, seen) {
			return true
		}
	}
	return false
}

// HasOwnRules reports whether the shape itself has constraints, whatever it is
// made of.
func (shape *Shape) HasOwnRules() bool {
	return shape.Min != nil || shape.Max != nil || shape.Pattern != "" || shape.Enum != nil
}

// IsChecked reports whether a member is looked at by the check of its
// structure.
func (s *Service) IsChecked(m *Member) bool {
	return !m.Unchecked && (m.Required || s.HasConstraints(m.Shape))
}

// Ordered returns a structure's members in the order of their checks.
func (shape *Shape) Ordered() []*Member {
	place := func(m *Member) int {
		order := slices.Concat(shape.Alone, shape.Order)
		if i := slices.Index(order, m.Name); i >= 0 {
			return i
		}
		return len(order)
	}
	return slices.SortedStableFunc(slices.Values(shape.Members), func(a, b *Member) int { return place(a) - place(b) })
}

func (s *Service) member(name string) *Member {
	structure, member, _ := strings.Cut(name, ".")
	shape := s.shapes[structure]
	if shape == nil {
		return nil
	}
	for _, m := range shape.Members {
		if m.Name == member {
			return m
		}
	}
	return nil
}

// goName returns the exported Go name of a shape or member.
func goName(name string) string {
	name = strings.TrimLeft(name, "_")
	return strings.ToUpper(name[:1]) + name[1:]
}

func whole(f *float64) *int64 {
	if f == nil {
		return nil
	}
	n := int64(*f)
	return &n
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
