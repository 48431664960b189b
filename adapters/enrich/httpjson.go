package enrich

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/rule"
)

// HTTPJSON asks an API that a workspace describes itself.
type HTTPJSON struct {
	api    api
	name   string
	source enrich.Source
	secret string
}

var typeOf = datapoint.Schema(datapoint.Builtin())

// NewHTTPJSON makes the provider. The transport must judge each destination: the address
// comes from whoever set it up.
func NewHTTPJSON(guarded http.RoundTripper, now func() time.Time, name string, source enrich.Source, secret string) *HTTPJSON {
	return &HTTPJSON{api: newAPI(guarded, now), name: name, source: source, secret: secret}
}

// Name is the source kept with the facts: the key of its setting.
func (p *HTTPJSON) Name() string { return p.name }

// Local is false: it asks over the network.
func (*HTTPJSON) Local() bool { return false }

// Personal is true when the e-mail stands in the address.
func (p *HTTPJSON) Personal() bool { return p.source.Personal() }

// Provides lists the keys of the fields, each once.
func (p *HTTPJSON) Provides() []string {
	var keys []string
	for _, f := range p.source.Fields {
		if !slices.Contains(keys, f.Key) {
			keys = append(keys, f.Key)
		}
	}
	return keys
}

// Ask fetches the address and reads the fields; what does not fit its type is passed over.
func (p *HTTPJSON) Ask(ctx context.Context, s enrich.Subject) (datapoint.Data, error) {
	known, ok := s.Known.Fact("company.domain")
	domain := strings.ToLower(known.Text())
	if ok && !hostForm.MatchString(domain) {
		return nil, nil
	}
	if strings.Contains(p.source.URL, "{domain}") && domain == "" || p.Personal() && s.Email.IsZero() {
		return nil, nil
	}
	header := map[string]string{}
	if p.source.SecretHeader != "" {
		header[p.source.SecretHeader] = p.secret
	}
	var body any
	if ok, err := p.api.get(ctx, p.source.Address(domain, s.Email.String()), header, &body); !ok {
		return nil, err
	}
	facts := datapoint.Data{}
	for _, f := range p.source.Fields {
		if _, had := facts[f.Key]; had {
			continue
		}
		if v, inferred := value(f, at(body, f.Path), p.api.now()); !v.IsZero() {
			facts[f.Key] = datapoint.Datum{Value: v, Confidence: f.Confidence, Inferred: f.Inferred || inferred}
		}
	}
	return facts, nil
}

// value reads what a field leads to by the type of its data point; zero when it does not
// fit. Of a range of employees it takes the lower end, as a conclusion.
func value(f enrich.Field, in any, now time.Time) (v rule.Value, inferred bool) {
	var err error
	switch typ := typeOf[f.Key]; {
	case in == nil:
	case f.Key == "company.size":
		if n, exact := employees(in); n > 0 {
			v, err = rule.NumberValue(n)
			inferred = !exact
		}
	case f.Key == "company.founded":
		v = founded(texts(in), now)
	case typ == rule.Country:
		v = countryOf(in)
	case typ == rule.Amount:
		v = amount(in, f.Currency)
	case typ == rule.Text:
		if all := texts(in); len(all) > 0 {
			if text := clean(all[0], 1000); text != "" {
				v = rule.TextValue(text)
			}
		}
	case typ == rule.URL:
		if all := texts(in); len(all) > 0 {
			v, err = rule.Read(typ, nil, webAddress(all[0]))
		}
	default:
		v, err = rule.Read(typ, nil, in)
	}
	if err != nil {
		return rule.Value{}, false
	}
	return v, inferred
}

// texts are the strings and numbers of a value, alone or in a list.
func texts(in any) []string { return node{"": in}.texts("") }

// webAddress gives a bare host its scheme.
func webAddress(s string) string {
	s = strings.TrimSpace(s)
	if strings.Contains(s, ".") && !strings.Contains(s, "://") {
		return "https://" + s
	}
	return s
}

// amount reads money: a number or decimal text in the currency, "12.50 EUR", or an object
// of Amount and Currency.
func amount(in any, currency string) rule.Value {
	switch x := in.(type) {
	case json.Number:
		if v, err := rule.AmountValue(decimal(x.String()), currency); err == nil {
			return v
		}
	case string:
		text := strings.TrimSpace(x)
		if !strings.Contains(text, " ") {
			text += " " + currency
		}
		if v, err := rule.Read(rule.Amount, nil, text); err == nil {
			return v
		}
	default:
		if v, err := rule.Read(rule.Amount, nil, in); err == nil {
			return v
		}
	}
	return rule.Value{}
}

// decimal writes a JSON number without exponent, to the cent where it has more places.
func decimal(number string) string {
	if !strings.ContainsAny(number, "eE") {
		if whole, places, ok := strings.Cut(number, "."); !ok || len(places) <= 6 {
			return whole + strings.TrimSuffix("."+places, ".")
		}
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return ""
	}
	text := strconv.FormatFloat(f, 'f', 2, 64)
	return strings.TrimSuffix(text, ".00")
}
