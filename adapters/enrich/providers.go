package enrich

import (
	"net/http"
	"time"

	"github.com/kohomai/kohomai/core/enrich"
)

// Providers are all providers of this room in the order the waterfall asks them. The
// transport must judge each destination.
func Providers(guarded http.RoundTripper, now func() time.Time) ([]enrich.Provider, error) {
	email, err := NewEmail()
	if err != nil {
		return nil, err
	}
	bundled, err := NewBundled()
	if err != nil {
		return nil, err
	}
	return []enrich.Provider{email, bundled, NewWebsite(guarded, now)}, nil
}
