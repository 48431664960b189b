package activity

import "time"

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
