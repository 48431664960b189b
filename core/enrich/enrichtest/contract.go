package enrichtest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/rule"
)

// TestCache is the contract of enrich.Cache. In gives the context in which a workspace
// is spoken for, as the adapter wants it; the two workspaces must exist and differ.
func TestCache(t *testing.T, cache enrich.Cache, in func(ident.Workspace) context.Context, one, two ident.Workspace) {
	t.Helper()
	now := time.Date(2026, 11, 24, 23, 30, 0, 0, time.UTC)
	key := enrich.CacheKey{Workspace: one, Provider: "website", Domain: "acme.example"}
	revenue, err := rule.AmountValue("1250000.50", "EUR")
	if err != nil {
		t.Fatal(err)
	}
	facts := datapoint.Data{
		"company.name":    {Value: rule.TextValue("Acme é\t\"x\""), Source: "website", Confidence: 0.75, ObservedAt: now.Add(-time.Minute)},
		"company.revenue": {Value: revenue, Source: "website", Confidence: 0.5, Inferred: true, ObservedAt: now.Add(-time.Minute)},
	}

	find := func(key enrich.CacheKey, at time.Time) (datapoint.Data, bool) {
		t.Helper()
		got, ok, err := cache.Find(in(key.Workspace), key, at)
		if err != nil {
			t.Fatal(err)
		}
		return got, ok
	}
	keep := func(key enrich.CacheKey, facts datapoint.Data, until time.Time) {
		t.Helper()
		if err := cache.Keep(in(key.Workspace), key, facts, until); err != nil {
			t.Fatal(err)
		}
	}

	if _, ok := find(key, now); ok {
		t.Error("found what was never kept")
	}
	keep(key, facts, now.Add(time.Hour))
	got, ok := find(key, now)
	if !ok || len(got) != len(facts) {
		t.Fatalf("found %v, %v", got, ok)
	}
	for k, want := range facts {
		if d := got[k]; !d.Value.Equal(want.Value) || d.Source != want.Source || d.Confidence != want.Confidence || d.Inferred != want.Inferred || !d.ObservedAt.Equal(want.ObservedAt) {
			t.Errorf("%s came back as %+v, want %+v", k, d, want)
		}
	}
	for _, other := range []enrich.CacheKey{
		{Workspace: two, Provider: key.Provider, Domain: key.Domain},
		{Workspace: one, Provider: "wikidata", Domain: key.Domain},
		{Workspace: one, Provider: key.Provider, Domain: "acme.example.org"},
	} {
		if _, ok := find(other, now); ok {
			t.Errorf("%+v answers for %+v", key, other)
		}
	}
	if _, ok := find(key, now.Add(time.Hour)); ok {
		t.Error("found at the moment it expires")
	}
	keep(key, datapoint.Data{}, now.Add(2*time.Hour))
	if got, ok := find(key, now.Add(time.Hour)); !ok || len(got) != 0 {
		t.Errorf("the later, empty answer is not the kept one: %v, %v", got, ok)
	}

	spend := func(ws ident.Workspace, provider string, at time.Time) bool {
		t.Helper()
		ok, err := cache.Spend(in(ws), ws, provider, at, 10)
		if err != nil {
			t.Error(err)
		}
		return ok
	}
	var (
		all     sync.WaitGroup
		allowed atomic.Int64
	)
	for range 25 {
		all.Go(func() {
			if spend(one, "website", now) {
				allowed.Add(1)
			}
		})
	}
	all.Wait()
	if n := allowed.Load(); n != 10 {
		t.Errorf("%d of 25 questions were allowed, want 10", n)
	}
	if spend(one, "website", now.Add(20*time.Minute)) {
		t.Error("the same day has a second budget")
	}
	if !spend(one, "website", now.Add(31*time.Minute)) || !spend(two, "website", now) || !spend(one, "wikidata", now) {
		t.Error("the budget is not one of workspace, provider and day (UTC)")
	}
}
