package enrich

import (
	"context"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/ident"
)

// CacheKey names one kept answer: what a provider said about a company.
type CacheKey struct {
	Workspace ident.Workspace
	Provider  string
	// Domain is the registrable domain of the company.
	Domain string
}

// Cache keeps providers' answers about companies and counts questions. It holds facts
// under company.* only, nothing about persons.
type Cache interface {
	// Find must return what Keep last kept under the key if it is still good at that
	// moment; else ok is false. The caller must not change the facts.
	Find(ctx context.Context, key CacheKey, at time.Time) (facts datapoint.Data, ok bool, err error)
	// Keep must replace what was kept under the key; facts may be empty (the provider
	// knows nothing) and are good before until.
	Keep(ctx context.Context, key CacheKey, facts datapoint.Data, until time.Time) error
	// Spend must count one question to the provider on the day (UTC) of at and report
	// true, or report false and count nothing when limit were exceeded. Of concurrent
	// calls at most limit a day must succeed.
	Spend(ctx context.Context, workspace ident.Workspace, provider string, at time.Time, limit int) (bool, error)
}
