package enrich

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/rule"
)

// queryService is the Wikidata Query Service, which speaks SPARQL 1.1:
// https://www.mediawiki.org/wiki/Wikidata_Query_Service/User_Manual
const queryService = "https://query.wikidata.org/sparql"

// companyQuery asks everything of the items whose official web site (P856) is one of
// %SITES%: a row is one statement, so that a company with twenty yearly figures of two
// kinds gives forty rows and not four hundred. The statements of employees (P1128) and
// revenue (P2139) bear the moment they are of (P585); deprecated ones are left out.
const companyQuery = `SELECT ?item ?fact ?value ?code ?isic ?at ?rank WHERE {
  VALUES ?site { %SITES% }
  ?item wdt:P856 ?site .
  {
    ?item wikibase:sitelinks ?value . BIND("sitelinks" AS ?fact)
  } UNION {
    ?item rdfs:label ?value . FILTER(LANG(?value) = "en") BIND("name" AS ?fact)
  } UNION {
    ?item schema:description ?value . FILTER(LANG(?value) = "en") BIND("description" AS ?fact)
  } UNION {
    ?item p:P1128 ?s . ?s ps:P1128 ?value ; wikibase:rank ?rank .
    FILTER(?rank != wikibase:DeprecatedRank)
    OPTIONAL { ?s pq:P585 ?at }
    BIND("employees" AS ?fact)
  } UNION {
    ?item p:P2139 ?s . ?s psv:P2139 ?v ; wikibase:rank ?rank .
    ?v wikibase:quantityAmount ?value ; wikibase:quantityUnit ?unit . ?unit wdt:P498 ?code .
    FILTER(?rank != wikibase:DeprecatedRank)
    OPTIONAL { ?s pq:P585 ?at }
    BIND("revenue" AS ?fact)
  } UNION {
    ?item wdt:P571 ?value . BIND("inception" AS ?fact)
  } UNION {
    ?item wdt:P17 ?c . ?c wdt:P297 ?value . BIND("country" AS ?fact)
  } UNION {
    ?item wdt:P452 ?i . ?i rdfs:label ?value . FILTER(LANG(?value) = "en")
    OPTIONAL { ?i wdt:P3224 ?code }
    OPTIONAL { ?i wdt:P1796 ?isic }
    BIND("industry" AS ?fact)
  } UNION {
    ?item p:P159 ?s . ?s ps:P159 ?c ; wikibase:rank ?rank . ?c rdfs:label ?value .
    FILTER(LANG(?value) = "en" && ?rank != wikibase:DeprecatedRank)
    FILTER NOT EXISTS { ?s pq:P582 ?end }
    BIND("city" AS ?fact)
  }
} LIMIT 500`

// Wikidata looks the company up by its web site in Wikidata, whose data is in the public
// domain (CC0).
//
// The query service knows its guests by address and User-Agent, so all workspaces of a
// process are one guest: they share one Wikidata, which asks twice at a time at most (five
// are allowed) and keeps everybody quiet when the service wants to be left alone.
type Wikidata struct {
	api   api
	turns chan struct{}

	mu    sync.Mutex
	until time.Time
	why   enrich.Refusal
}

// NewWikidata makes the provider. It names itself as Wikimedia's User-Agent policy asks.
func NewWikidata(guarded http.RoundTripper, now func() time.Time) *Wikidata {
	return &Wikidata{api: newAPI(guarded, now), turns: make(chan struct{}, 2)}
}

// Name is the source kept with the facts.
func (*Wikidata) Name() string { return "wikidata" }

// Local is false: it asks over the network.
func (*Wikidata) Local() bool { return false }

// Personal is false: it is told the company's domain.
func (*Wikidata) Personal() bool { return false }

// Provides lists the properties that kohomai has data points for.
func (*Wikidata) Provides() []string {
	return []string{
		"company.name", "company.size", "company.revenue", "company.industry", "company.sector",
		"company.country", "company.city", "company.founded", "company.description",
	}
}

// bindings are SPARQL 1.1 Query Results JSON: a term by variable, in every row.
type bindings struct {
	Results *struct {
		Bindings []row `json:"bindings"`
	} `json:"results"`
}

type row map[string]struct {
	Value string `json:"value"`
}

func (r row) is(name string) string { return r[name].Value }

// Ask looks for the item of the web site.
func (p *Wikidata) Ask(ctx context.Context, s enrich.Subject) (datapoint.Data, error) {
	known, ok := s.Known.Fact("company.domain")
	domain := strings.ToLower(known.Text())
	if !ok || !hostForm.MatchString(domain) {
		return nil, nil
	}
	query := strings.Replace(companyQuery, "%SITES%", sites(domain), 1)
	var found bindings
	if ok, err := p.query(ctx, query, &found); !ok {
		return nil, err
	}
	if found.Results == nil {
		return nil, &enrich.Refusal{Reason: "The answer is not the JSON that was expected (no results)."}
	}
	return wikidataFacts(item(found.Results.Bindings), p.api.now()), nil
}

