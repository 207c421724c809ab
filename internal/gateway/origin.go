package gateway

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/gramme-db/gramme/internal/wire"
)

// Origins says which web pages may send requests: by the header Origin, with
// which every browser names the page that sends a POST, also where a name was
// turned to this machine after the page was loaded. What comes without one is
// sent by no page. Where signatures are verified, a page needs the secret, and
// all may come, as on AWS; where they are not, a page that a developer visits
// could else read and change what is on the machine.
type Origins struct {
	Any  bool     // every page
	List []string // these, as in https://app.example.com, beside those of this machine
}

// admits reports whether a page may send requests.
func (o *Origins) admits(origin string) bool {
	if o.Any || slices.Contains(o.List, "*") || slices.Contains(o.List, origin) {
		return true
	}
	page, err := url.Parse(origin)
	return err == nil && isThisMachine(page.Hostname())
}

// isThisMachine reports whether a host's name can only mean the machine that the
// browser is on.
func isThisMachine(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// foreign reports whether a web page sends the request that may not.
func (x *exchange) foreign() bool {
	origin, named := x.r.Header["Origin"]
	return named && !(len(origin) == 1 && x.g.options.Origins.admits(origin[0]))
}

// refuseOrigin answers a page that may not send requests. Its browser does not
// show it the answer.
func (x *exchange) refuseOrigin() {
	if x.contentType == nil {
		x.contentType = x.g.fixed.json
	}
	x.refuse(&wire.Error{
		Code:      "AccessDeniedException",
		Namespace: "com.amazon.coral.service",
		Status:    http.StatusForbidden,
		Message:   "A web page of another origin may not use this server while it lets everybody in. Start it with --allow-origin, or with --auth=static.",
	})
}
