package wire

// Error is what a client sees when a request fails. Its fields are AWS's
// words; the encodings render it, each in its own form.
type Error struct {
	Code      string // the shape's name: ResourceNotFoundException
	Namespace string // goes before the code in JSON's __type: com.amazonaws.dynamodb.v20120810
	Status    int    // HTTP
	Message   string
	NoMessage bool // the body carries no message at all

	// MessageMember is "message", or "Message" for the shapes that AWS spells so.
	MessageMember string

	// Members appends further members of the body, each with a trailing comma,
	// as in `"Item":{...},`. Nil where the shape has none.
	Members func(dst []byte) []byte

	// Cause is for our logs and never leaves the process.
	Cause error
}

// Error returns code and message, for logs and tests.
func (e *Error) Error() string {
	if e.NoMessage {
		return e.Code
	}
	return e.Code + ": " + e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }
