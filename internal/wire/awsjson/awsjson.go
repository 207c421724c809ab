// Package awsjson reads and writes the bodies of AWS's JSON 1.0 and JSON 1.1
// protocols: a one-pass Decoder with the type errors of AWS's own decoder,
// appenders for responses, and the JSON form of errors. It knows no service
// and no shape, uses no reflection and keeps nothing between requests. Called
// by the generated code in internal/api, by internal/item for attribute
// values, and by internal/gateway for errors.
package awsjson
