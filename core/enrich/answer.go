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

// Answer is what the waterfall found. Every wanted key is known to the subject already,
// or among Facts, or Unknown.
type Answer struct {
	// Facts are those that supersede what was known. They hold values only.
	Facts datapoint.Data
	// Unknown are the wanted keys that nobody knows, in the order they were wanted.
	Unknown []string
	// Troubles are the providers that could not be asked.
	Troubles []Trouble
	// Retry is set when a key is unknown only because a provider failed in a way that
	// may pass. The caller may ask again instead of taking the answer as final.
	Retry bool
}
