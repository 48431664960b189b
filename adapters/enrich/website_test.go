package enrich

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kohomai/kohomai/adapters/outbound"
	"github.com/kohomai/kohomai/core/enrich"
	"golang.org/x/text/encoding/charmap"
)

func today() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

// local sends what is meant for any https host to one server of ours, through the real
// guard; the host is told in X-Host. Everything else of the exchange is the product's.
type local struct {
	guard  http.RoundTripper
	server *url.URL
}

func (l local) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" {
		return nil, errors.New("asked without TLS")
	}
	sent := req.Clone(req.Context())
	sent.Header.Set("X-Host", req.URL.Host)
	sent.URL.Scheme, sent.URL.Host, sent.Host = l.server.Scheme, l.server.Host, ""
	resp, err := l.guard.RoundTrip(sent)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

func website(t *testing.T, handler http.HandlerFunc) *Website {
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
	return NewWebsite(local{guard: outbound.NewTransport(outbound.Options{Allow: allow}), server: u}, today)
}

func serve(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	}
}

const acmePage = `<!doctype html><html><head><title>Acme</title>
<meta property="og:site_name" content="Acme site"><meta property="og:description" content="Open Graph text">
<script>var x = "<script type='application/ld+json'>{\"@type\":\"Organization\",\"name\":\"Not me\"}";</script>
<script type="application/ld+json">
{"@context":"https://schema.org","@graph":[
 {"@type":"WebSite","url":"https://www.acme.example/","name":"Acme web","publisher":{"@id":"https://www.acme.example/#org"}},
 {"@type":["Corporation","Brand"],"@id":"https://www.acme.example/#org","name":"Acme &amp; Sons  SA","url":"https://www.acme.example/",
  "description":"Makes <b>anvils</b>\nsince ever.","numberOfEmployees":{"@type":"QuantitativeValue","value":"1,250"},
  "foundingDate":"1998-04-01","naics":["332111"],
  "address":{"@type":"PostalAddress","addressLocality":"Grenoble","addressCountry":{"@type":"Country","name":"France"}},
  "parentOrganization":{"@type":"Organization","name":"Holding","numberOfEmployees":90000}},
 {"@type":"Organization","name":"Web agency","url":"https://agency.example/","numberOfEmployees":12}
]}</script></head><body></body></html>`

func TestWebsite_Ask(t *testing.T) {
	t.Parallel()
	facts := ask(t, website(t, serve("text/html; charset=utf-8", acmePage)), ofDomain("acme.example"))
	for key, want := range map[string]string{
		"company.name": "Acme & Sons SA", "company.website": "https://acme.example", "company.size": "1250",
		"company.founded": "1998", "company.industry": "Manufacturing", "company.city": "Grenoble",
		"company.country": "FR", "company.description": "Makes anvils since ever.",
	} {
		if got := show(facts, key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
		if d := facts[key]; d.Confidence < 0.5 || d.Confidence > 0.95 || d.Inferred != (key == "company.industry") {
			t.Errorf("%s: provenance %+v", key, d)
		}
	}
}

func TestWebsite_OpenGraphAlone(t *testing.T) {
	t.Parallel()
	facts := ask(t, website(t, serve("text/html", `<meta property="og:site_name" content="Acme"><meta name=description content="Plain text">`)), ofDomain("acme.example"))
	if show(facts, "company.name") != "Acme" || !facts["company.name"].Inferred || show(facts, "company.description") != "Plain text" {
		t.Errorf("%v", facts)
	}
	if show(facts, "company.size") != "-" {
		t.Error("a size was made up")
	}
}

func TestWebsite_OtherCompaniesAreNotBelieved(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"names another site": `{"@type":"Organization","name":"X","url":"https://other.example"}`,
		"an employer":        `{"@type":"JobPosting","hiringOrganization":{"@type":"Organization","name":"X"}}`,
		"a review":           `{"@type":"Review","author":{"@type":"Organization","name":"X"}}`,
		"no organization":    `{"@type":"Person","name":"X"}`,
		"made-up type":       `{"@type":"OrganizationOfX","name":"X"}`,
	} {
		facts := ask(t, website(t, serve("text/html", `<script type="application/ld+json">`+body+`</script>`)), ofDomain("acme.example"))
		if got := show(facts, "company.name"); got != "-" {
			t.Errorf("%s: name is %q", name, got)
		}
	}
}

func TestWebsite_TriesWWW(t *testing.T) {
	t.Parallel()
	facts := ask(t, website(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Host") != "www.acme.example" {
			http.NotFound(w, r)
			return
		}
		serve("text/html", acmePage)(w, r)
	}), ofDomain("acme.example"))
	if show(facts, "company.website") != "https://www.acme.example" || show(facts, "company.size") != "1250" {
		t.Errorf("%v", facts)
	}
}

