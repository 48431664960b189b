package activity

import (
	"time"

	"github.com/kohomai/kohomai/core/ident"
)

// Callback is the body of an Input from "callback", as JSON: what a provider sent, byte for
// byte, so that the connector can check its signature.
type Callback struct {
	// Headers by lower-case name, several values joined by ", ".
	Headers map[string]string
	// Query is the raw query, without the question mark.
	Query string
	Body  []byte
	// ReceivedAt is when it arrived, by the real clock.
	ReceivedAt time.Time
}

// Address is where a callback leads: the run that its token names.
type Address struct {
	Workspace ident.Workspace
	Journey   ident.Journey
	Run       ident.Run
	Connector string
}
