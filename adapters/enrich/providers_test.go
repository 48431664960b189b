package enrich

import (
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/enrich/enrichtest"
	"github.com/kohomai/kohomai/core/lead"
)

type counting struct {
	next http.RoundTripper
	n    atomic.Int64
}

func (c *counting) RoundTrip(req *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.next.RoundTrip(req)
}

func waterfall(t *testing.T, network http.RoundTripper) *enrich.Service {
	t.Helper()
	locals, err := Locals()
	if err != nil {
		t.Fatal(err)
	}
	roster := enrichtest.Fixed(today, 5000, NewWebsite(network, today))
	s, err := enrich.NewService(locals, roster, enrichtest.NewCache(), enrich.Limits{}, today)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestProviders_KnownCompanyNeedsNoNetwork(t *testing.T) {
	t.Parallel()
	network := &counting{next: failing{errors.New("no network")}}
	s := waterfall(t, network)
	email := lead.LoadEmail("purchasing@amazon.com", "")

	facts := s.Local(t.Context(), email)
	for key, want := range map[string][2]string{
		"email.domain": {"amazon.com", "email"}, "email.freemail": {"false", "email"}, "email.role": {"true", "email"},
		"company.domain": {"amazon.com", "email"}, "company.size": {"1608000", "bundled"},
		"company.revenue": {"469822000000 USD", "bundled"}, "company.city": {"Seattle", "bundled"},
	} {
		if d := facts[key]; d.Value.String() != want[0] || d.Source != want[1] {
			t.Errorf("%s is %s from %s, want %s from %s", key, d.Value, d.Source, want[0], want[1])
		}
	}
	got := s.Ask(actor.Systemic(t.Context(), 1), enrich.Subject{Email: email, Known: facts, Wanted: []string{"company.size", "company.revenue"}})
	if network.n.Load() != 0 || len(got.Unknown) != 0 {
		t.Errorf("%d requests, %+v", network.n.Load(), got)
	}
}

func TestProviders_UnknownCompanyIsAskedOnce(t *testing.T) {
	t.Parallel()
	network := &counting{next: canned{[]byte(acmePage), "text/html; charset=utf-8"}}
	s := waterfall(t, network)
	for _, address := range []string{"jane@acme.example", "joe@mail.acme.example"} {
		got := s.Ask(actor.Systemic(t.Context(), 1), enrich.Subject{Email: lead.LoadEmail(address, ""), Wanted: []string{"company.size", "company.revenue"}})
		if d := got.Facts["company.size"]; d.Value.String() != "1250" || d.Source != "website" || !d.ObservedAt.Equal(today()) {
			t.Errorf("%s: size %+v", address, d)
		}
		if !slices.Equal(got.Unknown, []string{"company.revenue"}) || got.Retry {
			t.Errorf("%s: %+v", address, got)
		}
	}
	if network.n.Load() != 1 {
		t.Errorf("%d requests, want 1", network.n.Load())
	}
	if got := s.Ask(actor.Systemic(t.Context(), 1), enrich.Subject{Email: lead.LoadEmail("jane@gmail.com", ""), Wanted: []string{"company.size"}}); len(got.Unknown) != 1 || network.n.Load() != 1 {
		t.Errorf("a free mailbox: %d requests, %+v", network.n.Load(), got)
	}
}

// Every key has a built-in definition, and every value its type.
func TestProviders_FactsFitTheirDefinitions(t *testing.T) {
	t.Parallel()
	schema := datapoint.Schema(datapoint.Builtin())
	s := waterfall(t, canned{[]byte(acmePage), "text/html; charset=utf-8"})
	all, err := Locals()
	if err != nil {
		t.Fatal(err)
	}
	maker := NewMaker(failing{errors.New("no network")}, today)
	for _, kind := range []enrich.Kind{enrich.Website, enrich.Wikidata, enrich.PeopleDataLabs} {
		all = append(all, maker.Make(enrich.Setting{Kind: kind}))
	}
	var provided []string
	for _, p := range all {
		provided = append(provided, p.Provides()...)
	}
	for _, key := range provided {
		if _, ok := schema[key]; !ok {
			t.Errorf("%s is no built-in data point", key)
		}
	}
	for _, address := range []string{"jane@acme.example", "x@amazon.com", "x@gmail.com"} {
		got := s.Ask(actor.Systemic(t.Context(), 1), enrich.Subject{Email: lead.LoadEmail(address, ""), Wanted: provided})
		for key, d := range got.Facts {
			if d.Value.Type() != schema[key] {
				t.Errorf("%s: %s is a %s, want %s", address, key, d.Value.Type(), schema[key])
			}
		}
	}
}
