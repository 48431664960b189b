package lead

import (
	"context"

	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/page"
)

// Reader answers what is known about leads, in the workspace of the context's actor.
type Reader interface {
	// Get must return one lead, or NotFound.
	Get(ctx context.Context, id ident.User) (Lead, error)
	// List must return leads newest first by registration and id.
	List(ctx context.Context, f Filter, p page.Request) (page.Of[Lead], error)
}

// Filter narrows a list of leads; zero fields do not filter.
type Filter struct {
	// Email is a normalized address, matched whole.
	Email      string
	ExternalID string
	// Search matches a part of e-mail or name.
	Search string
}
