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

// streamed is what the generated code has for an output that begins with a list
// which is written while the operation runs.
type streamed[O any] interface {
	*O
	Begin(dst []byte)
	End() []byte
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

// Streaming is Operation for an output that begins with a list. The operation is
// given the output to fill in: what it adds to the list is written into the
// answer at once, and is kept nowhere else.
func Streaming[I, O any, In request[I], Out streamed[O]](name string, run func(context.Context, *I, *O) error) wire.Operation {
	if run == nil {
		return wire.Operation{Name: name}
	}
	call := func(ctx context.Context, body, dst []byte) ([]byte, error) {
		x := new(struct {
			in  I
			out O
		})
		if err := In(&x.in).Decode(body); err != nil {
			return dst, err
		}
		Out(&x.out).Begin(dst)
		if err := run(ctx, &x.in, &x.out); err != nil {
			return dst, err
		}
		return Out(&x.out).End(), nil
	}
	return wire.Operation{Name: name, Call: call}
}
