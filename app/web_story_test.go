package app_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// sites is the house behind a proxy that ends TLS: the console at one host, the front-office
// at another.
type sites struct {
	t       *testing.T
	handler http.Handler
}

const officeHost, leadsHost = "app.example.com", "start.example.com"

func (s sites) do(method, host, path, body string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body))
	r.Host = host
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func newSites(t *testing.T) (*house, sites) {
	t.Helper()
	h := newHouse(t)
	handler, err := h.app.API("https://"+officeHost, "https://"+leadsHost)
	if err != nil {
		t.Fatal(err)
	}
	return h, sites{t, handler}
}

func TestStory_TwoHostsServeTheirOwn(t *testing.T) {
	t.Parallel()
	_, s := newSites(t)
	const pages = "200 or not built"
	for _, c := range []struct {
		host, path string
		want       any
	}{
		{officeHost, "/p/leads", pages},
		{officeHost, "/f/", 404},
		{officeHost, "/r/demo", 404},
		{officeHost, "/internal/v1/autologin?UUID=x", 404},
		{officeHost, front + "GetHome", 404},
		{officeHost, "/", 303},
		{officeHost, "/api/v1/leads", 401},
		{leadsHost, "/f/", pages},
		{leadsHost, "/r/demo", pages},
		{leadsHost, "/internal/v1/autologin?UUID=x", 410},
		{leadsHost, "/p/leads", 404},
		{leadsHost, "/api/v1/leads", 404},
		{leadsHost, account + "GetMe", 404},
		{leadsHost + ":443", "/p/", 404},
		{strings.ToUpper(leadsHost), "/api/v1/openapi.json", 404},
		{"10.0.0.1:8080", "/p/", pages},
	} {
		w := s.do("GET", c.host, c.path, "")
		if ok := w.Code == c.want || c.want == pages && (w.Code == 200 || w.Code == 503); !ok {
			t.Errorf("GET %s%s: %d, want %v", c.host, c.path, w.Code, c.want)
		}
		for name, want := range map[string]string{
			"Strict-Transport-Security": "max-age=31536000; includeSubDomains", "X-Content-Type-Options": "nosniff",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Permissions-Policy": "camera=()", "Content-Security-Policy": "default-src 'none'", "Referrer-Policy": "",
		} {
			if got := w.Header().Get(name); got == "" || !strings.HasPrefix(got, want) {
				t.Errorf("GET %s%s: %s is %q", c.host, c.path, name, got)
			}
		}
		if !strings.HasPrefix(w.Header().Get("Request-Id"), "req_") {
			t.Errorf("GET %s%s has no Request-Id", c.host, c.path)
		}
	}
}

func TestStory_CookiesOverTLSAreBoundToTheirHost(t *testing.T) {
	t.Parallel()
	h, s := newSites(t)
	in := s.do("POST", officeHost, account+"SignInWithLink", `{"Token":"`+h.signInToken()+`"}`)
	office := in.Header().Get("Set-Cookie")
	if in.Code != 200 || !strings.HasPrefix(office, "__Host-koh_console=") || !strings.Contains(office, "; Secure") || strings.Contains(office, "Domain") {
		t.Fatalf("%d %q", in.Code, office)
	}
	_, token := h.register("tls@example.org", "")
	entered := s.do("POST", leadsHost, enterPath, url.Values{"UUID": {token}}.Encode(), "Content-Type", "application/x-www-form-urlencoded",
		"Origin", "https://"+leadsHost)
	leads := entered.Header().Get("Set-Cookie")
	if entered.Code != 303 || !strings.HasPrefix(leads, "__Host-koh_front=") || !strings.Contains(leads, "; Secure") {
		t.Fatalf("%d %q", entered.Code, leads)
	}
	bare := func(cookie string) string { value, _, _ := strings.Cut(cookie, ";"); return value }
	for _, c := range []struct {
		name, host, path, cookie, origin string
		want                             int
	}{
		{"the console", officeHost, account + "GetMe", bare(office), "https://" + officeHost, 200},
		{"the front-office", leadsHost, front + "GetHome", bare(leads), "https://" + leadsHost, 200},
		{"from the other host", officeHost, account + "GetMe", bare(office), "https://" + leadsHost, 403},
		{"the plain name", officeHost, account + "GetMe", strings.TrimPrefix(bare(office), "__Host-"), "https://" + officeHost, 401},
		{"a lead's at the console", officeHost, account + "GetMe", bare(leads), "https://" + officeHost, 401},
	} {
		if w := s.do("POST", c.host, c.path, `{}`, "Cookie", c.cookie, "Origin", c.origin); w.Code != c.want {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
	}
}

func TestAPI_refuses_sign_in_over_plain_networks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, c := range []struct {
		public, front, names string
	}{
		{"http://kohomai.example.com", "https://start.example.com", "KOHOMAI_PUBLIC_URL"},
		{"https://app.example.com", "http://192.168.1.7:8080", "KOHOMAI_FRONT_URL"},
		{"http://[::]:8080", "http://[::]:8080", "KOHOMAI_PUBLIC_URL"},
		{"nonsense", "nonsense", "KOHOMAI_PUBLIC_URL"},
	} {
		if _, err := h.app.API(c.public, c.front); err == nil || !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s, %s: %v", c.public, c.front, err)
		}
	}
	for _, loopback := range []string{"http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"} {
		if _, err := h.app.API(loopback, loopback); err != nil {
			t.Errorf("%s: %v", loopback, err)
		}
	}
	h.app.Config.InsecureHTTP = true
	if _, err := h.app.API("http://kohomai.example.com", "http://kohomai.example.com"); err != nil {
		t.Error(err)
	}
}
