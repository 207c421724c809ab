package plan

import (
	"strings"

	"github.com/gramme-db/gramme/tools/apigen/model"
)

// FieldType is the Go type of a member. input says whether requests reach the
// structure: the attribute values of such a structure are as they came, the
// others as we store them.
func (s *Service) FieldType(shape *Shape, input bool) string {
	if IsScalar(shape) && shape.Kind != model.Blob {
		return "wire.Opt[" + scalarType(shape.Kind) + "]"
	}
	return s.ElementType(shape, input)
}

// ElementType is the Go type of a list's element and of a map's value.
func (s *Service) ElementType(shape *Shape, input bool) string {
	switch {
	case s.IsValue(shape) && input:
		return "item.Input"
	case s.IsValue(shape):
		return "item.Value"
	case s.IsItem(shape) && input:
		return "item.Attributes"
	case s.IsItem(shape):
		return "item.Item"
	}
	switch shape.Kind {
	case model.Structure:
		return "*" + shape.Name
	case model.List:
		return "[]" + s.ElementType(shape.Element, input)
	case model.Map:
		return "wire.Map[" + s.ElementType(shape.Value, input) + "]"
	}
	return scalarType(shape.Kind)
}

// IsStreamed reports whether a structure begins with a list that is streamed.
func (s *Shape) IsStreamed() bool { return len(s.Members) > 0 && s.Members[0].Streamed }

// IsScalar reports whether a shape is no structure, list or map.
func IsScalar(shape *Shape) bool { return scalarType(shape.Kind) != "" }

// Present is the Go expression for a member being there, v that of the member.
// input is as in FieldType.
func (s *Service) Present(shape *Shape, v string, input bool) string {
	switch {
	case (s.IsValue(shape) || s.IsItem(shape)) && input:
		return v + ".Set"
	case s.IsValue(shape):
		return "len(" + v + ") > 0"
	case IsScalar(shape) && shape.Kind != model.Blob:
		return v + ".Set"
	}
	return v + " != nil"
}

func scalarType(kind model.Kind) string {
	switch kind {
	case model.String, model.Character:
		return "string"
	case model.Boolean:
		return "bool"
	case model.Integer, model.Long:
		return "int64"
	case model.Float, model.Double, model.Timestamp:
		return "float64"
	case model.Blob:
		return "[]byte"
	}
	return ""
}

// JavaType is what AWS's messages call a shape's type.
func (s *Service) JavaType(shape *Shape) string {
	switch shape.Kind {
	case model.Structure:
		return s.JavaPackage + "." + shape.AWSName
	case model.List:
		return "java.util.List<" + s.JavaType(shape.Element) + ">"
	case model.Map:
		return "java.util.Map<" + s.JavaType(shape.Key) + ", " + s.JavaType(shape.Value) + ">"
	case model.Timestamp:
		return "java.util.Date"
	case model.Blob:
		return "java.nio.ByteBuffer"
	}
	kind := string(shape.Kind)
	return "java.lang." + strings.ToUpper(kind[:1]) + kind[1:]
}

// EnumConst is the Go name of an enumeration's value: ReturnValueAllOld.
func EnumConst(shape *Shape, value string) string {
	name := shape.Name
	for _, word := range strings.FieldsFunc(value, notAlphanumeric) {
		if word == strings.ToUpper(word) {
			word = word[:1] + strings.ToLower(word[1:])
		}
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

func notAlphanumeric(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
}
