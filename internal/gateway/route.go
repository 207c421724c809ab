package gateway

import (
	"strings"

	"github.com/gramme-db/gramme/internal/wire"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

const jsonPlain = "application/json"

// route is one operation that X-Amz-Target can name.
type route struct {
	operation   wire.Operation
	profile     *sigv4.Profile
	contentType string
	load        load
}

// routes finds operations. It does not change after newRoutes.
type routes struct {
	byTarget     map[string]*route   // DynamoDB_20120810.GetItem
	contentTypes map[string][]string // of any endpoint, jsonPlain included; each as a header value
	page         string              // names the first service, for the health page
}

func newRoutes(o Options, gates *gates) routes {
	rs := routes{byTarget: make(map[string]*route), contentTypes: map[string][]string{jsonPlain: {jsonPlain}}}
	for i, e := range o.Endpoints {
		if i == 0 {
			rs.page = e.SigningName
		}
		version := e.JSONVersion
		if version == "" {
			version = "1.0"
		}
		contentType := "application/x-amz-json-" + version
		rs.contentTypes[contentType] = []string{contentType}
		profile := &sigv4.Profile{Service: e.SigningName}
		for name, op := range e.Operations {
			rs.byTarget[e.TargetPrefix+"."+name] = &route{op, profile, contentType, gates.load(e.Loads[name], o)}
		}
	}
	return rs
}

// find returns the operation that a request names, or nil, and the content type
// of the answer, as a header value: that of the request, or nil if it is not
// spoken there.
func (rs *routes) find(target, contentType string) (r *route, answer []string) {
	if len(target) <= targetLenMax {
		r = rs.byTarget[target]
	}
	if r != nil && contentType != jsonPlain && contentType != r.contentType {
		return r, nil
	}
	return r, rs.contentTypes[contentType]
}

// mediaType returns a Content-Type without its parameters, in lower case.
func mediaType(header string) string {
	if i := strings.IndexByte(header, ';'); i >= 0 {
		header = header[:i]
	}
	return strings.ToLower(strings.TrimSpace(header))
}
