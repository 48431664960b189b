package enrichtest

import (
	"context"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/unit"
)

// TestSettings is the contract of enrich.SettingStore and enrich.SettingReader; the cache
// lies beside them. In gives the context in which a workspace is spoken for.
func TestSettings(t *testing.T, work unit.Work[enrich.Tx], reader enrich.SettingReader, cache enrich.Cache,
	in func(ident.Workspace) context.Context, one, two ident.Workspace,
) {
	t.Helper()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	read := func(ws ident.Workspace) map[string]enrich.Setting {
		t.Helper()
		all, err := reader.Settings(in(ws))
		must(err)
		by := map[string]enrich.Setting{}
		for _, s := range all {
			by[s.Key] = s
		}
		return by
	}
	crm := enrich.Setting{
		Key: "crm", Kind: enrich.HTTPJSON, Enabled: true, Place: 2, ADay: 7, Secret: "s3cret", Revision: 1, Etag: 1, ChangedAt: now,
		Source: &enrich.Source{URL: "https://x.example/{domain}", SecretHeader: "X-Key", Fields: []enrich.Field{
			{Key: "company.size", Path: "/n", Confidence: 0.75}, {Key: "company.revenue", Path: "/r", Currency: "EUR", Confidence: 1, Inferred: true},
		}},
	}
	website := enrich.Setting{Key: "website", Kind: enrich.Website, Place: 1, ADay: 5000}
	save := func(ws ident.Workspace, all ...enrich.Setting) {
		t.Helper()
		must(work.Do(in(ws), func(ctx context.Context, tx enrich.Tx) error {
			if _, err := tx.Settings.Lock(ctx); err != nil {
				return err
			}
			for _, s := range all {
				if err := tx.Settings.Save(ctx, s); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	if got := read(one); len(got) != 0 {
		t.Fatalf("set up before anybody did: %v", got)
	}
	save(one, crm, website)
	check := func(want ...enrich.Setting) {
		t.Helper()
		got := read(one)
		if len(got) != len(want) {
			t.Fatalf("%d settings, want %d", len(got), len(want))
		}
		for _, w := range want {
			if !reflect.DeepEqual(got[w.Key], w) {
				t.Errorf("%+v, want %+v", got[w.Key], w)
			}
		}
	}
	check(crm, website)
	if got := read(two); len(got) != 0 {
		t.Errorf("another workspace sees %v", got)
	}
	bare := crm
	bare.Secret, bare.Source, bare.Kind, bare.Etag = "", nil, enrich.Wikidata, 2
	save(one, bare)
	check(bare, website)

	// Who locks waits for who holds: nothing is lost, from the first setting on.
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := work.Do(in(two), func(ctx context.Context, tx enrich.Tx) error {
				had, err := tx.Settings.Lock(ctx)
				if err != nil {
					return err
				}
				next := enrich.Setting{Key: "crm", Kind: enrich.HTTPJSON, Etag: 1}
				for _, s := range had {
					next.Etag = s.Etag + 1
				}
				return tx.Settings.Save(ctx, next)
			}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := read(two)["crm"].Etag; got != 8 {
		t.Errorf("8 changes made the etag %d", got)
	}

	// The kept answers of a removed provider go with it, whatever their revision.
	key := enrich.CacheKey{Workspace: one, Provider: "crm#1", Domain: "acme.example"}
	other := enrich.CacheKey{Workspace: one, Provider: "crm2#1", Domain: "acme.example"}
	for _, k := range []enrich.CacheKey{key, other} {
		must(cache.Keep(in(one), k, datapoint.Data{}, now.Add(time.Hour)))
	}
	must(work.Do(in(one), func(ctx context.Context, tx enrich.Tx) error {
		if _, err := tx.Settings.Lock(ctx); err != nil {
			return err
		}
		return tx.Settings.Delete(ctx, "crm")
	}))
	check(website)
	for k, want := range map[enrich.CacheKey]bool{key: false, other: true} {
		if _, ok, err := cache.Find(in(one), k, now); err != nil || ok != want {
			t.Errorf("%s is kept: %v, %v", k.Provider, ok, err)
		}
	}
	for range 3 {
		_, err := cache.Spend(in(one), one, "crm", now, 2)
		must(err)
	}
	for when, want := range map[time.Time]int{now: 2, now.Add(24 * time.Hour): 0} {
		if asked, err := reader.Asked(in(one), when); err != nil || asked["crm"] != want {
			t.Errorf("asked %v on %s, want %d: %v", asked, when.Format(time.DateOnly), want, err)
		}
	}
}
