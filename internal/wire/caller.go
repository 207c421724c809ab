package wire

import "context"

// Caller is who sent a request and where it belongs. The gateway puts it into
// the context after it has checked the signature.
type Caller struct {
	Account   string // 12 digits
	Region    string // from the credential scope
	AccessKey string
	RequestID string
	Host      string // as the client addressed us
	Operation string // its name, as in PutItem
}

type callerKey struct{}

// WithCaller returns a context that carries c.
func WithCaller(ctx context.Context, c *Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom returns the caller that the gateway put into ctx. It panics
// where there is none: an operation never runs without one.
func CallerFrom(ctx context.Context) *Caller {
	c, ok := ctx.Value(callerKey{}).(*Caller)
	if !ok {
		panic("wire: operation called without a caller in its context")
	}
	return c
}
