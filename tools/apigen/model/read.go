package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The files' own form. Documentation is not read.
type (
	file struct {
		Metadata   metadata
		Operations map[string]fileOperation
		Shapes     map[string]fileShape
	}
	metadata struct {
		APIVersion     string
		Protocol       Protocol
		JSONVersion    string
		TargetPrefix   string
		SigningName    string
		EndpointPrefix string
		ServiceID      string
		XMLNamespace   string
	}
	fileOperation struct {
		HTTP struct {
			Method       string
			RequestURI   string
			ResponseCode int
		}
		Input  fileRef
		Output struct {
			fileRef
			ResultWrapper string
		}
		Errors []fileRef
	}
	fileShape struct {
		Type       Kind
		Members    members
		Required   []string
		Member     *fileRef
		Key, Value *fileRef
		Enum       []string
		Min, Max   *float64
		Pattern    string
		Exception  bool
		Fault      bool
		Error      struct {
			Code           string
			HTTPStatusCode int
		}
		Payload         string
		TimestampFormat string
		Flattened       bool
		Document        bool
		EventStream     bool
	}
	fileRef struct {
		Shape            string
		Location         string
		LocationName     string
		QueryName        string
		TimestampFormat  string
		Flattened        bool
		XMLAttribute     bool
		Streaming        bool
		JSONValue        bool
		IdempotencyToken bool
	}
)

// members keeps the order of the file, which is the order of AWS's checks.
type members []struct {
	name string
	ref  fileRef
}

// UnmarshalJSON reads an object without losing its order.
func (m *members) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		member := struct {
			name string
			ref  fileRef
		}{name: name.(string)}
		if err := d.Decode(&member.ref); err != nil {
			return err
		}
		*m = append(*m, member)
	}
	return nil
}

// Read reads a model.
func Read(data []byte) (*Service, error) {
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	meta := f.Metadata
	s := &Service{
		APIVersion:   meta.APIVersion,
		Protocol:     meta.Protocol,
		JSONVersion:  meta.JSONVersion,
		TargetPrefix: meta.TargetPrefix,
		SigningName:  meta.SigningName,
		ServiceID:    meta.ServiceID,
		XMLNamespace: meta.XMLNamespace,
		Shapes:       make(map[string]*Shape, len(f.Shapes)),
	}
	if s.SigningName == "" {
		s.SigningName = meta.EndpointPrefix
	}
	for name, shape := range f.Shapes {
		s.Shapes[name] = newShape(name, shape)
	}
	for name, operation := range f.Operations {
		s.Operations = append(s.Operations, newOperation(name, operation))
	}
	slices.SortFunc(s.Operations, func(a, b *Operation) int { return strings.Compare(a.Name, b.Name) })
	return s, s.check()
}

func newOperation(name string, f fileOperation) *Operation {
	o := &Operation{
		Name: name, Method: f.HTTP.Method, URI: f.HTTP.RequestURI, Status: f.HTTP.ResponseCode,
		Input: f.Input.Shape, Output: f.Output.Shape, ResultWrapper: f.Output.ResultWrapper,
	}
	for _, e := range f.Errors {
		o.Errors = append(o.Errors, e.Shape)
	}
	return o
}

func newShape(name string, f fileShape) *Shape {
	s := &Shape{
		Name: name, Kind: f.Type,
		Element: newRef(f.Member), Key: newRef(f.Key), Value: newRef(f.Value),
		Enum: f.Enum, Min: f.Min, Max: f.Max, Pattern: f.Pattern,
		Exception: f.Exception, Fault: f.Fault, Status: f.Error.HTTPStatusCode, ErrorCode: f.Error.Code,
		Payload: f.Payload, TimestampFormat: f.TimestampFormat, Flattened: f.Flattened,
		Document: f.Document, EventStream: f.EventStream,
	}
	for _, m := range f.Members {
		s.Members = append(s.Members, &Member{
			Ref: *newRef(&m.ref), Name: m.name, Required: slices.Contains(f.Required, m.name),
		})
	}
	return s
}

func newRef(f *fileRef) *Ref {
	if f == nil {
		return nil
	}
	return &Ref{
		Shape: f.Shape, Location: f.Location, LocationName: f.LocationName, QueryName: f.QueryName,
		TimestampFormat: f.TimestampFormat, Flattened: f.Flattened, XMLAttribute: f.XMLAttribute,
		Streaming: f.Streaming, JSONValue: f.JSONValue, Idempotency: f.IdempotencyToken,
	}
}

// check finds uses of shapes that are not there, and kinds that are none.
func (s *Service) check() error {
	switch s.Protocol {
	case JSON, Query, EC2Query, RESTJSON, RESTXML:
	default:
		return fmt.Errorf("model: unknown protocol %q", s.Protocol)
	}
	for _, o := range s.Operations {
		for _, name := range append([]string{o.Input, o.Output}, o.Errors...) {
			if name != "" && s.Shapes[name] == nil {
				return fmt.Errorf("model: operation %s: no shape %s", o.Name, name)
			}
		}
	}
	for _, shape := range s.Shapes {
		if err := s.checkShape(shape); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) checkShape(shape *Shape) error {
	refs := shape.Refs()
	switch shape.Kind {
	case Structure:
	case List:
		if shape.Element == nil {
			return fmt.Errorf("model: list %s has no member", shape.Name)
		}
	case Map:
		if shape.Key == nil || shape.Value == nil {
			return fmt.Errorf("model: map %s has no key or no value", shape.Name)
		}
	case String, Character, Boolean, Integer, Long, Float, Double, Timestamp, Blob:
	default:
		return fmt.Errorf("model: shape %s has unknown type %q", shape.Name, shape.Kind)
	}
	for _, name := range refs {
		if s.Shapes[name] == nil {
			return fmt.Errorf("model: shape %s uses %s, which is not there", shape.Name, name)
		}
	}
	return nil
}

// Refs returns the names of the shapes that a shape is made of.
func (s *Shape) Refs() []string {
	var names []string
	for _, m := range s.Members {
		names = append(names, m.Shape)
	}
	for _, ref := range []*Ref{s.Element, s.Key, s.Value} {
		if ref != nil {
			names = append(names, ref.Shape)
		}
	}
	return names
}
