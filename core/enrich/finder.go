package enrich

import (
	"context"
	"errors"
	"fmt"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/lead"
)

// Leads gives the lead a job asks for.
type Leads interface {
	// Get must return one lead of the workspace of the context's actor, or NotFound.
	Get(ctx context.Context, id ident.User) (lead.Lead, error)
}

// Finder looks for facts about a stored lead, in the background.
type Finder struct {
	service *Service
	leads   Leads
}

// NewFinder makes a Finder.
func NewFinder(service *Service, leads Leads) *Finder { return &Finder{service: service, leads: leads} }

// Find goes down the waterfall for the keys, in the workspace of the context's actor.
// The facts are worth learning even beside an error: an error says that a later attempt
// may find more. Keys that are not among the facts are known already or to nobody.
func (f *Finder) Find(ctx context.Context, id ident.User, keys []string) (datapoint.Data, error) {
	l, err := f.leads.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("enrich lead: %w", err)
	}
	answer := f.service.Ask(ctx, Subject{Email: l.Email, Known: l.Data, Wanted: keys})
	if !answer.Retry {
		return answer.Facts, nil
	}
	var errs []error
	for _, t := range answer.Troubles {
		errs = append(errs, fmt.Errorf("provider %s: %w", t.Provider, t.Err))
	}
	return answer.Facts, fmt.Errorf("enrich lead: %w", errors.Join(errs...))
}
