package enrich

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/outbound"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/lead"
)

// standIn is a server of ours that takes the place of every https host, behind the real
// guard with its cap.
func standIn(t *testing.T, handler http.HandlerFunc) http.RoundTripper {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	allow, err := outbound.ParseAllow("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return local{guard: outbound.NewTransport(outbound.Options{Allow: allow}), server: u}
}

var acmeAPI = enrich.Source{
	URL: "https://api.crm.example/v1/companies/{domain}?who={email}", SecretHeader: "X-Token",
	Fields: []enrich.Field{
		{Key: "company.size", Path: "/data/0/staff", Confidence: 0.7},
		{Key: "company.name", Path: "/data/0/name", Confidence: 0.7},
	},
}

// remotes are the providers that answer JSON, over a transport.
func remotes(guarded http.RoundTripper) map[string]enrich.Provider {
	return map[string]enrich.Provider{
		"wikidata": NewWikidata(guarded, today), "peopledatalabs": NewPeopleDataLabs(guarded, today, "the-key"),
		"crm": NewHTTPJSON(guarded, today, "crm", acmeAPI, "the-key"),
	}
}

func about(email string) enrich.Subject {
	s := ofDomain("acme.example")
	s.Email = lead.LoadEmail(email, "")
	return s
}

func recorded(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func expect(t *testing.T, facts datapoint.Data, want map[string]string) {
	t.Helper()
	for key, v := range want {
		if got := show(facts, key); got != v {
			t.Errorf("%s is %q, want %q", key, got, v)
		}
	}
	for key := range facts {
		if _, ok := want[key]; !ok {
			t.Errorf("%s is %s, which nobody expects", key, facts[key].Value)
		}
	}
}

// Whatever a server does, the provider says in a sentence what it was and when to ask
// again, within its time and a megabyte.
func TestProviders_WhatIsNoAnswer(t *testing.T) {
	t.Parallel()
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			_, _ = io.WriteString(w, `{"status":1,"error":{"type":"x","message":"So <b>it</b> is"}}`)
		}
	}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		reason  string
		after   time.Duration
		lasting bool
	}{
		"garbage":            {serve("application/json", "{\"a\":\x00"), "The answer is not the JSON that was expected (application/json).", 0, false},
		"an HTML page":       {serve("text/html; charset=utf-8", acmePage), "The answer is not the JSON that was expected (text/html).", 0, false},
		"two documents":      {serve("application/json", "{} {}"), "The answer is not the JSON that was expected (application/json).", 0, false},
		"nothing":            {serve("application/json", ""), "The answer is not the JSON that was expected (application/json).", 0, false},
		"429 in seconds":     {status(429, "Retry-After", "17"), "It is asked too often (429): So it is.", 17 * time.Second, false},
		"429 until a moment": {status(429, "Retry-After", "Tue, 24 Nov 2026 13:00:00 GMT"), "It is asked too often (429): So it is.", time.Hour, false},
		"429 without more":   {status(429), "It is asked too often (429): So it is.", pauseBusy, false},
		"429 with nonsense":  {status(429, "Retry-After", "-5"), "It is asked too often (429): So it is.", pauseBusy, false},
		"401":                {status(401), "The secret is not accepted (401): So it is.", pauseDenied, true},
		"403":                {status(403), "The secret is not accepted (403): So it is.", pauseDenied, true},
		"402":                {status(402), "The account has no questions left (402): So it is.", pauseDenied, true},
		"400":                {status(400), "It answered 400: So it is.", 0, true},
		"500":                {status(500), "It is in trouble (500): So it is.", 0, false},
		"503":                {status(503, "Retry-After", "60"), "It is in trouble (503): So it is.", time.Minute, false},
		"another host":       {redirect("https://evil.example/"), "It redirects to another host, which is not followed.", 0, true},
		"a private address":  {redirect("https://10.0.0.1/"), "It redirects to another host, which is not followed.", 0, true},
		"down to http":       {redirect("http://api.crm.example/"), "It redirects to another host, which is not followed.", 0, true},
		"in circles":         {redirect("/again"), "It redirects more than 3 times.", 0, false},
		"a gigabyte": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"a":"`)
			block := strings.Repeat("x", 1<<20)
			for range 1 << 10 {
				if _, err := io.WriteString(w, block); err != nil || r.Context().Err() != nil {
					return // the reader has left
				}
			}
		}, "The answer is longer than 1 MiB.", 0, false},
		"cut short": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"a":`)
		}, "The connection failed.", 0, false},
	} {
		for kind, p := range remotes(standIn(t, c.handler)) {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				facts, err := p.Ask(t.Context(), about("jane@acme.example"))
				r, ok := errors.AsType[*enrich.Refusal](err)
				if !ok || len(facts) != 0 {
					t.Fatalf("%v, %v", facts, err)
				}
				if r.Reason != c.reason || r.After != c.after || r.Lasting != c.lasting {
					t.Errorf("%+v, want %q %s %v", r, c.reason, c.after, c.lasting)
				}
			})
		}
	}
}

func TestProviders_KnowingNothingIsNoError(t *testing.T) {
	t.Parallel()
	for _, code := range []int{204, 404, 410} {
		for kind, p := range remotes(standIn(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })) {
			if facts, err := p.Ask(t.Context(), about("jane@acme.example")); err != nil || len(facts) != 0 {
				t.Errorf("%s, %d: %v, %v", kind, code, facts, err)
			}
		}
	}
	for kind, body := range map[string]string{
		"wikidata": `{"head":{"vars":[]},"results":{"bindings":[]}}`, "peopledatalabs": `{"status":200}`, "crm": `[]`,
	} {
		p := remotes(standIn(t, serve("application/json", body)))[kind]
		if facts, err := p.Ask(t.Context(), about("jane@acme.example")); err != nil || len(facts) != 0 {
			t.Errorf("%s: %v, %v", kind, facts, err)
		}
	}
}

// A server that never answers is left when the caller's patience ends.
func TestProviders_Timeouts(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	for kind, p := range remotes(standIn(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if _, err := p.Ask(ctx, about("jane@acme.example")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", kind, err)
		}
		cancel()
	}
}

// Private addresses are refused by the guard itself, and nothing of the network is told.
func TestProviders_PrivateAddressesAreRefused(t *testing.T) {
	t.Parallel()
	guard := outbound.NewTransport(outbound.Options{})
	for _, host := range []string{"127.0.0.1", "10.1.2.3", "[::1]", "169.254.169.254", "192.168.1.1:8443"} {
		p := NewHTTPJSON(guard, today, "crm", enrich.Source{URL: "https://" + host + "/{domain}", Fields: acmeAPI.Fields}, "")
		_, err := p.Ask(t.Context(), about("jane@acme.example"))
		r, ok := errors.AsType[*enrich.Refusal](err)
		if !ok || r.Reason != "Requests to this address are not let out." || !r.Lasting {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestProviders_RedirectsWithinTheHostAreFollowed(t *testing.T) {
	t.Parallel()
	p := remotes(standIn(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/moved" {
			http.Redirect(w, r, "/moved", http.StatusMovedPermanently)
			return
		}
		if r.Header.Get("X-Token") != "the-key" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		serve("application/json", `{"data":[{"staff":7}]}`)(w, r)
	}))["crm"]
	expect(t, ask(t, p, about("jane@acme.example")), map[string]string{"company.size": "7"})
}

func TestWikidata_Ask(t *testing.T) {
	t.Parallel()
	body := recorded(t, "wikidata.json")
	var asked *http.Request
	p := NewWikidata(standIn(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r
		serve("application/sparql-results+json;charset=utf-8", body)(w, r)
	}), today)
	facts := ask(t, p, ofDomain("acme.example"))
	expect(t, facts, map[string]string{
		"company.name": "Acme", "company.size": "1250", "company.revenue": "250500000.5 EUR", "company.founded": "1998",
		"company.country": "FR", "company.city": "Grenoble", "company.sector": "manufacturing", "company.industry": "Manufacturing",
		"company.description": "maker of anvils",
	})
	if d := facts["company.size"]; !d.ObservedAt.Equal(time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC)) || d.Confidence != 0.8 || d.Inferred {
		t.Errorf("the size is not of its day: %+v", d)
	}
	if d := facts["company.revenue"]; d.ObservedAt.Year() != 2022 || d.Confidence != 0.65 {
		t.Errorf("an old figure is as sure as a new one: %+v", d)
	}
	query := asked.URL.Query().Get("query")
	if asked.Header.Get("X-Host") != "query.wikidata.org" || asked.URL.Path != "/sparql" || asked.Header.Get("Accept") != "application/sparql-results+json" {
		t.Errorf("asked %s %v", asked.URL, asked.Header)
	}
	if !strings.Contains(asked.UserAgent(), "kohomai") || !strings.Contains(asked.UserAgent(), "https://") {
		t.Errorf("the User-Agent %q names nobody to write to", asked.UserAgent())
	}
	for _, site := range []string{"<https://www.acme.example/>", "<http://acme.example>", "<https://acme.example/en>"} {
		if !strings.Contains(query, site) {
			t.Errorf("%s is not looked for", site)
		}
	}
}

func TestWikidata_OnlyHostsAreLookedFor(t *testing.T) {
	t.Parallel()
	network := &counting{next: failing{errors.New("asked")}}
	p := NewWikidata(network, today)
	for _, domain := range []string{"acme.example> } #", "acme.example\n", "", "a b.example", "acmé.example"} {
		if facts, err := p.Ask(t.Context(), ofDomain(domain)); err != nil || len(facts) != 0 {
			t.Errorf("%q: %v, %v", domain, facts, err)
		}
	}
	if network.n.Load() != 0 {
		t.Errorf("%d requests", network.n.Load())
	}
}

func TestWikidata_WrongValues(t *testing.T) {
	t.Parallel()
	term := func(fact, value, more string) string {
		return fmt.Sprintf(`{"item":{"value":"Q1"},"fact":{"value":%q},"value":{"value":%q}%s}`, fact, value, more)
	}
	at := func(when string) string { return fmt.Sprintf(`,"at":{"value":%q}`, when) }
	for name, c := range map[string]struct {
		rows []string
		want map[string]string
	}{
		"figures that are none": {
			[]string{
				term("employees", "many", ""), term("revenue", "-5", `,"code":{"value":"EUR"}`), term("revenue", "5", `,"code":{"value":"euros"}`),
				term("inception", "0044-03-15T00:00:00Z", ""), term("country", "XX", ""), term("nonsense", "1", ""),
			}, map[string]string{},
		},
		"the latest, in whatever order": {
			[]string{term("employees", "3", at("2024-01-01T00:00:00Z")), term("employees", "2", at("2020-01-01T00:00:00Z")), term("employees", "9", "")},
			map[string]string{"company.size": "3"},
		},
		"a forecast does not count": {
			[]string{term("employees", "3", at("2024-01-01T00:00:00Z")), term("employees", "8", at("2031-01-01T00:00:00Z"))},
			map[string]string{"company.size": "3"},
		},
		"the preferred of one day": {
			[]string{term("employees", "3", at("2024-01-01T00:00:00Z")), term("employees", "4", at("2024-01-01T00:00:00Z")+`,"rank":{"value":"http://wikiba.se/ontology#PreferredRank"}`)},
			map[string]string{"company.size": "4"},
		},
		"an unknown moment": {[]string{term("employees", "3", at("t12345"))}, map[string]string{"company.size": "3"}},
	} {
		body := `{"results":{"bindings":[` + strings.Join(c.rows, ",") + `]}}`
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, ask(t, NewWikidata(standIn(t, serve("application/sparql-results+json", body)), today), ofDomain("acme.example")), c.want)
		})
	}
	_, err := NewWikidata(standIn(t, serve("application/json", `{"boolean":true}`)), today).Ask(t.Context(), ofDomain("acme.example"))
	if _, ok := errors.AsType[*enrich.Refusal](err); !ok {
		t.Errorf("an answer without results: %v", err)
	}
}

func TestPeopleDataLabs_Ask(t *testing.T) {
	t.Parallel()
	body := recorded(t, "peopledatalabs.json")
	var asked *http.Request
	guarded := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r
		serve("application/json", body)(w, r)
	})
	facts := ask(t, NewPeopleDataLabs(guarded, today, "pdl-key"), ofDomain("acme.example"))
	expect(t, facts, map[string]string{
		"company.name": "Acme & Sons", "company.website": "https://acme.example", "company.size": "83", "company.revenue": "50000000 USD",
		"company.industry": "Information", "company.sector": "software development", "company.country": "US", "company.city": "San Francisco",
		"company.founded": "2015", "company.description": "Acme makes anvils.",
	})
	if d := facts["company.size"]; d.Confidence < 0.69 || d.Confidence > 0.71 || d.Inferred {
		t.Errorf("likelihood 6: %+v", d)
	}
	if d := facts["company.revenue"]; !d.Inferred || d.Confidence > 0.51 {
		t.Errorf("a range of inferred revenue: %+v", d)
	}
	if asked.Header.Get("X-Host") != "api.peopledatalabs.com" || asked.URL.Path != "/v5/company/enrich" ||
		asked.URL.Query().Get("website") != "acme.example" || asked.Header.Get("X-Api-Key") != "pdl-key" || strings.Contains(asked.URL.String(), "pdl-key") {
		t.Errorf("asked %s %v", asked.URL, asked.Header)
	}
}

func TestPeopleDataLabs_WrongTypes(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]map[string]string{
		`{"name":7,"employee_count":"many","founded":"long ago","location":"Paris","inferred_revenue":12,"naics":"x","website":true,"likelihood":"high"}`: {"company.name": "7"},
		`{"size":"1001-5000","employee_count":null}`:                   {"company.size": "1001"},
		`{"size":"10001+","inferred_revenue":"$10B+"}`:                 {"company.size": "10001", "company.revenue": "10000000000 USD"},
		`{"inferred_revenue":"$0-$1M"}`:                                {},
		`{"inferred_revenue":"a lot","website":"javascript:alert(1)"}`: {},
		`{"location":{"country":"Atlantis","locality":null}}`:          {},
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			facts := ask(t, NewPeopleDataLabs(standIn(t, serve("application/json", body)), today, "k"), ofDomain("acme.example"))
			expect(t, facts, want)
			if d, ok := facts["company.size"]; ok && !d.Inferred {
				t.Errorf("the lower end of a range is told as seen: %+v", d)
			}
		})
	}
	_, err := NewPeopleDataLabs(standIn(t, serve("application/json", `["no record"]`)), today, "k").Ask(t.Context(), ofDomain("acme.example"))
	if _, ok := errors.AsType[*enrich.Refusal](err); !ok {
		t.Errorf("a list: %v", err)
	}
}

// All workspaces are one guest of the query service: what it tells one, all heed.
func TestWikidata_IsOneGuest(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	now := today()
	maker := NewMaker(standIn(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		serve("application/sparql-results+json", `{"results":{"bindings":[]}}`)(w, nil)
	}), func() time.Time { return now })
	one, two := maker.Make(enrich.Setting{Kind: enrich.Wikidata}), maker.Make(enrich.Setting{Kind: enrich.Wikidata})
	for i, p := range []enrich.Provider{one, two, one} {
		_, err := p.Ask(t.Context(), ofDomain("acme.example"))
		if r, ok := errors.AsType[*enrich.Refusal](err); !ok || r.After != 60*time.Second-time.Duration(i)*20*time.Second {
			t.Errorf("question %d: %+v", i, err)
		}
		now = now.Add(20 * time.Second)
	}
	if _, err := two.Ask(t.Context(), ofDomain("acme.example")); err != nil || asked.Load() != 2 {
		t.Errorf("after its pause: %v, asked %d times", err, asked.Load())
	}
}

func TestWikidata_IsAskedTwiceAtATime(t *testing.T) {
	t.Parallel()
	var inside, most atomic.Int64
	p := NewWikidata(standIn(t, func(w http.ResponseWriter, r *http.Request) {
		n := inside.Add(1)
		defer inside.Add(-1)
		for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		serve("application/sparql-results+json", `{"results":{"bindings":[]}}`)(w, r)
	}), today)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() { _ = ask(t, p, ofDomain(fmt.Sprintf("acme%d.example", i))) })
	}
	all.Wait()
	if n := most.Load(); n < 1 || n > 2 {
		t.Errorf("%d at a time", n)
	}
}
