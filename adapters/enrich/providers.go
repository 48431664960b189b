package enrich

import (
	"net/http"
	"time"

	"github.com/kohomai/kohomai/core/enrich"
)

// Locals are the local providers, in the order they are asked.
func Locals() ([]enrich.Provider, error) {
	email, err := NewEmail()
	if err != nil {
		return nil, err
	}
	bundled, err := NewBundled()
	if err != nil {
		return nil, err
	}
	return []enrich.Provider{email, bundled}, nil
}

// Maker is enrich.Maker over a transport that judges each destination.
type Maker struct {
	guarded  http.RoundTripper
	now      func() time.Time
	wikidata *Wikidata // one for all: see there
}

// NewMaker makes a Maker.
func NewMaker(guarded http.RoundTripper, now func() time.Time) *Maker {
	return &Maker{guarded: guarded, now: now, wikidata: NewWikidata(guarded, now)}
}

// Make implements enrich.Maker.
func (m *Maker) Make(s enrich.Setting) enrich.Provider {
	switch s.Kind {
	case enrich.Website:
		return NewWebsite(m.guarded, m.now)
	case enrich.Wikidata:
		return m.wikidata
	case enrich.PeopleDataLabs:
		return NewPeopleDataLabs(m.guarded, m.now, s.Secret)
	case enrich.HTTPJSON:
		var source enrich.Source
		if s.Source != nil {
			source = *s.Source
		}
		return NewHTTPJSON(m.guarded, m.now, s.Key, source, s.Secret)
	default:
		panic("enrich: no provider is of the kind " + string(s.Kind))
	}
}
