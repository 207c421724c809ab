package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"

	"github.com/gramme-db/gramme/tools/apigen/model"
)

// Overlay is what we know of a service and its model does not say, or says
// otherwise than AWS answers.
type Overlay struct {
	// JavaPackage is the namespace of the service's shapes in error bodies and
	// messages; default com.amazonaws.<service>.v<version>.
	JavaPackage string `json:"javaPackage"`

	// AttributeValue is the shape that internal/item reads and writes in place
	// of generated code, and every map of it.
	AttributeValue string `json:"attributeValue"`

	// Streamed are lists of items, or maps of such lists, by Structure.Member, that
	// are written into the answer while the operation runs. Each is the first member
	// of an output.
	Streamed []string `json:"streamed"`

	Corrections []Correction `json:"corrections"`
}

// Correction changes a model in one regard.
type Correction struct {
	Reason     string                  `json:"reason"`
	Shapes     map[string]ShapeFix     `json:"shapes"`
	Members    map[string]MemberFix    `json:"members"` // by Structure.Member
	Structures map[string]StructureFix `json:"structures"`
	First      *First                  `json:"first"`
	Namespaces map[string]string       `json:"namespaces"` // of exceptions
}

// ShapeFix changes the constraints of a shape. With Like the shape is new.
type ShapeFix struct {
	Like string `json:"like"` // a copy of that shape, changed by the rest

	Min     *float64 `json:"min"`
	Max     *float64 `json:"max"`
	NoMin   bool     `json:"noMin"`
	Enum    []string `json:"enum"`    // in the order in which AWS prints it
	Pattern string   `json:"pattern"` // as AWS prints it

	// Matches are Go regular expressions; a value satisfies Pattern if it is
	// in the language of one of them. Default: Pattern itself.
	Matches []string `json:"matches"`

	// Terse are the constraints, "min" or "max", whose failures AWS prints
	// without the value.
	Terse []string `json:"terse"`

	// Keys is AWS's text for the constraint on a map's keys, where it is not
	// the one that follows from the key's shape.
	Keys string `json:"keys"`
}

// MemberFix changes one member.
type MemberFix struct {
	Shape    string `json:"shape"`
	Optional bool   `json:"optional"` // its absence is reported by the service
	Service  bool   `json:"service"`  // all its constraints are checked by the service
}

// First is a check of string members that comes before everything else and is
// answered alone, in words of its own.
type First struct {
	Members      []string `json:"members"`
	Absent       string   `json:"absent"` // the text where the member is not there
	Min          int64    `json:"min"`
	Max          int64    `json:"max"`
	Length       string   `json:"length"`       // the text where the length is not Min..Max
	ExemptPrefix string   `json:"exemptPrefix"` // of values whose length is not checked
}

// StructureFix changes the order of checks in a structure.
type StructureFix struct {
	Order []string `json:"order"` // these first, the others as in the model
	Alone []string `json:"alone"` // a failure of these is reported without the others
	OneOf []string `json:"oneOf"` // of these only the first failing one is reported
}

