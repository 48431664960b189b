// Package actor says on whose behalf something is done. The actor travels in the
// context; adapters take the tenant of a transaction from it and nothing else.
package actor

import (
	"context"
	"slices"
	"strings"

	"github.com/kohomai/kohomai/core/ident"
)

// Kind is the sort of actor.
type Kind uint8

// The kinds of actor.
const (
	None    Kind = iota
	System       // kohomai itself: jobs, sweeps, timers
	APIKey       // an integrator's key
	Console      // a back-office user by cookie
	Front        // a lead or stakeholder by cookie
)

// Actor is who acts, and in which workspace.
type Actor struct {
	Kind      Kind
	Workspace ident.Workspace
	// User is the person for Console and Front, 0 otherwise.
	User ident.User
	// Role is the back-office role for Console ("Administrator", "Manager"), else empty.
	Role string
	// Key is the API key for APIKey, 0 otherwise; KeyName scopes idempotency keys.
	Key     ident.Key
	KeyName string
	// Origin binds a publishable key to its origin, 0 otherwise.
	Origin ident.Origin
	// Scopes of an API key, such as "leads:write" or "admin".
	Scopes []string
	// Sandbox is set in a sandbox workspace.
	Sandbox bool
}

// Allows reports whether an API key holds the scope. "admin" holds all, and
// "things:write" implies "things:read".
func (a Actor) Allows(scope string) bool {
	if slices.Contains(a.Scopes, scope) || slices.Contains(a.Scopes, "admin") {
		return true
	}
	thing, verb, _ := strings.Cut(scope, ":")
	return verb == "read" && slices.Contains(a.Scopes, thing+":write")
}

type contextKey struct{}

// With puts the actor into the context.
func With(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, contextKey{}, a)
}

// From returns the actor of the context; without one, the zero actor (Kind None).
func From(ctx context.Context) Actor {
	a, _ := ctx.Value(contextKey{}).(Actor)
	return a
}

// Systemic returns a context in which kohomai itself acts in a workspace.
func Systemic(ctx context.Context, ws ident.Workspace) context.Context {
	return With(ctx, Actor{Kind: System, Workspace: ws})
}
