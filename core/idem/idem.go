// Package idem is the vocabulary of idempotency: a request made twice under one key has
// one effect and one answer. The record commits with the effect.
package idem

import (
	"time"

	"github.com/kohomai/kohomai/core/fault"
)

// Keep is how long a finished record is kept.
const Keep = 7 * 24 * time.Hour

// Key scopes a caller's idempotency key to the name of the API key and the route.
// The zero value means the caller gave none.
type Key struct {
	// Holder is the name of the API key (so that rotation keeps it) or the user of a cookie.
	Holder string
	// Route is the procedure, such as "/kohomai.v1.LeadService/RegisterLead".
	Route string
	// Value is the caller's own, 1 to 255 characters.
	Value string
}

// Given reports whether the caller gave a key.
func (k Key) Given() bool { return k.Value != "" }

// Request is the key with the fingerprint of what was asked.
type Request struct {
	Key Key
	// Fingerprint is a digest of the deterministic form of the request with path and query.
	Fingerprint [32]byte
}

// Answer is what the first request was answered.
type Answer struct {
	// Status is the HTTP status.
	Status int
	// Body is the protobuf of the answer, re-encoded at replay for the caller's protocol.
	Body []byte
}

// Record is a stored request with its answer.
type Record struct {
	Request Request
	Answer  Answer
}

// Check compares a stored record with a repeated request: nil says "replay it".
func (r Record) Check(again Request) error {
	if r.Request.Fingerprint != again.Fingerprint {
		return fault.New(fault.Invalid, "idempotency_key_reused",
			"This idempotency key was used for another request.")
	}
	return nil
}
