package enrich

import (
	"context"
	"time"

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

// SettingReader reads how workspaces use providers over the network.
type SettingReader interface {
	// Settings must return what the workspace of the context's actor has set up, in any
	// order, secrets opened.
	Settings(ctx context.Context) ([]Setting, error)
	// Asked must return how often each provider was asked on the day (UTC) of at, by key.
	Asked(ctx context.Context, at time.Time) (map[string]int, error)
}

// Maker makes providers over the network.
type Maker interface {
	// Make must return the provider of a setting; its name must be the setting's key. It
	// must not touch the network.
	Make(s Setting) Provider
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
	// Personal must be true when Ask reads the e-mail address: the answer is then about
	// the person, neither kept nor shared.
	Personal() bool
	// Ask must return facts under keys of Provides only, each with source, confidence
	// and time left to the caller where zero. Knowing nothing is an empty answer, not an
	// error. An error says the provider could not be asked; a Refusal says also why, and
	// whether and when to ask again.
	Ask(ctx context.Context, s Subject) (datapoint.Data, error)
}
