package enrich_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/audit"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/enrich/enrichtest"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/lead"
)

// desk is the settings of one workspace in a map, with the fakes made of them.
type desk struct {
	*enrich.Configurator
	service *enrich.Service
	stored  map[string]enrich.Setting
	asked   map[string]int
	broken  error
	entries []audit.Entry
	now     time.Time
	made    int
	fakes   map[string]*fake
	reads   int
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{stored: map[string]enrich.Setting{}, asked: map[string]int{}, now: noon, fakes: map[string]*fake{}}
	clock := func() time.Time { return d.now }
	var err error
	d.service, err = enrich.NewService([]enrich.Provider{mailProvider("acme.example")}, enrich.NewRoster(d, d, clock), enrichtest.NewCache(), enrich.Limits{}, clock)
	if err != nil {
		t.Fatal(err)
	}
	d.Configurator = enrich.NewConfigurator(d, d, d, d, d.service, clock)
	return d
}

func (d *desk) Settings(context.Context) ([]enrich.Setting, error) {
	d.reads++
	var all []enrich.Setting
	for _, s := range d.stored {
		all = append(all, s)
	}
	return all, d.broken
}

func (d *desk) Asked(context.Context, time.Time) (map[string]int, error) { return d.asked, nil }

func (d *desk) Make(s enrich.Setting) enrich.Provider {
	d.made++
	if f := d.fakes[s.Key]; f != nil {
		return f
	}
	return &fake{name: s.Key, provides: []string{"company.size", "company.name"}}
}

func (d *desk) Do(ctx context.Context, fn func(context.Context, enrich.Tx) error) error {
	return fn(ctx, enrich.Tx{Settings: d, Audit: d})
}
func (d *desk) Lock(ctx context.Context) ([]enrich.Setting, error) { return d.Settings(ctx) }

func (d *desk) Save(_ context.Context, s enrich.Setting) error {
	d.stored[s.Key] = s
	return nil
}

func (d *desk) Delete(_ context.Context, key string) error {
	delete(d.stored, key)
	return nil
}

func (d *desk) Append(_ context.Context, e ...audit.Entry) error {
	d.entries = append(d.entries, e...)
	return nil
}

func (d *desk) Judge(u *url.URL) error {
	if strings.HasPrefix(u.Hostname(), "10.") || u.Scheme != "https" {
		return errors.New("refused")
	}
	return nil
}

