package enrich

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/kohomai/kohomai/core/enrich"
)

func fields(pairs ...string) []enrich.Field {
	var all []enrich.Field
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, enrich.Field{Key: pairs[i], Path: pairs[i+1], Confidence: 0.7})
	}
	return all
}

func TestHTTPJSON_AddressIsEscaped(t *testing.T) {
	t.Parallel()
	var asked *http.Request
	guarded := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r
		serve("application/json", `{}`)(w, r)
	})
	p := NewHTTPJSON(guarded, today, "crm", enrich.Source{
		URL: "https://api.crm.example/people/{email}/of/{domain}?mail={email}&fixed=a%20b", SecretHeader: "Authorization", Fields: acmeAPI.Fields,
	}, "Bearer s3cret")
	if !p.Personal() {
		t.Error("whoever is told the address is told the person")
	}
	_ = ask(t, p, about(`a/b?c&d=e#f+g%@acme.example`))
	if got, want := asked.URL.EscapedPath(), "/people/a%2Fb%3Fc&d=e%23f+g%25@acme.example/of/acme.example"; got != want {
		t.Errorf("path %s, want %s", got, want)
	}
	if got := asked.URL.Query().Get("mail"); got != `a/b?c&d=e#f+g%@acme.example` || asked.URL.Query().Get("fixed") != "a b" || len(asked.URL.Query()) != 2 {
		t.Errorf("query %s", asked.URL.RawQuery)
	}
	if asked.Header.Get("Authorization") != "Bearer s3cret" || asked.Header.Get("Accept") != "application/json" {
		t.Errorf("%v", asked.Header)
	}
}

func TestHTTPJSON_ReadsEveryType(t *testing.T) {
	t.Parallel()
	source := enrich.Source{URL: "https://api.crm.example/{domain}", Fields: append(fields(
		"company.name", "/a~1b/~0name", "company.size", "/staff", "company.founded", "/since", "company.country", "/where/0/land",
		"company.website", "/site", "company.city", "/where/0/city", "company.sector", "/tags", "lead.phone", "/phone", "lead.birthdate", "/born",
		"company.description", "/missing", "company.description", "/text", "company.description", "/late",
	), enrich.Field{Key: "company.revenue", Path: "/sales", Currency: "EUR", Confidence: 1, Inferred: true})}
	p := NewHTTPJSON(standIn(t, serve("text/plain", `{"a/b":{"~name":" Acme\u0000  SA "},"staff":"1,200","since":"1998-04-01","where":[{"land":"Deutschland","city":"Bonn"}],
		"site":"www.acme.example","tags":["anvils","more"],"phone":"+33 1 23 45 67 89","born":"1980-01-31","text":"<b>Hi</b>","late":"no","sales":1.5e6}`)), today, "crm", source, "")
	facts := ask(t, p, about("jane@acme.example"))
	expect(t, facts, map[string]string{
		"company.name": "Acme SA", "company.size": "1200", "company.founded": "1998", "company.country": "DE", "company.website": "https://www.acme.example",
		"company.city": "Bonn", "company.sector": "anvils", "lead.phone": "+33 1 23 45 67 89", "lead.birthdate": "1980-01-31",
		"company.description": "Hi", "company.revenue": "1500000 EUR",
	})
	if !facts["company.revenue"].Inferred || facts["company.revenue"].Confidence != 1 || facts["company.name"].Inferred {
		t.Errorf("%+v", facts)
	}
}

func TestHTTPJSON_WrongTypesArePassedOver(t *testing.T) {
	t.Parallel()
	for key, values := range map[string][]string{
		"company.size":    {`"many"`, `-1`, `0`, `1.5`, `9e12`, `true`, `{}`, `[]`, `null`},
		"company.founded": {`"soon"`, `2999`, `{}`, `-5`},
		"company.country": {`"Atlantis"`, `49`, `{}`, `true`},
		"company.revenue": {`"a lot"`, `"5 euros"`, `{}`, `{"Amount":5,"Currency":"EUR"}`, `1e400`, `true`},
		"company.website": {`"javascript:x"`, `5`, `{}`},
		"company.name":    {`""`, `" \u0000 "`, `true`, `{}`, `[]`},
		"lead.birthdate":  {`"31.1.1980"`, `true`, `5`},
	} {
		for _, v := range values {
			p := NewHTTPJSON(canned{[]byte(`{"x":` + v + `}`), "application/json"}, today, "crm", enrich.Source{
				URL: "https://api.crm.example/{domain}", Fields: []enrich.Field{{Key: key, Path: "/x", Confidence: 1}},
			}, "")
			if facts, err := p.Ask(t.Context(), ofDomain("acme.example")); err != nil || len(facts) != 0 {
				t.Errorf("%s from %s: %v, %v", key, v, facts, err)
			}
		}
	}
}

func TestHTTPJSON_AmountsKeepTheirDigits(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		`1250000.50`: "1250000.50 EUR", `12`: "12 EUR", `"7.25"`: "7.25 EUR", `"7.25 USD"`: "7.25 USD", `1.23456789`: "1.23 EUR",
		`{"Amount":"5.00","Currency":"CHF"}`: "5.00 CHF", `2.5E3`: "2500 EUR",
	} {
		p := NewHTTPJSON(canned{[]byte(`{"x":` + given + `}`), "application/json"}, today, "crm", enrich.Source{
			URL: "https://api.crm.example/{domain}", Fields: []enrich.Field{{Key: "company.revenue", Path: "/x", Currency: "EUR", Confidence: 1}},
		}, "")
		expect(t, ask(t, p, ofDomain("acme.example")), map[string]string{"company.revenue": want})
	}
}

// Nobody is asked about what is not known: no company, no address.
func TestHTTPJSON_AsksOnlyWithWhatItNeeds(t *testing.T) {
	t.Parallel()
	network := &counting{next: failing{errors.New("asked")}}
	for _, template := range []string{"https://api.crm.example/{domain}", "https://api.crm.example/?q={email}"} {
		p := NewHTTPJSON(network, today, "crm", enrich.Source{URL: template, Fields: acmeAPI.Fields}, "")
		if facts, err := p.Ask(t.Context(), enrich.Subject{}); err != nil || len(facts) != 0 {
			t.Errorf("%v, %v", facts, err)
		}
	}
	p := NewHTTPJSON(network, today, "crm", acmeAPI, "")
	for _, domain := range []string{"acme.example/../x", "a b", strings.Repeat("a", 300)} {
		if facts, err := p.Ask(t.Context(), ofDomain(domain)); err != nil || len(facts) != 0 {
			t.Errorf("%s: %v, %v", domain, facts, err)
		}
	}
	if network.n.Load() != 0 {
		t.Errorf("%d requests", network.n.Load())
	}
}
