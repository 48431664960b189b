package app

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestBehindProxies(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8")}
	for name, c := range map[string]struct {
		from string
		hops []string
		want string
	}{
		"a proxy":                  {"127.0.0.1:5", []string{"203.0.113.7"}, "203.0.113.7:0"},
		"proxies in a row":         {"127.0.0.1:5", []string{"203.0.113.7, 10.1.2.3"}, "203.0.113.7:0"},
		"several headers":          {"127.0.0.1:5", []string{"203.0.113.7", "10.1.2.3"}, "203.0.113.7:0"},
		"what the client invented": {"127.0.0.1:5", []string{"198.51.100.1, 203.0.113.7"}, "203.0.113.7:0"},
		"nobody's header":          {"203.0.113.9:5", []string{"198.51.100.1"}, "203.0.113.9:5"},
		"no header":                {"127.0.0.1:5", nil, "127.0.0.1:5"},
		"nonsense":                 {"127.0.0.1:5", []string{"198.51.100.1, x"}, "127.0.0.1:5"},
		"mapped":                   {"[::ffff:127.0.0.1]:5", []string{"2001:db8::1"}, "[2001:db8::1]:0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got string
			h := behindProxies(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }), trusted)
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = c.from
			r.Header["X-Forwarded-For"] = c.hops
			h.ServeHTTP(httptest.NewRecorder(), r)
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