// ReadOverlay reads a service's overlay; a service without one has an empty
// one.
func ReadOverlay(overlays fs.FS, service string) (*Overlay, error) {
	o := new(Overlay)
	data, err := fs.ReadFile(overlays, service+".json")
	if err != nil {
		return o, nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(o); err != nil {
		return nil, fmt.Errorf("overlay of %s: %w", service, err)
	}
	for i, c := range o.Corrections {
		if c.Reason == "" {
			return nil, fmt.Errorf("overlay of %s: correction %d has no reason", service, i+1)
		}
	}
	return o, nil
}

// apply changes the plan's shapes as the overlay says. What a correction names
// must be there, so that none outlives a change of the model unseen.
func (o *Overlay) apply(s *Service) error {
	for _, c := range o.Corrections {
		for _, name := range sortedKeys(c.Shapes) {
			if err := c.Shapes[name].apply(s, name); err != nil {
				return fmt.Errorf("overlay: shape %s: %w", name, err)
			}
		}
		for _, name := range sortedKeys(c.Members) {
			if err := c.Members[name].apply(s, name); err != nil {
				return fmt.Errorf("overlay: member %s: %w", name, err)
			}
		}
		if err := c.First.apply(s); err != nil {
			return err
		}
		for _, name := range sortedKeys(c.Structures) {
			if err := c.Structures[name].apply(s, name); err != nil {
				return fmt.Errorf("overlay: structure %s: %w", name, err)
			}
		}
		for _, name := range sortedKeys(c.Namespaces) {
			shape := s.shapes[name]
			if shape == nil || !shape.Exception {
				return fmt.Errorf("overlay: no exception %s", name)
			}
			shape.Namespace = c.Namespaces[name]
		}
	}
	return o.stream(s)
}

// stream marks the members that are streamed.
func (o *Overlay) stream(s *Service) error {
	for _, name := range o.Streamed {
		m := s.member(name)
		if m == nil {
			return fmt.Errorf("overlay: streamed %s: is not in the model", name)
		}
		if !s.beginsAnswer(m) || !s.isItemList(m.Shape) && !(m.Shape.Kind == model.Map && s.isItemList(m.Shape.Value)) {
			return fmt.Errorf("overlay: streamed %s: is neither a list of items nor a map of such at the beginning of an answer", name)
		}
		m.Streamed = true
	}
	return nil
}

func (s *Service) isItemList(shape *Shape) bool {
	return shape.Kind == model.List && s.IsItem(shape.Element)
}

// beginsAnswer reports whether a member is the first of an operation's output.
func (s *Service) beginsAnswer(m *Member) bool {
	return slices.ContainsFunc(s.Model.Operations, func(o *model.Operation) bool {
		output := s.shapes[o.Output]
		return output != nil && len(output.Members) > 0 && output.Members[0] == m
	})
}

func (f ShapeFix) apply(s *Service, name string) error {
	shape := s.shapes[name]
	switch {
	case f.Like == "" && shape == nil:
		return fmt.Errorf("is not in the model")
	case f.Like != "" && shape != nil:
		return fmt.Errorf("is in the model, so it cannot be like %s", f.Like)
	case f.Like != "":
		like := s.shapes[f.Like]
		if like == nil {
			return fmt.Errorf("is like %s, which is not in the model", f.Like)
		}
		copied := *like
		copied.Name, copied.AWSName = goName(name), name
		shape = &copied
		s.shapes[name] = shape
	}
	if f.Enum != nil && !sameSet(f.Enum, shape.Enum) {
		return fmt.Errorf("the model has the values %v", shape.Enum)
	}
	f.change(shape)
	return nil
}

func (f ShapeFix) change(shape *Shape) {
	if f.Min != nil || f.NoMin {
		shape.Min = whole(f.Min)
	}
	if f.Max != nil {
		shape.Max = whole(f.Max)
	}
	if f.Enum != nil {
		shape.Enum = f.Enum
	}
	if f.Pattern != "" {
		shape.Pattern = f.Pattern
	}
	shape.Matches = append(shape.Matches, f.Matches...)
	shape.Terse = append(shape.Terse, f.Terse...)
	if f.Keys != "" {
		shape.Keys = f.Keys
	}
}

func (f MemberFix) apply(s *Service, name string) error {
	m := s.member(name)
	if m == nil {
		return fmt.Errorf("is not in the model")
	}
	if f.Shape != "" {
		if m.Shape = s.shapes[f.Shape]; m.Shape == nil {
			return fmt.Errorf("no shape %s", f.Shape)
		}
	}
	if f.Optional || f.Service {
		m.Required = false
	}
	m.Unchecked = m.Unchecked || f.Service
	return nil
}

func (f *First) apply(s *Service) error {
	if f == nil {
		return nil
	}
	for _, name := range f.Members {
		m := s.member(name)
		if m == nil {
			return fmt.Errorf("overlay: member %s: is not in the model", name)
		}
		m.First, m.Required = f, false
	}
	return nil
}

func (f StructureFix) apply(s *Service, name string) error {
	shape := s.shapes[name]
	if shape == nil || shape.Kind != model.Structure {
		return fmt.Errorf("is not in the model")
	}
	for _, member := range slices.Concat(f.Order, f.Alone, f.OneOf) {
		if s.member(name+"."+member) == nil {
			return fmt.Errorf("has no member %s", member)
		}
	}
	shape.Order, shape.Alone, shape.OneOf = f.Order, f.Alone, f.OneOf
	return nil
}
