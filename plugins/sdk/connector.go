package sdk

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"
)

// Connector is one kind of activity. Its handlers may be called from many goroutines at
// once, for several workspaces: keep nothing between calls but what is safe to lose.
//
// A handler that returns an error has failed; how is read from the error (see Permanent,
// RetryAfter, Downstream, Misconfigured, Rejected). An error of any other kind is retried.
// A panic is such an error too: the process lives on, the call is retried.
type Connector struct {
	Manifest Manifest
	// Start begins an activity. Required.
	Start func(context.Context, *Request) (Outcome, error)
	// Resume goes on with an activity that answered Waiting; Request.Input says why. Without
	// it, Waiting outcomes are refused, because nothing could ever end them.
	Resume func(context.Context, *Request) (Outcome, error)
	// Cancel undoes what can be undone for an activity that is no longer wanted.
	Cancel func(context.Context, *Request) error
	// Check judges configuration and credentials without lasting effect; nil is all well.
	// Several problems are told by joining errors of InvalidField.
	Check func(context.Context, *CheckRequest) error
}

// Mode says which world an activity acts in.
type Mode string

// The modes.
const (
	// Sandbox is complete without an account and has no effect outside.
	Sandbox Mode = "Sandbox"
	// Live is the provider's real service.
	Live Mode = "Live"
)

// Request is what a handler knows about the activity it serves.
type Request struct {
	WorkspaceID, JourneyID, RunID int64
	// Key is the activity's key in its funnel.
	Key string
	// IdempotencyKey is the same for a call and all its repetitions.
	IdempotencyKey string
	// Attempt is 1 for the first try.
	Attempt int
	// Deadline is when kohomai stops listening; the context ends with it.
	Deadline time.Time
	// Now is the engine's time. A sandbox may run on a clock of its own: use it for
	// anything a person sees, and the real clock for signatures and tokens only.
	Now  time.Time
	Mode Mode
	// Config and Secrets are JSON objects; see Decode.
	Config, Secrets json.RawMessage
	// Facts holds the data points the manifest reads; one that is not known is null.
	Facts map[string]json.RawMessage
	// CallbackURL is where the provider can reach this run; empty when it cannot.
	CallbackURL string
	// State and ExternalReference are what the last Waiting left; empty at Start.
	State             []byte
	ExternalReference string
	// Input is set in Resume only.
	Input *Input
	// Reason says in Cancel why the activity is no longer wanted.
	Reason string
	// HTTP reaches the hosts declared in the manifest, through kohomai's guarded client. It
	// follows no redirect and reads at most 1 MiB.
	HTTP *http.Client
	// Log writes to kohomai's log with the run's numbers. Nothing personal belongs in it.
	Log *slog.Logger
}

// CheckRequest carries a configuration and credentials to judge.
type CheckRequest struct {
	WorkspaceID     int64
	Mode            Mode
	Config, Secrets json.RawMessage
	HTTP            *http.Client
	Log             *slog.Logger
}

// InputKind says who makes an activity go on.
type InputKind string

// The kinds of input.
const (
	// ByPerson is an answer to the screen shown: Body is JSON of the screen's shape.
	ByPerson InputKind = "Person"
	// ByCallback is the provider's request to the callback URL: Body is what it sent, byte
	// for byte. Check its signature: whoever knows the URL can send one.
	ByCallback InputKind = "Callback"
	// ByTimer is the moment named in Waiting: Body is empty.
	ByTimer InputKind = "Timer"
)

// Input is what makes a waiting activity go on.
type Input struct {
	Kind InputKind
	// ID is unique among the run's inputs and the same in every repetition.
	ID   string
	Body []byte
	// Headers of a callback, lower-case names.
	Headers map[string]string
	// Query is the raw query of a callback.
	Query string
	// ReceivedAt is when kohomai got it, by the real clock.
	ReceivedAt time.Time
}

// Text returns a fact as text; empty when it is unknown or no text.
func (r *Request) Text(key string) string {
	var s string
	if json.Unmarshal(r.Facts[key], &s) != nil {
		return ""
	}
	return s
}

// Known reports whether a fact has a value.
func (r *Request) Known(key string) bool {
	v := r.Facts[key]
	return len(v) > 0 && string(v) != "null"
}
