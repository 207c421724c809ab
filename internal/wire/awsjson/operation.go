package awsjson

import (
	"context"

	"github.com/gramme-db/gramme/internal/wire"
)

// request is what the generated code has for an operation's input.
type request[I any] interface {
	*I
	// Decode reads a body and checks the model's constraints.
	Decode(body []byte) error
}

// response is what the generated code has for an operation's output.
type response[O any] interface {
	*O
	AppendJSON(dst []byte) []byte
}

// Operation makes the row of an operation table. Its body outlives the call
// of run, as the input aliases it. A nil run is an operation that is not done.
func Operation[I, O any, In request[I], Out response[O]](name string, run func(context.Context, *I) (*O, error)) wire.Operation {
	if run == nil {
		return wire.Operation{Name: name}
	}
	call := func(ctx context.Context, body, dst []byte) ([]byte, error) {
		in := new(I)
		if err := In(in).Decode(body); err != nil {
			return dst, err
		}
		out, err := run(ctx, in)
		if err != nil {
			return dst, err
		}
		return Out(out).AppendJSON(dst), nil
	}
	return wire.Operation{Name: name, Call: call}
}
