package enrich

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/rule"
)

// companyEnrich is the Company Enrichment API of People Data Labs:
// https://docs.peopledatalabs.com/docs/reference-company-enrichment-api
const companyEnrich = "https://api.peopledatalabs.com/v5/company/enrich"

// PeopleDataLabs asks People Data Labs for the company of a domain. It is asked with the
// workspace's own API key, and each match is billed by its terms.
type PeopleDataLabs struct {
	api api
	key string
}

// NewPeopleDataLabs makes the provider.
func NewPeopleDataLabs(guarded http.RoundTripper, now func() time.Time, key string) *PeopleDataLabs {
	return &PeopleDataLabs{api: newAPI(guarded, now), key: key}
}

// Name is the source kept with the facts.
func (*PeopleDataLabs) Name() string { return "peopledatalabs" }

// Local is false: it asks over the network.
func (*PeopleDataLabs) Local() bool { return false }

// Personal is false: it is told the company's domain.
func (*PeopleDataLabs) Personal() bool { return false }

// Provides lists the parts of a company record that kohomai has data points for.
func (*PeopleDataLabs) Provides() []string {
	return []string{
		"company.name", "company.website", "company.size", "company.revenue", "company.industry", "company.sector",
		"company.country", "company.city", "company.founded", "company.description",
	}
}

// companyRecord is the answer, by its documented names. What is of a type nobody expects
// is read as absent, so each part is looked at by itself.
type companyRecord map[string]any

// Ask looks the company up by its web site.
func (p *PeopleDataLabs) Ask(ctx context.Context, s enrich.Subject) (datapoint.Data, error) {
	known, ok := s.Known.Fact("company.domain")
	domain := strings.ToLower(known.Text())
	if !ok || !hostForm.MatchString(domain) {
		return nil, nil
	}
	var found companyRecord
	address := companyEnrich + "?" + url.Values{"website": {domain}, "titlecase": {"true"}}.Encode()
	if ok, err := p.api.get(ctx, address, map[string]string{"X-Api-Key": p.key}, &found); !ok {
		return nil, err
	}
	return found.facts(p.api.now()), nil
}

func (r companyRecord) facts(now time.Time) datapoint.Data {
	facts := datapoint.Data{}
	base := r.confidence()
	put := func(key string, v rule.Value, confidence float64, inferred bool) {
		if _, had := facts[key]; !had && !v.IsZero() {
			facts[key] = datapoint.Datum{Value: v, Confidence: confidence, Inferred: inferred}
		}
	}
	for _, f := range []struct{ key, path string }{
		{"company.name", "/display_name"},
		{"company.name", "/name"},
		{"company.website", "/website"},
		{"company.founded", "/founded"},
		{"company.sector", "/industry_v2"},
		{"company.sector", "/industry"},
		{"company.city", "/location/locality"},
		{"company.country", "/location/country"},
		{"company.description", "/summary"},
		{"company.description", "/headline"},
	} {
		v, _ := value(enrich.Field{Key: f.key}, at(map[string]any(r), f.path), now)
		put(f.key, v, base, false)
	}
	if n, exact := employees(r["employee_count"]); n > 0 && exact {
		if v, err := rule.NumberValue(n); err == nil {
			put("company.size", v, base, false)
		}
	}
	// The size the company gives itself is a range, of which the lower end is certain.
	if n, _ := employees(r["size"]); n > 0 {
		if v, err := rule.NumberValue(n); err == nil {
			put("company.size", v, base-0.2, true)
		}
	}
	if s, ok := r["inferred_revenue"].(string); ok {
		put("company.revenue", revenueRange(s), base-0.2, true)
	}
	if code, ok := at(map[string]any(r), "/naics/0/naics_code").(string); ok {
		if name, ok := industryOfNAICS(code); ok {
			put("company.industry", rule.TextValue(name), base, true)
		}
	}
	return facts
}

// confidence follows likelihood, 1 to 10: how sure they are that the record is the company
// asked for.
func (r companyRecord) confidence() float64 {
	likelihood, ok := r["likelihood"].(json.Number)
	if !ok {
		return 0.5
	}
	n, err := likelihood.Float64()
	if err != nil || n < 1 || n > 10 {
		return 0.5
	}
	return 0.4 + n*0.05
}

// revenues are ranges such as "$50M-$100M", "$0-$1M" and "$10B+".
var revenues = regexp.MustCompile(`^\$([0-9]{1,3})([KMB]?)(?:-\$[0-9]{1,3}[KMB]?|\+)$`)

// revenueRange takes the lower end of a range of US dollars a year. Below a million is not
// a figure but the absence of one.
func revenueRange(s string) rule.Value {
	m := revenues.FindStringSubmatch(strings.ToUpper(strings.ReplaceAll(s, " ", "")))
	if m == nil {
		return rule.Value{}
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || n == 0 {
		return rule.Value{}
	}
	n *= map[string]int64{"": 1, "K": 1e3, "M": 1e6, "B": 1e9}[m[2]]
	v, err := rule.AmountValue(strconv.FormatInt(n, 10), "USD")
	if err != nil {
		return rule.Value{}
	}
	return v
}
