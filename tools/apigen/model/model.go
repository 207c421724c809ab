// Package model reads the service models that AWS publishes (service-2.json):
// operations, shapes and constraints of every protocol. It interprets nothing
// and generates nothing; package plan decides what becomes Go.
package model

// Protocol is how a service's requests and responses are encoded.
type Protocol string

// The protocols of the published models.
const (
	JSON     Protocol = "json"
	Query    Protocol = "query"
	EC2Query Protocol = "ec2"
	RESTJSON Protocol = "rest-json"
	RESTXML  Protocol = "rest-xml"
)

// Service is one model.
type Service struct {
	APIVersion   string
	Protocol     Protocol
	JSONVersion  string // of Protocol JSON: 1.0 or 1.1
	TargetPrefix string // of Protocol JSON: before the operation's name in X-Amz-Target
	SigningName  string
	ServiceID    string
	XMLNamespace string

	Operations []*Operation // sorted by name
	Shapes     map[string]*Shape
}

// Operation is one request and its answer.
type Operation struct {
	Name   string
	Method string
	URI    string
	Status int // of a success; 0 is 200

	Input, Output string // names of structures, "" where there is none
	ResultWrapper string // of Query: the element around the output
	Errors        []string
}

// Kind is the type of a shape.
type Kind string

// The kinds of shapes.
const (
	Structure Kind = "structure"
	List      Kind = "list"
	Map       Kind = "map"
	String    Kind = "string"
	Character Kind = "character"
	Boolean   Kind = "boolean"
	Integer   Kind = "integer"
	Long      Kind = "long"
	Float     Kind = "float"
	Double    Kind = "double"
	Timestamp Kind = "timestamp"
	Blob      Kind = "blob"
)

// Shape is one type of a model with its constraints.
type Shape struct {
	Name string
	Kind Kind

	Members    []*Member // of a structure, in the model's order
	Element    *Ref      // of a list
	Key, Value *Ref      // of a map

	Enum     []string
	Min, Max *float64 // of a number's value, or of a length
	Pattern  string   // in Java's syntax, for the whole value

	Exception bool
	Fault     bool   // an exception that is the service's fault
	Status    int    // of an exception, 0 where the model tells none
	ErrorCode string // of an exception, where it is not the shape's name

	Payload         string // of REST: the member that is the body
	TimestampFormat string
	Flattened       bool
	Document        bool // holds any JSON
	EventStream     bool
}

// Ref is one use of a shape.
type Ref struct {
	Shape           string
	Location        string // of REST: uri, querystring, header, headers, statusCode
	LocationName    string // the name on the wire where it is not the member's
	QueryName       string
	TimestampFormat string
	Flattened       bool
	XMLAttribute    bool
	Streaming       bool
	JSONValue       bool
	Idempotency     bool // a client fills it with a random token
}

// Member is a member of a structure.
type Member struct {
	Ref
	Name     string
	Required bool
}
