package gateway

import "net/http"

// servePage answers GET and HEAD: AWS's health page at / and what operators
// need of ours. No AWS request is one of these.
func (g *Gateway) servePage(x *exchange) {
	switch path := x.r.URL.Path; {
	case path == "/" && x.r.Method == http.MethodGet:
		x.page(http.StatusOK, nil, "healthy: "+g.routes.page+"."+g.options.Region+".amazonaws.com ")
	case path == "/ping":
		x.page(http.StatusOK, nil, "healthy")
	case path == "/healthz": // the process is alive
		x.page(http.StatusOK, g.fixed.text, "ok\n")
	case path == "/readyz": // requests may be sent here
		if err := g.options.Ready(); err != nil {
			x.page(http.StatusServiceUnavailable, g.fixed.text, "not ready: "+err.Error()+"\n")
			return
		}
		x.page(http.StatusOK, g.fixed.text, "ready\n")
	case path == "/metrics" && g.options.MetricsPage != nil:
		g.options.MetricsPage.ServeHTTP(x.w, x.r)
	default:
		x.noSuchPage()
	}
}

func (x *exchange) page(status int, contentType []string, text string) {
	x.answer(status, contentType, []byte(text))
}

// servePreflight answers a browser that asks whether it may send a request.
func (g *Gateway) servePreflight(x *exchange) {
	if x.header("Origin") == "" {
		x.noSuchPage()
		return
	}
	if x.foreign() {
		x.refuseOrigin()
		return
	}
	h := x.w.Header()
	h.Set("Access-Control-Max-Age", preflightAge)
	if v := x.header("Access-Control-Request-Headers"); v != "" {
		h.Set("Access-Control-Allow-Headers", v)
	}
	if v := x.header("Access-Control-Request-Method"); v != "" {
		h.Set("Access-Control-Allow-Methods", v)
	}
	x.answer(http.StatusOK, nil, nil)
}
