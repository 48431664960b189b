// Package idem is the vocabulary of idempotency: a request made twice under one key has
// one effect and one answer. The record commits with the effect.
package idem

import (
	"context"
	"fmt"
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
	// Age of a kept answer when it was read; zero for one just made.
	Age time.Duration
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

// Store keeps records inside a transaction.
type Store interface {
	// Lock must lock the keys (sorted by holder, route, value) until the transaction ends
	// and return the finished records among them.
	Lock(ctx context.Context, keys []Key) (map[Key]Record, error)
	// Save must insert finished records, encrypted.
	Save(ctx context.Context, records []Record) error
}

// Once makes a use case of result R happen once however often it is asked for. The zero
// value is a caller without a key: it happens every time.
type Once[R any] struct {
	Request *Request
	// Render makes the answer that is kept; it runs before the commit and does no I/O.
	Render func(R) (Answer, error)
}

// Outcome is what a use case came to. Replay is set when the request was answered before;
// nothing happened then, and Value is zero.
type Outcome[R any] struct {
	Value  R
	Replay *Answer
}

// Seen returns the answer of a request that was answered before, nil for a new one, and
// holds its key until the transaction ends. Another request under the same key is Invalid.
func (o Once[R]) Seen(ctx context.Context, s Store) (*Answer, error) {
	if o.Request == nil {
		return nil, nil
	}
	records, err := s.Lock(ctx, []Key{o.Request.Key})
	if err != nil {
		return nil, err
	}
	record, seen := records[o.Request.Key]
	if !seen {
		return nil, nil
	}
	if err := record.Check(*o.Request); err != nil {
		return nil, err
	}
	return &record.Answer, nil
}

// Do runs the effect inside the transaction of the store, unless the request was answered
// before, and keeps its answer with it. The key is locked before the effect locks anything.
func (o Once[R]) Do(ctx context.Context, s Store, effect func() (R, error)) (Outcome[R], error) {
	replay, err := o.Seen(ctx, s)
	if err != nil || replay != nil {
		return Outcome[R]{Replay: replay}, err
	}
	value, err := effect()
	if err != nil || o.Request == nil {
		return Outcome[R]{Value: value}, err
	}
	answer, err := o.Render(value)
	if err != nil {
		return Outcome[R]{}, fmt.Errorf("rendering an answer: %w", err)
	}
	return Outcome[R]{Value: value}, s.Save(ctx, []Record{{Request: *o.Request, Answer: answer}})
}
