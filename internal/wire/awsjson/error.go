package awsjson

import (
	"net/http"

	"github.com/gramme-db/gramme/internal/wire"
)

// The namespaces of the errors that AWS's service framework answers by itself.
const (
	frameworkNamespace  = "com.amazon.coral.service"
	validationNamespace = "com.amazon.coral.validate"
)

// AppendError appends the body of an error response.
func AppendError(dst []byte, e *wire.Error) []byte {
	dst = append(dst, `{"__type":"`...)
	dst = append(dst, e.Namespace...)
	dst = append(dst, '#')
	dst = append(dst, e.Code...)
	if e.NoMessage {
		return append(dst, `"}`...)
	}
	dst = append(dst, `",`...)
	if e.Members != nil {
		dst = e.Members(dst)
	}
	member := e.MessageMember
	if member == "" {
		member = "message"
	}
	dst = AppendString(dst, member)
	dst = append(dst, ':')
	dst = AppendString(dst, e.Message)
	return append(dst, '}')
}

// Serialization is the answer to a body that is not JSON.
func Serialization() *wire.Error {
	return &wire.Error{
		Code: "SerializationException", Namespace: frameworkNamespace,
		Status: http.StatusBadRequest, NoMessage: true,
	}
}

// SerializationMessage is the answer to a value of the wrong JSON type.
func SerializationMessage(text string) *wire.Error {
	return &wire.Error{
		Code: "SerializationException", Namespace: frameworkNamespace,
		Status: http.StatusBadRequest, Message: text, MessageMember: "Message",
	}
}

// UnknownOperation is the answer to an operation that there is not, or that is
// not done here.
func UnknownOperation() *wire.Error {
	return &wire.Error{
		Code: "UnknownOperationException", Namespace: frameworkNamespace,
		Status: http.StatusBadRequest, NoMessage: true,
	}
}

// Validation is the answer to a request that breaks a rule.
func Validation(text string) *wire.Error {
	return &wire.Error{
		Code: "ValidationException", Namespace: validationNamespace,
		Status: http.StatusBadRequest, Message: text,
	}
}

// Internal is the answer when the fault is ours.
func Internal() *wire.Error {
	return &wire.Error{
		Code: "InternalServerError", Namespace: frameworkNamespace,
		Status: http.StatusInternalServerError, Message: "Internal server error",
	}
}
