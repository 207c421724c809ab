package gateway

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// A web page of another machine gets no answer, whatever Host it has had its
// name turned to, and no permission beforehand.
func TestOrigins(t *testing.T) {
	for _, c := range []struct {
		origins Origins
		origin  string
		admits  bool
	}{
		{Origins{}, "", true},
		{Origins{}, "http://localhost:3000", true},
		{Origins{}, "https://127.0.0.1", true},
		{Origins{}, "http://[::1]:8000", true},
		{Origins{}, "http://app.localhost", true},
		{Origins{}, "https://evil.example", false},
		{Origins{}, "http://localhost.evil.example", false},
		{Origins{}, "http://127.0.0.1.evil.example:8000", false},
		{Origins{}, "http://192.168.0.7", false},
		{Origins{}, "null", false},
		{Origins{List: []string{"https://app.example.com"}}, "https://app.example.com", true},
		{Origins{List: []string{"https://app.example.com"}}, "http://app.example.com", false},
		{Origins{List: []string{"*"}}, "https://evil.example", true},
		{Origins{Any: true}, "https://evil.example", true},
	} {
		o := testOptions()
		o.Origins = c.origins
		g := New(o)
		for _, method := range []string{http.MethodPost, http.MethodOptions} {
			r := newRequest("Echo", "{}")
			r.Method = method
			r.Host = "evil.example"
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			} else if method == http.MethodOptions {
				continue
			}
			w := httptest.NewRecorder()
			g.ServeHTTP(w, r)
			allowed := w.Header().Get("Access-Control-Allow-Origin") != "" || c.origin == ""
			if (w.Code == http.StatusOK) != c.admits || allowed != c.admits {
				t.Errorf("%s from %q with %+v: status %d, allowed %t", method, c.origin, c.origins, w.Code, allowed)
			}
		}
	}
	o := testOptions()
	r := newRequest("Echo", "{}")
	r.Header["Origin"] = []string{"http://localhost", "https://evil.example"}
	if got := status(New(o), r); got != http.StatusForbidden {
		t.Errorf("two origins: status %d", got)
	}
}