// order is the waterfall in words: what is off is in brackets.
func (d *desk) order(t *testing.T) string {
	t.Helper()
	all, err := d.List(in(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for i, s := range all {
		word := s.Key
		if !s.Enabled {
			word = "(" + word + ")"
		}
		if !s.Local && s.Place != i {
			t.Errorf("%s stands at %d and says %d", s.Key, i, s.Place)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func crm() *enrich.Source {
	return &enrich.Source{URL: "https://crm.example/{domain}", Fields: []enrich.Field{{Key: "company.size", Path: "/n", Confidence: 0.7}}}
}

func (d *desk) put(t *testing.T, key string, c enrich.Change, etag int64) enrich.Standing {
	t.Helper()
	s, err := d.Put(in(t, 1), key, c, etag)
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return s
}

func ptr(s string) *string { return &s }

func TestConfigurator_Order(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() {}, "email website (wikidata) (peopledatalabs)"},
		{func() { d.put(t, "wikidata", enrich.Change{Enabled: true, Place: 1}, 0) }, "email wikidata website (peopledatalabs)"},
		{func() { d.put(t, "crm", enrich.Change{Enabled: true, Source: crm()}, 0) }, "email wikidata website (peopledatalabs) crm"},
		{func() { d.put(t, "crm", enrich.Change{Enabled: true, Source: crm(), Place: 2}, 1) }, "email wikidata crm website (peopledatalabs)"},
		{func() { d.put(t, "website", enrich.Change{Place: 99}, 0) }, "email wikidata crm (peopledatalabs) (website)"},
		{func() { d.put(t, "erp", enrich.Change{Source: crm(), Place: 2}, 0) }, "email wikidata (erp) crm (peopledatalabs) (website)"},
		{func() {
			if err := d.Configurator.Delete(in(t, 1), "crm"); err != nil {
				t.Fatal(err)
			}
		}, "email wikidata (erp) (peopledatalabs) (website)"},
		{func() { d.put(t, "new", enrich.Change{Source: crm(), Place: 3}, 0) }, "email wikidata (erp) (new) (peopledatalabs) (website)"},
	} {
		step.do()
		if got := d.order(t); got != step.want {
			t.Errorf("%s, want %s", got, step.want)
		}
	}
	// What only made room was not changed.
	if got := d.stored["peopledatalabs"]; got.Etag != 0 || !got.ChangedAt.IsZero() {
		t.Errorf("%+v", got)
	}
	for _, e := range d.entries {
		if e.Action != "enrichment_provider.configure" && e.Action != "enrichment_provider.delete" {
			t.Errorf("%+v", e)
		}
	}
	if len(d.entries) != 7 {
		t.Errorf("%d entries in the audit", len(d.entries))
	}
}

func TestConfigurator_PutRefuses(t *testing.T) {
	t.Parallel()
	with := func(change func(*enrich.Source)) enrich.Change {
		s := crm()
		change(s)
		return enrich.Change{Enabled: true, Source: s}
	}
	at := func(address string) enrich.Change { return with(func(s *enrich.Source) { s.URL = address }) }
	field := func(f enrich.Field) enrich.Change {
		return with(func(s *enrich.Source) { s.Fields = []enrich.Field{f} })
	}
	for name, c := range map[string]struct {
		key    string
		change enrich.Change
		fields []string
	}{
		"upper case":               {"CRM", enrich.Change{Source: crm()}, []string{"Key"}},
		"a person's source":        {"lead", enrich.Change{Source: crm()}, []string{"Key"}},
		"a local one":              {"email", enrich.Change{Source: crm()}, []string{"Key"}},
		"a mark in the key":        {"crm#2", enrich.Change{Source: crm()}, []string{"Key"}},
		"nowhere to ask":           {"crm", enrich.Change{}, []string{"HttpJson"}},
		"somewhere else to ask":    {"wikidata", enrich.Change{Source: crm()}, []string{"HttpJson"}},
		"a secret for nobody":      {"wikidata", enrich.Change{Secret: ptr("x")}, []string{"Secret"}},
		"no key":                   {"peopledatalabs", enrich.Change{Enabled: true}, []string{"Secret"}},
		"a key taken away":         {"peopledatalabs", enrich.Change{Enabled: true, Secret: ptr("")}, []string{"Secret"}},
		"a key with a line":        {"peopledatalabs", enrich.Change{Enabled: true, Secret: ptr("a\r\nX: y")}, []string{"Secret"}},
		"a header without secret":  {"crm", with(func(s *enrich.Source) { s.SecretHeader = "X-Key" }), []string{"Secret"}},
		"a header that is not one": {"crm", with(func(s *enrich.Source) { s.SecretHeader = "X Key:" }), []string{"HttpJson.SecretHeader", "Secret"}},
		"a header that is taken":   {"crm", with(func(s *enrich.Source) { s.SecretHeader = "Host" }), []string{"HttpJson.SecretHeader", "Secret"}},
		"a budget below none":      {"website", enrich.Change{ADay: -1}, []string{"DailyBudget"}},
		"no address":               {"crm", at(""), []string{"HttpJson.Url"}},
		"not a URL":                {"crm", at("crm.example/{domain}"), []string{"HttpJson.Url"}},
		"file":                     {"crm", at("file:///etc/{domain}"), []string{"HttpJson.Url"}},
		"plain http":               {"crm", at("http://crm.example/{domain}"), []string{"HttpJson.Url"}},
		"a private address":        {"crm", at("https://10.0.0.1/{domain}"), []string{"HttpJson.Url"}},
		"the lead's own host":      {"crm", at("https://{domain}/about"), []string{"HttpJson.Url"}},
		"part of the host":         {"crm", at("https://x.{domain}?a={domain}"), []string{"HttpJson.Url"}},
		"a port of the lead's":     {"crm", at("https://crm.example:{domain}/"), []string{"HttpJson.Url"}},
		"a password":               {"crm", at("https://me:you@crm.example/{domain}"), []string{"HttpJson.Url"}},
		"a fragment":               {"crm", at("https://crm.example/#{domain}"), []string{"HttpJson.Url"}},
		"about nobody":             {"crm", at("https://crm.example/companies"), []string{"HttpJson.Url"}},
		"an unknown place":         {"crm", at("https://crm.example/{domain}/{name}"), []string{"HttpJson.Url"}},
		"a brace":                  {"crm", at("https://crm.example/{domain}/}"), []string{"HttpJson.Url"}},
		"no fields":                {"crm", with(func(s *enrich.Source) { s.Fields = nil }), []string{"HttpJson.Fields"}},
		"fields of every sort": {"crm", field(enrich.Field{Key: "company.staff", Path: "n", Currency: "EUR"}), []string{
			"HttpJson.Fields[0].Key", "HttpJson.Fields[0].Path", "HttpJson.Fields[0].Confidence", "HttpJson.Fields[0].Currency",
		}},
		"who the lead is":   {"crm", field(enrich.Field{Key: "lead.email", Path: "/n", Confidence: 1}), []string{"HttpJson.Fields[0].Key"}},
		"a journey's":       {"crm", field(enrich.Field{Key: "data.plan", Path: "/n", Confidence: 1}), []string{"HttpJson.Fields[0].Key"}},
		"a bad escape":      {"crm", field(enrich.Field{Key: "company.size", Path: "/a~2", Confidence: 1}), []string{"HttpJson.Fields[0].Path"}},
		"surer than sure":   {"crm", field(enrich.Field{Key: "company.size", Path: "/a", Confidence: 1.1}), []string{"HttpJson.Fields[0].Confidence"}},
		"currency by name":  {"crm", field(enrich.Field{Key: "company.revenue", Path: "/a", Confidence: 1, Currency: "euro"}), []string{"HttpJson.Fields[0].Currency"}},
		"money in a number": {"crm", field(enrich.Field{Key: "company.size", Path: "/a", Confidence: 1, Currency: "EUR"}), []string{"HttpJson.Fields[0].Currency"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			_, err := d.Put(in(t, 1), c.key, c.change, 0)
			var got []string
			for _, f := range fault.As(err).Fields {
				got = append(got, f.Path)
			}
			if !fault.Is(err, fault.Invalid) || !slices.Equal(got, c.fields) {
				t.Errorf("%v names %v, want %v", err, got, c.fields)
			}
			if len(d.stored)+len(d.entries) != 0 {
				t.Error("something was kept all the same")
			}
		})
	}
}

func TestConfigurator_SecretsAndRevisions(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	source := func(address string) *enrich.Source {
		s := crm()
		s.URL, s.SecretHeader = address, "X-Key"
		return s
	}
	d.put(t, "crm", enrich.Change{Enabled: true, Source: source("https://crm.example/{domain}"), Secret: ptr("s3cret")}, 0)
	if _, err := d.Put(in(t, 1), "crm", enrich.Change{Source: crm()}, 0); !fault.Is(err, fault.Stale) {
		t.Errorf("an old etag: %v", err)
	}
	// Not given, the secret stays; the answers kept so far are as good as before.
	if s := d.put(t, "crm", enrich.Change{Enabled: true, Source: source("https://crm.example/{domain}"), ADay: 3}, 1); s.Secret != "s3cret" || s.Revision != 1 || s.ADay != 3 {
		t.Errorf("%+v", s)
	}
	if s := d.put(t, "crm", enrich.Change{Enabled: true, Source: source("https://crm.example/v2/{domain}")}, 2); s.Secret != "s3cret" || s.Revision != 3 {
		t.Errorf("another path: %+v", s)
	}
	// Nobody learns a secret by pointing the address at a host of his own.
	_, err := d.Put(in(t, 1), "crm", enrich.Change{Enabled: true, Source: source("https://thief.example/{domain}")}, 3)
	if f := fault.As(err); len(f.Fields) != 1 || f.Fields[0].Path != "Secret" {
		t.Errorf("the secret went with the address: %v", err)
	}
	if s := d.put(t, "crm", enrich.Change{Enabled: true, Source: source("https://new.example/{domain}"), Secret: ptr("other")}, 3); s.Secret != "other" || s.Revision != 4 {
		t.Errorf("%+v", s)
	}
	if s := d.put(t, "crm", enrich.Change{Enabled: true, Source: crm()}, 4); s.Secret != "" {
		t.Errorf("a secret without use is kept: %+v", s)
	}
	for _, e := range d.entries {
		if strings.Contains(fmt.Sprint(e), "s3cret") || strings.Contains(fmt.Sprint(e), "other") {
			t.Errorf("the audit tells a secret: %v", e)
		}
	}
}

func TestConfigurator_DeletesOnlyOnesOwn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.put(t, "website", enrich.Change{}, 0)
	if err := d.Configurator.Delete(in(t, 1), "website"); !fault.Is(err, fault.Conflict) {
		t.Errorf("%v", err)
	}
	if err := d.Configurator.Delete(in(t, 1), "wikidata"); !fault.Is(err, fault.Conflict) {
		t.Errorf("%v", err)
	}
	if err := d.Configurator.Delete(in(t, 1), "nobody"); !fault.Is(err, fault.NotFound) {
		t.Errorf("%v", err)
	}
	if _, err := d.Get(in(t, 1), "nobody"); !fault.Is(err, fault.NotFound) {
		t.Errorf("%v", err)
	}
}

func TestConfigurator_MostOfOnesOwn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i := range 20 {
		d.put(t, fmt.Sprintf("p%d", i), enrich.Change{Source: crm()}, 0)
	}
	if _, err := d.Put(in(t, 1), "more", enrich.Change{Source: crm()}, 0); !fault.HasCode(err, "too_many_providers") {
		t.Errorf("%v", err)
	}
}

// What is set up is asked at once on this node, within five seconds on others;
// registration reads memory.
func TestRoster_FollowsTheSettings(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fakes["crm"] = &fake{name: "crm", provides: []string{"company.city"}, answer: datapoint.Data{"company.city": text("Paris", 0.9)}}
	askable := func() bool {
		t.Helper()
		ask, err := d.service.Askable(in(t, 1))
		if err != nil {
			t.Fatal(err)
		}
		return ask("company.city")
	}
	if askable() {
		t.Error("nobody knows the city")
	}
	d.put(t, "crm", enrich.Change{Enabled: true, Source: crm()}, 0)
	if !askable() {
		t.Error("who set it up does not see it")
	}
	reads, elsewhere := d.reads, d.stored["crm"]
	elsewhere.Enabled = false
	d.stored["crm"] = elsewhere
	for range 100 {
		askable()
	}
	if d.reads != reads || !askable() {
		t.Errorf("%d readings within five seconds", d.reads-reads)
	}
	d.now = d.now.Add(5 * time.Second)
	if askable() || d.reads != reads+1 {
		t.Error("after five seconds the settings are not read anew")
	}
	d.put(t, "crm", enrich.Change{Enabled: true, Source: crm()}, 1)
	if got := d.service.Ask(in(t, 1), subject(nil, "company.city")); value(got, "company.city") != "Paris" {
		t.Errorf("%+v", got)
	}
	// A database that is away is no reason to forget whom to ask.
	d.now, d.broken = d.now.Add(time.Minute), errors.New("away")
	if !askable() {
		t.Error("forgotten")
	}
	if _, err := d.service.Askable(in(t, 2)); err == nil {
		t.Error("settings that were never read are made up")
	}
}

// A pause outlives a reading of the settings, and ends when the setting changes.
func TestRoster_KeepsPauses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	p := &fake{name: "crm", provides: []string{"company.city"}, err: &enrich.Refusal{Reason: "No.", After: time.Hour, Lasting: true}}
	d.fakes["crm"] = p
	d.put(t, "crm", enrich.Change{Enabled: true, Source: crm()}, 0)
	for range 3 {
		d.service.Ask(in(t, 1), subject(nil, "company.city"))
		d.now = d.now.Add(10 * time.Second)
	}
	if p.times() != 1 {
		t.Errorf("asked %d times within its pause", p.times())
	}
	if s, err := d.Get(in(t, 1), "crm"); err != nil || s.Fault != "No." || !s.PausedUntil.Equal(noon.Add(time.Hour)) {
		t.Errorf("its pause does not show: %+v, %v", s, err)
	}
	d.put(t, "crm", enrich.Change{Enabled: true, Source: crm()}, 1)
	d.now = d.now.Add(10 * time.Second)
	d.service.Ask(in(t, 1), subject(nil, "company.city"))
	if p.times() != 2 {
		t.Error("a changed setting is not tried")
	}
}