func TestWebsite_FollowsToItsNewDomain(t *testing.T) {
	t.Parallel()
	p := website(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Host") == "acme.example" {
			http.Redirect(w, r, "https://www.acme-group.test/start", http.StatusMovedPermanently)
			return
		}
		serve("text/html", strings.ReplaceAll(acmePage, "www.acme.example", "acme-group.test"))(w, r)
	})
	facts := ask(t, p, ofDomain("acme.example"))
	if show(facts, "company.name") != "Acme & Sons SA" || show(facts, "company.website") != "https://www.acme-group.test" {
		t.Errorf("%v", facts)
	}
}

func TestWebsite_StopsAfterThreeRedirects(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	p := website(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, "/again", http.StatusFound)
	})
	if facts := ask(t, p, ofDomain("acme.example")); len(facts) != 0 {
		t.Errorf("%v", facts)
	}
	if got := asked.Load(); got != 2*(1+hopLimit) {
		t.Errorf("%d requests, want %d for the two hosts", got, 2*(1+hopLimit))
	}
}

func TestWebsite_Charset(t *testing.T) {
	t.Parallel()
	latin, err := charmap.Windows1252.NewEncoder().String(`<meta property="og:site_name" content="Société Générale – Été">`)
	if err != nil {
		t.Fatal(err)
	}
	for _, contentType := range []string{"text/html; charset=windows-1252", "text/html; charset=ISO-8859-1"} {
		facts := ask(t, website(t, serve(contentType, latin)), ofDomain("acme.example"))
		if got := show(facts, "company.name"); got != "Société Générale – Été" {
			t.Errorf("%s: %q", contentType, got)
		}
	}
	facts := ask(t, website(t, serve("text/html", `<meta charset="iso-8859-1">`+latin)), ofDomain("acme.example"))
	if got := show(facts, "company.name"); got != "Société Générale – Été" {
		t.Errorf("declared in the page: %q", got)
	}
}

func TestWebsite_KnowsNothing(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"not found":  http.NotFound,
		"forbidden":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"a picture":  serve("image/png", acmePage),
		"json":       serve("application/json", `{"@type":"Organization","name":"X"}`),
		"no content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"bad type":   serve("text/html; charset=;;;=", acmePage),
	} {
		if facts := ask(t, website(t, handler), ofDomain("acme.example")); len(facts) != 0 {
			t.Errorf("%s: %v", name, facts)
		}
	}
	p := website(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	for _, domain := range []string{"", "localhost", "127.0.0.1", "co.uk", "www.acme.example", "acme.example/x", "acme.example:8443", "a b.example", "user@acme.example", "[::1]"} {
		if facts := ask(t, p, ofDomain(domain)); len(facts) != 0 {
			t.Errorf("%q: %v", domain, facts)
		}
	}
	if facts := ask(t, p, enrich.Subject{}); len(facts) != 0 {
		t.Errorf("no domain: %v", facts)
	}
}

func TestWebsite_TroubleIsAnError(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"in trouble": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"too often":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"hangs up":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		if facts, err := website(t, handler).Ask(t.Context(), ofDomain("acme.example")); err == nil || len(facts) != 0 {
			t.Errorf("%s: %v, %v", name, facts, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := website(t, serve("text/html", acmePage)).Ask(ctx, ofDomain("acme.example")); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestWebsite_HopelessIsNoError(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"no such host": &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}},
		"refused":      outbound.ErrRefused,
	} {
		facts, got := NewWebsite(failing{err}, today).Ask(t.Context(), ofDomain("acme.example"))
		if got != nil || len(facts) != 0 {
			t.Errorf("%s: %v, %v", name, facts, got)
		}
	}
	// The guard itself, on a domain that leads inside.
	guard := outbound.NewTransport(outbound.Options{Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no name server")
	}}})
	if _, err := NewWebsite(guard, today).Ask(t.Context(), ofDomain("acme.example")); err == nil {
		t.Error("a failing resolver is taken for an answer")
	}
}

func TestWebsite_HugePages(t *testing.T) {
	t.Parallel()
	// The facts stand before the cap: they count, whatever follows.
	p := website(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, acmePage)
		_, _ = io.WriteString(w, strings.Repeat("<p>more</p>", 1<<18))
	})
	if facts := ask(t, p, ofDomain("acme.example")); show(facts, "company.size") != "1250" {
		t.Errorf("%v", facts)
	}
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(bytes.Repeat([]byte("<"), 32<<20))
	_ = z.Close()
	p = website(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	if facts := ask(t, p, ofDomain("acme.example")); show(facts, "company.name") != "-" {
		t.Errorf("a bomb has facts: %v", facts)
	}
}

