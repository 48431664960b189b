package activity

import (
	"context"
	"time"

	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/rule"
)

// CallKind is what a call asks of a connector.
type CallKind uint8

// The kinds of call.
const (
	Start CallKind = iota + 1
	Resume
	Cancel
)

// Request is one numbered call of a run.
type Request struct {
	Kind      CallKind
	Connector string
	Workspace ident.Workspace
	Journey   ident.Journey
	Run       ident.Run
	// Key is the activity's key in the funnel.
	Key string
	// Idempotency is stable over the retries of one call: "act_<run>" for Start,
	// "act_<run>_<input>" for Resume.
	Idempotency string
	Attempt     int
	Deadline    time.Time
	// Sandbox selects the connector's mode.
	Sandbox bool
	// External is the provider's reference that the last Waiting outcome named.
	External string
	// Config is the activity's configuration as JSON. Secrets are the workspace's, as JSON.
	Config, Secrets []byte
	// Facts are those the manifest reads and that are known, by key.
	Facts map[string]rule.Value
	// State is what the last Waiting outcome handed over.
	State []byte
	// Input of a Resume.
	Input Input
	// Now is engine time.
	Now time.Time
	// CallbackURL is where the provider may call back; empty when the connector has none.
	CallbackURL string
}

// Input is what a run is resumed with.
type Input struct {
	ID ident.Input
	// From is "person", "callback" or "timer".
	From string
	// Body is JSON.
	Body []byte
}

// Runner calls connectors.
type Runner interface {
	// Call must return within the request's deadline with exactly one outcome. Every
	// failure, a crash or a missing connector included, is a Failed outcome; it must not
	// repeat a call by itself.
	Call(ctx context.Context, r Request) Outcome
}

// Catalog knows the connectors that stand.
type Catalog interface {
	// Manifest must return the manifest of a connector by id, built-in ones included.
	Manifest(id string) (Manifest, bool)
	// Manifests must list all, sorted by id.
	Manifests() []Manifest
}
