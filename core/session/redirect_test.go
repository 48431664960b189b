package session_test

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/session"
)

var allowed = []string{"https://app.example.com", "https://other.example:8443"}

// hostile are addresses that must lead nobody away, in a live workspace and a sandbox.
var hostile = []string{
	"http://app.example.com/", "//app.example.com", "///app.example.com", "/\\app.example.com", "app.example.com", "/relative",
	"https:app.example.com", "https:/app.example.com", "https:///app.example.com", "https:\\\\app.example.com",
	"https://app.example.com\\@evil.example", "https://evil.example\\.app.example.com", "https://user@app.example.com",
	"https://user:pass@app.example.com/", "https://app.example.com@evil.example", "https://app.example.com:443@evil.example",
	"https://app.example.com%40evil.example", "https://evil.example/https://app.example.com", "https://evil.example#app.example.com",
	"https://evil.example?app.example.com", "https://app.example.com.evil.example", "https://evilapp.example.com",
	"https://sub.app.example.com", "https://app.example.com.", "https://app.example.com:8443", "https://app.example.com:444/",
	"https://other.example", "https://app.example.com:", "https://аpp.example.com", "https://app.example.com\u2044.evil.example",
	"https://app。example.com", "https://[::ffff:1.2.3.4]", "https://xn--pp-fka.example.com",
	"javascript:alert(1)", "JavaScript://app.example.com/%0aalert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "ftp://app.example.com",
	" https://app.example.com", "https://app.example.com/\r\nSet-Cookie: x", "https://app.example.com/\x00", "https://app.example.com/a b",
	"ht\ttps://app.example.com", "https://app.example.com\t.evil.example", "blob:https://app.example.com/x", "view-source:https://app.example.com",
	"http://localhost.evil.example", "http://127.0.0.1.evil.example", "http://127.0.0.1@evil.example", "http://0.0.0.0", "http://10.0.0.1",
	"http://169.254.169.254/latest/meta-data", "http://[::]", "http://2130706433", "http://localhost:3000\\@evil.example", "https://", "https://:443",
	"https://app.example.com/" + strings.Repeat("a", 2048),
}

func TestCheckRedirect_Hostile(t *testing.T) {
	t.Parallel()
	if len(hostile) < 40 {
		t.Fatalf("only %d addresses are tried", len(hostile))
	}
	for _, raw := range hostile {
		for _, sandbox := range []bool{false, true} {
			if err := session.CheckRedirect(raw, allowed, sandbox); !fault.HasCode(err, "redirect_not_allowed") || !fault.Is(err, fault.Invalid) {
				t.Errorf("%q (sandbox %v) is let through: %v", raw, sandbox, err)
			}
		}
	}
}

func TestCheckRedirect_Allowed(t *testing.T) {
	t.Parallel()
	for raw, sandboxOnly := range map[string]bool{
		"": false, "https://app.example.com": false, "https://app.example.com/": false, "https://APP.example.com/Done?x=1#y": false,
		"HTTPS://app.example.com": false, "https://other.example:8443/a/../b": false, "https://app.example.com/?next=https://evil.example": false,
		"http://localhost": true, "http://localhost:3000/done": true, "http://127.0.0.1:8080/": true, "http://[::1]:5173/x": true, "https://localhost:3000": true,
	} {
		if err := session.CheckRedirect(raw, allowed, true); err != nil {
			t.Errorf("a sandbox refuses %q: %v", raw, err)
		}
		if err := session.CheckRedirect(raw, allowed, false); (err != nil) != sandboxOnly {
			t.Errorf("a live workspace on %q: %v", raw, err)
		}
	}
	if err := session.CheckRedirect("https://app.example.com", nil, false); err == nil {
		t.Error("an empty list allows something")
	}
}

func FuzzCheckRedirect(f *testing.F) {
	for _, raw := range hostile {
		f.Add(raw, true)
	}
	f.Add("https://app.example.com/x", false)
	f.Add("http://localhost:3000/x", true)
	f.Fuzz(func(t *testing.T, raw string, sandbox bool) {
		if session.CheckRedirect(raw, allowed, sandbox) != nil || raw == "" {
			return
		}
		// What is let through has, for any reader of addresses, an origin that is allowed.
		u, err := url.Parse(raw)
		if err != nil || u.User != nil || strings.ContainsAny(raw, "\\\r\n\t ") {
			t.Fatalf("%q is let through", raw)
		}
		origin := strings.ToLower(u.Scheme + "://" + u.Host)
		local := strings.EqualFold(u.Hostname(), "localhost")
		if a, err := netip.ParseAddr(u.Hostname()); err == nil {
			local = a.IsLoopback()
		}
		if !slices.Contains(allowed, origin) && (!sandbox || !local) {
			t.Fatalf("%q leads to %s", raw, origin)
		}
		if !strings.HasPrefix(strings.ToLower(raw), origin) {
			t.Fatalf("%q does not begin with its origin %s", raw, origin)
		}
	})
}