func TestEmployees(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct {
		n     float64
		exact bool
	}{
		`250`: {250, true}, `"250"`: {250, true}, `"1,250"`: {1250, true}, `"1.250"`: {1250, true}, `"10 000"`: {10000, true},
		`"12'500 people"`: {12500, true}, `"51-200"`: {51, false}, `"51 to 200"`: {51, false}, `"10,000+"`: {10000, false},
		`"over 300"`: {300, false}, `1200.0`: {1200, true}, `12.5`: {}, `"10k"`: {}, `"2 million"`: {}, `-5`: {}, `0`: {},
		`99999999`: {}, `"1e400"`: {}, `1e400`: {}, `null`: {}, `true`: {}, `"many"`: {}, `"1 2 3"`: {}, `[]`: {},
		`["x", 12]`: {12, true}, `{"value":77}`: {77, true}, `{"@type":"QuantitativeValue","minValue":51,"maxValue":200}`: {51, false},
		`{"maxValue":200}`: {}, `{"value":"1,001-5,000"}`: {1001, false}, `{"value":{"@value":"9"}}`: {9, true},
	} {
		v, ok := decodeJSONLD(in)
		if !ok {
			t.Errorf("%s is no JSON", in)
			continue
		}
		if n, exact := employees(v); n != want.n || n > 0 && exact != want.exact {
			t.Errorf("%s: %v, %v; want %v", in, n, exact, want)
		}
	}
}

func TestFounded(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"1998": "1998", "1998-04-01": "1998", "1998-04": "1998", "1998-04-01T00:00:00Z": "1998", "01/04/1998": "1998",
		"3000": "", "0100": "", "98": "", "since 1998": "", "": "", "2026": "2026", "2027": "",
	} {
		if got := founded([]string{in}, today()).String(); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestCountryCode(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"FR": "FR", "fr": "FR", "FRA": "FR", "France": "FR", "Frankreich": "FR", "Deutschland": "DE", "UK": "GB",
		"United Kingdom": "GB", "Royaume-Uni": "GB", "USA": "US", "United States": "US", "The Netherlands": "NL",
		"Nederland": "NL", "Schweiz": "CH", "España": "ES", "Côte d’Ivoire": "CI", "BRA": "BR", " Japan ": "JP",
		"": "", "ZZ": "", "QQ": "", "EU": "", "419": "", "001": "", "Atlantis": "", "Texas": "", "x": "", "12": "",
	} {
		if got, _ := countryCode(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestDecodeJSONLD_Lenient(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`{"a":1}`, ` {"a":1}; `, "<!-- {\"a\":1} -->", "//<![CDATA[\n{\"a\":1}\n//]]>", "{\"a\":\"x\ny\"}", "/*<![CDATA[*/{\"a\":1}/*]]>*/",
	} {
		if _, ok := decodeJSONLD(in); !ok {
			t.Errorf("%q is not read", in)
		}
	}
	for _, in := range []string{"", "x", "{", `{"a":}`, "<!--"} {
		if v, ok := decodeJSONLD(in); ok {
			t.Errorf("%q is read as %v", in, v)
		}
	}
}

func FuzzPage(f *testing.F) {
	f.Add([]byte(acmePage), "text/html; charset=utf-8")
	f.Add([]byte(`<script type="application/ld+json">[[[[{"@type":"Organization","address":[{"address":{"address":[]}}],"url":["%zz",{}]}`), "text/html; charset=utf-16")
	f.Add([]byte("<meta property=og:site_name content=\"\xff\xfe\x00&#0;\u202e\">"), "")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		p := NewWebsite(canned{body, contentType}, today)
		facts, err := p.Ask(t.Context(), ofDomain("acme.example"))
		if err != nil {
			return
		}
		for key, d := range facts {
			switch text := d.Value.Text(); {
			case d.Value.IsZero() || d.Confidence <= 0 || d.Confidence > 1:
				t.Errorf("%s: %+v", key, d)
			case !utf8.ValidString(text) || utf8.RuneCountInString(text) > 1000 || strings.ContainsAny(text, "\x00\n\r\t"):
				t.Errorf("%s is not clean text: %q", key, text)
			}
		}
	})
}

// canned answers every request with one page.
type canned struct {
	body        []byte
	contentType string
}

func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {c.contentType}},
		Body: io.NopCloser(bytes.NewReader(c.body)), Request: req,
	}, nil
}
