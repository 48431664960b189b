package webhook

import (
	"time"

	"github.com/kohomai/kohomai/core/ident"
)

// Level says whose events an endpoint gets.
type Level string

// The levels. The subject of Workspace is 0.
const (
	OfWorkspace Level = "Workspace"
	OfFunnel    Level = "Funnel"
	OfJourney   Level = "Journey"
	OfLead      Level = "Lead"
)

// MostPerSubject is how many endpoints one subject of a level may have.
const MostPerSubject = 20

// Why an endpoint is disabled.
const (
	ByRequest    = "Requested"    // by a person or key
	Gone         = "Gone"         // it answered 410
	OnlyFailures = "OnlyFailures" // nothing but failures for DisableAfter
)

// Limits of an endpoint's health, as published.
const (
	// DisableAfter and DisableFailures: an endpoint of which every request failed for so
	// long, and so many, is disabled.
	DisableAfter    = 5 * 24 * time.Hour
	DisableFailures = 10
	// circuitAfter failures in a row the circuit opens: for circuitFirst, doubled by each
	// further failure, at most circuitMost. Nothing is sent meanwhile, then one request.
	circuitAfter = 5
	circuitFirst = 30 * time.Second
	circuitMost  = 5 * time.Minute
	// pauseMost bounds what a receiver may ask for by Retry-After on 429 and 503.
	pauseMost = time.Hour
)

// Endpoint is an address that is told of events.
type Endpoint struct {
	ID      ident.Webhook
	Level   Level
	Subject int64
	URL     string
	// Events are patterns of names.
	Events      []string
	Description string
	// Ordered keeps the events of one journey in order: one in flight, later ones wait.
	Ordered bool
	Etag    int64
	// Sealed is the secret; Previous signs beside it until PreviousUntil.
	Sealed        []byte
	Previous      []byte
	PreviousUntil time.Time
	// DisabledAt is zero while the endpoint is enabled.
	DisabledAt     time.Time
	DisabledReason string
	// Failures in a row, the first of them at FailingSince; both zero after a success.
	Failures     int
	FailingSince time.Time
	SucceededAt  time.Time
	// OpenUntil is when the circuit lets one request through again; zero when it is closed.
	OpenUntil time.Time
	// WakeAt is the next moment something may be due; zero for none. LeasedUntil is set
	// while a worker serves the endpoint.
	WakeAt, LeasedUntil  time.Time
	CreatedAt, ChangedAt time.Time
}

// Enabled reports whether the endpoint gets events.
func (e *Endpoint) Enabled() bool { return e.DisabledAt.IsZero() }

// Disable stops everything. Disabling again changes nothing.
func (e *Endpoint) Disable(reason string, now time.Time) {
	if e.Enabled() {
		e.DisabledAt, e.DisabledReason = now, reason
		e.WakeAt, e.OpenUntil = time.Time{}, time.Time{}
	}
}

// Enable begins anew, with events from now on.
func (e *Endpoint) Enable() {
	e.DisabledAt, e.DisabledReason = time.Time{}, ""
	e.Failures, e.FailingSince, e.OpenUntil = 0, time.Time{}, time.Time{}
}

// succeed notes an accepted request.
func (e *Endpoint) succeed(now time.Time) {
	e.Failures, e.FailingSince, e.OpenUntil, e.SucceededAt = 0, time.Time{}, time.Time{}, now
}

// fail notes a request that was not accepted: it opens the circuit, and it disables the
// endpoint when that is due.
func (e *Endpoint) fail(a Answer, now time.Time) {
	if e.Failures++; e.FailingSince.IsZero() {
		e.FailingSince = now
	}
	if e.Failures >= circuitAfter {
		e.OpenUntil = now.Add(min(circuitFirst<<min(e.Failures-circuitAfter, 10), circuitMost))
	}
	if pause := now.Add(min(a.RetryAfter, pauseMost)); (a.Status == 429 || a.Status == 503) && pause.After(e.OpenUntil) && a.RetryAfter > 0 {
		e.OpenUntil = pause
	}
	switch {
	case a.Status == 410:
		e.Disable(Gone, now)
	case e.Failures >= DisableFailures && now.Sub(e.FailingSince) >= DisableAfter:
		e.Disable(OnlyFailures, now)
	}
}

// open reports whether the circuit is open.
func (e *Endpoint) open(now time.Time) bool { return now.Before(e.OpenUntil) }

// width is how many requests may be under way at once: one to a receiver in trouble.
func (e *Endpoint) width() int {
	if e.Failures > 0 {
		return 1
	}
	return sideBySide
}
