package enrichtest

import (
	"context"
	"time"

	"github.com/kohomai/kohomai/core/enrich"
)

// Fixed is a roster of the same providers for every workspace, in their order, each with a
// budget of aDay questions.
func Fixed(now func() time.Time, aDay int, providers ...enrich.Provider) *enrich.Roster {
	return enrich.NewRoster(fixed{aDay, providers}, fixed{aDay, providers}, now)
}

type fixed struct {
	aDay      int
	providers []enrich.Provider
}

// Settings implements enrich.SettingReader.
func (f fixed) Settings(context.Context) ([]enrich.Setting, error) {
	// The standard ones are there by themselves, so they are switched off.
	all := []enrich.Setting{
		{Key: "website", Kind: enrich.Website}, {Key: "wikidata", Kind: enrich.Wikidata}, {Key: "peopledatalabs", Kind: enrich.PeopleDataLabs},
	}
	for i, p := range f.providers {
		s := enrich.Setting{Key: p.Name(), Kind: enrich.HTTPJSON, Enabled: true, Place: i + 1, ADay: f.aDay}
		at := -1
		for j := range all {
			if all[j].Key == s.Key {
				at = j
			}
		}
		if at >= 0 {
			all[at] = s
		} else {
			all = append(all, s)
		}
	}
	return all, nil
}

// Asked implements enrich.SettingReader.
func (fixed) Asked(context.Context, time.Time) (map[string]int, error) { return nil, nil }

// Make implements enrich.Maker.
func (f fixed) Make(s enrich.Setting) enrich.Provider {
	for _, p := range f.providers {
		if p.Name() == s.Key {
			return p
		}
	}
	panic("enrichtest: no provider " + s.Key)
}
