package app

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/adapters/autologin"
	"github.com/kohomai/kohomai/adapters/connectapi"
	"github.com/kohomai/kohomai/adapters/console"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/session"
)

// site is where browsers find us: the console with the API at one address, the
// front-office at another or the same.
type site struct {
	public, front *url.URL
	office, leads auth.Door
	people        People
	log           *slog.Logger
	now           func() time.Time
}

// refusal answers a request with a problem.
type refusal func(http.ResponseWriter, *http.Request, error)

// newSite judges the addresses: cookies need https, or a loopback address, or the
// operator's word that the network may be trusted.
func newSite(publicURL, frontURL string, c Config, people People, now func() time.Time) (*site, error) {
	s := &site{people: people, log: c.Log, now: now}
	for _, one := range []struct {
		name, raw string
		at        **url.URL
		kind      actor.Kind
		door      *auth.Door
	}{
		{"KOHOMAI_PUBLIC_URL", publicURL, &s.public, actor.Console, &s.office},
		{"KOHOMAI_FRONT_URL", frontURL, &s.front, actor.Front, &s.leads},
	} {
		u, err := url.Parse(one.raw)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, fmt.Errorf("%s: %q is no address such as https://kohomai.example.com", one.name, one.raw)
		}
		secure := u.Scheme == "https"
		if !secure && !c.InsecureHTTP && !loopback(u.Hostname()) {
			return nil, fmt.Errorf("%s: people sign in with cookies, which need https at %s: name the https address of the proxy in front, or set KOHOMAI_INSECURE_HTTP=true where the network may be trusted", one.name, one.raw)
		}
		*one.at = u
		*one.door = auth.Door{Kind: one.kind, Secure: secure, Idle: session.VisitIdle}
	}
	return s, nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// apart reports whether the front-office has a host of its own.
func (s *site) apart() bool { return !strings.EqualFold(s.public.Host, s.front.Host) }

// handler puts the pages and the cookies around the API. Cookies count for the procedures
// of their own entrance only, and never for the API of integrators.
func (s *site) handler(api http.Handler, refuse refusal) (http.Handler, error) {
	office, err := s.browsers(s.office, s.public)
	if err != nil {
		return nil, err
	}
	leads, err := s.browsers(s.leads, s.front)
	if err != nil {
		return nil, err
	}
	links, err := autologin.Handler(autologin.Options{
		Visits: s.people.Sessions, Door: entrance{s.leads, leads}, Origin: origin(s.front), Random: rand.Reader, Log: s.log,
	})
	if err != nil {
		return nil, err
	}
	pages := console.Handler(console.Options{Random: rand.Reader})

	front := http.NewServeMux()
	front.Handle("/"+connectapi.FrontService+"/", leads.Middleware(api, refuse))
	front.Handle(autologin.Path, links)
	for _, path := range []string{"/f", "/f/", "/r/"} {
		front.Handle(path, pages)
	}
	public := http.NewServeMux()
	public.Handle("/", api)
	for _, name := range connectapi.ConsoleServices() {
		public.Handle("/"+name+"/", office.Middleware(api, refuse))
	}
	for _, path := range []string{"/p", "/p/"} {
		public.Handle(path, pages)
	}
	public.Handle("GET /{$}", http.RedirectHandler("/p/", http.StatusSeeOther))
	if !s.apart() {
		for _, path := range []string{"/" + connectapi.FrontService + "/", autologin.Path, "/f", "/f/", "/r/"} {
			public.Handle(path, front)
		}
		return s.headers(public), nil
	}
	// A host of its own: nothing of the console or the API is there, and the other way round.
	front.Handle("GET /{$}", http.RedirectHandler("/f/", http.StatusSeeOther))
	front.Handle("/", nothing(refuse))
	public.Handle("/"+connectapi.FrontService+"/", nothing(refuse))
	return s.headers(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sameHost(r.Host, s.front) {
			front.ServeHTTP(w, r)
			return
		}
		public.ServeHTTP(w, r)
	})), nil
}

// browsers tells who is signed in at a door.
func (s *site) browsers(d auth.Door, at *url.URL) (*auth.Browsers, error) {
	return auth.NewBrowsers(s.people.Visits, d, []string{origin(at)}, s.now)
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// entrance is the front-office's door as the page behind its links needs it.
type entrance struct {
	auth.Door
	browsers *auth.Browsers
}

// Cookie implements autologin.Door.
func (e entrance) Cookie(v session.Entered) *http.Cookie {
	return e.Door.Cookie(v.Token, v.Visit.ExpiresAt)
}

// Who implements autologin.Door.
func (e entrance) Who(r *http.Request) (actor.Actor, error) { return e.browsers.Who(r) }

func nothing(refuse refusal) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse(w, r, fault.New(fault.NotFound, "not_found", "There is nothing at this address."))
	})
}

// sameHost compares a request's host with that of an address, whose default port may be left out.
func sameHost(host string, u *url.URL) bool {
	bare := func(h string) string {
		if name, port, err := net.SplitHostPort(h); err == nil && port == map[string]string{"https": "443", "http": "80"}[u.Scheme] {
			h = name
		}
		return strings.ToLower(strings.Trim(h, "[]"))
	}
	return bare(host) == bare(u.Host)
}

// headers gives every answer its Request-Id and what keeps browsers safe; pages widen what
// they need.
func (s *site) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Request-Id", "req_"+auth.UUID{}.Token())
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
		if s.public.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}
