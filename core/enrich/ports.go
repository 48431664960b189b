package enrich

import (
	"context"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/lead"
)

// Subject is whom the facts are about.
type Subject struct {
	Email lead.Email
	// Known are the facts found so far; a provider may build on them (company.domain).
	Known datapoint.Data
	// Wanted are the keys still unknown that somebody reads.
	Wanted []string
}

// Provider finds facts.
type Provider interface {
	// Name must be stable and short: it is the source kept with each fact.
	Name() string
	// Local must be true only when Ask needs no network and answers in microseconds:
	// local providers run during registration.
	Local() bool
	// Provides must list every key Ask can answer.
	Provides() []string
	// Ask must return facts under keys of Provides only, each with source, confidence
	// and time left to the caller where zero. Knowing nothing is an empty answer, not an
	// error. An error says the provider could not be asked; it may be asked again later.
	Ask(ctx context.Context, s Subject) (datapoint.Data, error)
}