func TestConfigurator_Test(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.put(t, "crm", enrich.Change{Source: crm(), ADay: 3}, 0)
	p := &fake{name: "crm", provides: []string{"company.size", "company.city", "lead.title"}, answer: datapoint.Data{"company.city": text("Paris", 0.9)}}
	d.fakes["crm"] = p
	jane := lead.LoadEmail("jane@acme.example", "")
	facts, unknown, err := d.Test(in(t, 1), "crm", jane)
	if err != nil || len(facts) != 1 || facts["company.city"].Source != "crm" || !slices.Equal(unknown, []string{"company.size", "lead.title"}) {
		t.Errorf("%v, %v, %v", facts, unknown, err)
	}
	if facts, _, err := d.Test(in(t, 1), "email", jane); err != nil || facts["company.domain"].Value.Text() != "acme.example" {
		t.Errorf("a local one: %v, %v", facts, err)
	}
	p.err = &enrich.Refusal{Reason: "It is asked too often (429).", After: time.Minute}
	_, _, err = d.Test(in(t, 1), "crm", jane)
	if f := fault.As(err); f.Kind != fault.Provider || f.Code != "provider_refused" || f.Detail != "It is asked too often (429)." || f.RetryAfter != time.Minute {
		t.Errorf("%+v", f)
	}
	p.err = context.DeadlineExceeded
	if _, _, err = d.Test(in(t, 1), "crm", jane); !fault.Is(err, fault.Provider) {
		t.Errorf("%v", err)
	}
	if _, _, err = d.Test(in(t, 1), "crm", jane); !fault.HasCode(err, "budget_spent") {
		t.Errorf("a test beyond the budget: %v", err)
	}
	if _, _, err := d.Test(in(t, 1), "peopledatalabs", jane); !fault.Is(err, fault.Conflict) {
		t.Errorf("without a key: %v", err)
	}
	if _, _, err := d.Test(in(t, 1), "nobody", jane); !fault.Is(err, fault.NotFound) {
		t.Errorf("%v", err)
	}
}
