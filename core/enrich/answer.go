package enrich

import (
	"errors"

	"github.com/kohomai/kohomai/core/datapoint"
)

// ErrBudget says that the workspace has asked a provider as often as it may today.
var ErrBudget = errors.New("enrich: the day's questions to this provider are used up")

// Trouble is a provider that could not be asked.
type Trouble struct {
	Provider string
	Err      error
}

// Answer is what the waterfall found.
type Answer struct {
	// Facts are to be merged into the lead: what supersedes the known facts, and a final
	// unknown for each wanted key that nobody knows. From Service.Ask every wanted key is
	// then known or final.
	Facts datapoint.Data
	// Pending are the wanted keys that a provider over the network may still answer, in
	// the order they were wanted. Only Service.Local leaves any.
	Pending []string
	// Troubles are the providers that could not be asked.
	Troubles []Trouble
	// Retry is set when a wanted key is final only because a provider failed in a way
	// that may pass. The caller may ask again instead of taking the answer.
	Retry bool
}