// query asks when it is its turn and nobody was told to be quiet.
func (p *Wikidata) query(ctx context.Context, text string, into *bindings) (bool, error) {
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if r := p.quiet(); r != nil {
		return false, r
	}
	ok, err := p.api.get(ctx, queryService+"?"+url.Values{"query": {text}, "format": {"json"}}.Encode(),
		map[string]string{"Accept": "application/sparql-results+json"}, into)
	if r, refused := errors.AsType[*enrich.Refusal](err); refused && r.After > 0 {
		p.mu.Lock()
		p.until, p.why = p.api.now().Add(r.After), *r
		p.mu.Unlock()
	}
	return ok, err
}

// quiet returns the refusal that still holds, with what is left of its pause; else nil.
func (p *Wikidata) quiet() *enrich.Refusal {
	p.mu.Lock()
	defer p.mu.Unlock()
	left := p.until.Sub(p.api.now())
	if left <= 0 {
		return nil
	}
	r := p.why
	r.After = left
	return &r
}

// sites are the forms in which people write the start page of a domain. Its letters are
// those of a host name, so nothing can break out of the angle brackets.
func sites(domain string) string {
	var all []string
	for _, scheme := range []string{"https", "http"} {
		for _, host := range []string{"www." + domain, domain} {
			for _, path := range []string{"/", "", "/en", "/en/"} {
				all = append(all, "<"+scheme+"://"+host+path+">")
			}
		}
	}
	return strings.Join(all, " ")
}

// item keeps the rows of one item. Where several name the web site (a group and its
// branches), the one that most Wikipedias write about is the company, then the older item.
func item(rows []row) []row {
	links := map[string]int{}
	for _, r := range rows {
		if n, err := strconv.Atoi(r.is("value")); err == nil && r.is("fact") == "sitelinks" {
			links[r.is("item")] = n
		} else if _, had := links[r.is("item")]; !had {
			links[r.is("item")] = 0
		}
	}
	best := ""
	for id, n := range links {
		if best == "" || n > links[best] || n == links[best] && older(id, best) {
			best = id
		}
	}
	var own []row
	for _, r := range rows {
		if r.is("item") == best {
			own = append(own, r)
		}
	}
	return own
}

func older(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

// wikidataFacts reads the rows of one item.
func wikidataFacts(rows []row, now time.Time) datapoint.Data {
	facts := datapoint.Data{}
	put := func(key string, v rule.Value, confidence float64, inferred bool, observed time.Time) {
		if _, had := facts[key]; !had && !v.IsZero() {
			facts[key] = datapoint.Datum{Value: v, Confidence: confidence, Inferred: inferred, ObservedAt: observed}
		}
	}
	if r, at := latest(rows, "employees", now); r != nil {
		if n, exact := employees(strings.TrimPrefix(r.is("value"), "+")); n > 0 && exact {
			if v, err := rule.NumberValue(n); err == nil {
				put("company.size", v, aged(at, now), false, at)
			}
		}
	}
	if r, at := latest(rows, "revenue", now); r != nil {
		if v, err := rule.AmountValue(decimal(strings.TrimPrefix(r.is("value"), "+")), r.is("code")); err == nil && v.Number() > 0 {
			put("company.revenue", v, aged(at, now), false, at)
		}
	}
	for _, r := range rows {
		text := rule.Value{}
		if s := clean(r.is("value"), 1000); s != "" {
			text = rule.TextValue(s)
		}
		switch r.is("fact") {
		case "name":
			put("company.name", text, 0.85, false, time.Time{})
		case "description":
			put("company.description", text, 0.7, false, time.Time{})
		case "inception":
			put("company.founded", founded([]string{r.is("value")}, now), 0.8, false, time.Time{})
		case "country":
			put("company.country", countryOf(r.is("value")), 0.8, false, time.Time{})
		case "city":
			put("company.city", text, 0.75, false, time.Time{})
		case "industry":
			put("company.sector", text, 0.75, false, time.Time{})
			code, _, _ := strings.Cut(r.is("code"), "-") // "31-33" is one sector
			name, ok := industryOfNAICS(code)
			if !ok {
				name, ok = industryOfISIC(r.is("isic"))
			}
			if ok {
				put("company.industry", rule.TextValue(name), 0.7, true, time.Time{})
			}
		}
	}
	return facts
}

// latest is the statement of the latest moment, in doubt the preferred one; one without a
// moment counts when there is no other. A moment to come is a forecast or a mistake.
func latest(rows []row, fact string, now time.Time) (best row, at time.Time) {
	preferred := false
	for _, r := range rows {
		if r.is("fact") != fact {
			continue
		}
		when := moment(r.is("at"))
		if when.After(now) {
			continue
		}
		first := strings.HasSuffix(r.is("rank"), "#PreferredRank")
		if best == nil || when.After(at) || when.Equal(at) && first && !preferred {
			best, at, preferred = r, when, first
		}
	}
	return best, at
}

// moment reads an xsd:dateTime of Wikidata; zero when it has none.
func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// aged is how sure a yearly figure is by its age.
func aged(at, now time.Time) float64 {
	const year = 365 * 24 * time.Hour
	switch age := now.Sub(at); {
	case at.IsZero():
		return 0.5
	case age < 2*year:
		return 0.8
	case age < 5*year:
		return 0.65
	default:
		return 0.45
	}
}
