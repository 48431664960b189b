package activity

import (
	"time"

	"github.com/kohomai/kohomai/core/rule"
)

// Party is who an activity waits on.
type Party string

// The parties, by their public names. The empty party waits on nobody.
const (
	Nobody      Party = ""
	Lead        Party = "Lead"
	Team        Party = "Team"
	Stakeholder Party = "Stakeholder"
	Provider    Party = "Provider"
	System      Party = "System"
)

// OutcomeKind says how a call ended.
type OutcomeKind uint8

// The kinds of outcome. The zero value is none and is refused by the engine.
const (
	NoOutcome OutcomeKind = iota
	Completed
	Waiting
	Failed
)

// Outcome is how one call of an activity ended.
type Outcome struct {
	Kind OutcomeKind

	// Facts of a Completed (or Waiting) outcome, by their name in the manifest, such as "slot".
	Facts map[string]rule.Value

	// Waiting: what is shown to the person, at most until when (zero: no limit), the
	// provider's reference, and state handed back at Resume (at most MaxState bytes).
	Screen   *Screen
	WaitsOn  Party
	Until    time.Time
	External string
	State    []byte

	// Failed: why, in words; whether trying again may help; whose fault it was
	// ("connector", "downstream", "host"); and how long to wait before it, zero for the
	// engine's own back-off.
	Reason     string
	Retryable  bool
	Source     string
	RetryAfter time.Duration
}

// MaxState is the most state a Waiting outcome may hand over, in bytes.
const MaxState = 64 << 10

// CompletedWith is the outcome of an activity that is done.
func CompletedWith(facts map[string]rule.Value) Outcome {
	return Outcome{Kind: Completed, Facts: facts}
}

// FailedWith is the outcome of an activity that failed.
func FailedWith(source, reason string, retryable bool) Outcome {
	return Outcome{Kind: Failed, Source: source, Reason: reason, Retryable: retryable}
}
